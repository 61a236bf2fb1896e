"""Ops see when a coach is away, and the note that is for them alone; each reason has its colour."""

from importlib.resources import files

import pytest

from domain.slots.reasons import Reason
from tests.support.http_client import SETTINGS, Desk
from tests.support.ops_pages import log_in

ABSENT = {
    "away": [{"from": "2026-06-02T12:00", "to": "2026-06-03T00:00", "note": "Skiing <3"}],
    "travel": [{"first": "2026-06-04", "last": "2026-06-05", "zone": "Asia/Tokyo"}],
    "holidays": {"country": "GB", "region": "SCT", "names": ["Boxing Day"]},
}


def test_the_page_of_a_coach_tells_when_they_are_not_there(one_desk: Desk) -> None:
    one_desk.put("/v1/coaches/ada", SETTINGS)
    log_in(one_desk.client, one_desk.key())
    assert "Not there, or elsewhere" not in one_desk.client.get("/ops/coaches/ada").text
    assert one_desk.put("/v1/coaches/ada", SETTINGS | ABSENT).status_code == 200
    page = one_desk.client.get("/ops/coaches/ada").text
    for told in (
        "2026-06-02 12:00 to 2026-06-03 00:00",
        "Skiing &lt;3",
        "Asia/Tokyo",
        "Boxing Day",
    ):
        assert told in page


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_a_colour_of_its_own(reason: Reason) -> None:
    sheet = files("webhooks.ops").joinpath("static", "ops.css").read_text()
    assert f".{reason.name} {{ fill: var(--" in sheet
    assert f".swatch.{reason.name} {{ background: var(--" in sheet
