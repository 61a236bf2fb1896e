"""A coach settles a changed event whose session has begun, or was called off: the page says that,
and offers no move of one that cannot be moved.
"""

from typing import Any

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import fields
from tests.webhooks.pages.booking.changes_kit import PAGE, coach, moved

NOW = int(people.NOW.timestamp())
BEGUN = {"starts": NOW - 600, "ends": NOW + 3000}


def change(desk: Desk, table: Any, **values: Any) -> None:
    with desk.database.write() as tx:
        tx.execute(table.update().values(values))


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        (tables.sessions, BEGUN, "The session has begun and cannot be moved any more."),
        (
            tables.bookings,
            {"status": "cancelled"},
            "The session is over, or was called off meanwhile.",
        ),
    ],
)
def test_why_nothing_was_done_is_told(
    one_desk: Desk, table: Any, values: dict[str, Any], said: str
) -> None:
    session_id = moved(one_desk)
    visitor = coach(one_desk)
    sent = fields(visitor.get(PAGE)) | {"to": "calendar"}
    change(one_desk, table, **values)
    before = one_desk.dump()
    answer = visitor.post(f"{PAGE}/{session_id}", sent)
    assert answer.status_code == 409
    assert said in answer.text
    assert "settled already" not in answer.text
    assert one_desk.dump() == before


def test_what_has_begun_is_not_offered_to_be_moved(one_desk: Desk) -> None:
    moved(one_desk)
    change(one_desk, tables.sessions, **BEGUN)
    page = coach(one_desk).get(PAGE).text
    assert "You moved this session in your calendar" in page
    assert "Put it back" in page
    assert "Move the session there" not in page
    assert "Move or cancel the session" not in page
