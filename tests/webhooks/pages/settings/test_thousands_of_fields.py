"""Thousands of fields in one settings form: refused, and shown back no larger than they may be."""

import pytest

from tests.support.http_client import Desk
from tests.support.settings_page import FORM, send, stored
from webhooks.api.schemas.hours import MOST_OVERRIDES

LARGEST_PAGE = 400_000
"""Bytes: of five thousand rows it was 1.8 MB."""


def test_no_more_rows_are_shown_back_than_may_be_sent(desk: Desk, csrf: str) -> None:
    before = stored(desk)
    days = [f"2026-06-{1 + number % 28:02}" for number in range(5_000)]
    filled = {"override_date": days, "override_hours": ["9-10"] * len(days)}
    for path, status in (("/settings", 422), ("/settings/preview", 200)):
        answer = send(desk, csrf, path, **filled)
        assert answer.status_code == status
        assert answer.text.count('name="override_date"') <= MOST_OVERRIDES + 3
        assert len(answer.data) < LARGEST_PAGE
    assert stored(desk) == before


@pytest.mark.parametrize("name", [*FORM, "account", "calendar", "receives", "copy_from", "show"])
def test_no_field_of_it_reaches_a_database_with_a_nul(desk: Desk, csrf: str, name: str) -> None:
    for path in ("/settings", "/settings/preview"):
        assert send(desk, csrf, path, **{name: "a\0b"}).status_code < 500


def test_empty_rows_count_for_nothing(desk: Desk, csrf: str) -> None:
    days = [*[""] * 1_000, "2026-06-10"]
    hours = [*[""] * 1_000, "9-10"]
    answer = send(desk, csrf, override_date=days, override_hours=hours)
    assert answer.status_code == 303
    assert stored(desk).hours.overrides_json() == {"2026-06-10": [["09:00", "10:00"]]}
