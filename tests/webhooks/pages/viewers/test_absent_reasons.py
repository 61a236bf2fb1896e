"""That a coach is away, or has a holiday, is told to the coach, and to nobody else."""

import re

import pytest

from tests.support.http_client import SETTINGS, Desk
from tests.support.page_visitor import enter
from tests.webhooks.pages.viewers.kit import come

CELL = re.compile(r"<td[^>]*>(?:<button[^>]*>)?([^<]+)")
WEEK = "/book?week=2026-06-01&duration=60"


@pytest.fixture
def absent(desk: Desk) -> Desk:
    """Ada, away on Thursday, with a public holiday on Tuesday."""
    body = SETTINGS | {
        "away": [{"from": "2026-06-04T00:00", "to": "2026-06-05T00:00", "note": "Skiing"}],
        "holidays": {"country": "IT", "names": ["Festa della Repubblica"]},
    }
    assert desk.put("/v1/coaches/ada", body).status_code == 200
    return desk


def test_the_coach_sees_it_on_their_week(absent: Desk) -> None:
    page = come(absent, "coach").get(WEEK).text
    told = {text.strip() for text in CELL.findall(page)}
    assert {"away", "holiday"} <= told
    assert "Skiing" not in page


@pytest.mark.parametrize("viewer", ["participant", "manager"])
def test_nobody_else_does(absent: Desk, viewer: str) -> None:
    page = enter(absent).get(WEEK).text
    if viewer == "manager":
        page = come(absent, "manager").get(WEEK).text
    told = {text.strip() for text in CELL.findall(page)}
    assert not {"away", "holiday"} & told
    assert "Skiing" not in page
