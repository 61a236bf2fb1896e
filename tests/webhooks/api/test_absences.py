"""Away, travel and public holidays over HTTP."""

from typing import Any

import pytest

from tests.support.booking_requests import post, refused
from tests.support.http_client import SETTINGS, WEEK, Desk
from tests.webhooks.api.ada import ADA

AWAY = [{"from": "2026-06-02T00:00", "to": "2026-06-03T00:00", "note": "Skiing"}]
TRAVEL = [{"first": "2026-06-04", "last": "2026-06-05", "zone": "Asia/Tokyo"}]
HOLIDAYS = {"country": "GB", "region": "SCT", "names": ["Boxing Day", "Christmas Day"]}
GRACE = {"id": "grace", "name": "Grace", "email": "grace@example.test", "zone": "UTC"}
ABSENT: dict[str, Any] = {"away": AWAY, "travel": TRAVEL, "holidays": HOLIDAYS}


def test_what_is_set_comes_back_and_is_as_before_where_it_is_left_out(desk: Desk) -> None:
    told = desk.put(ADA, SETTINGS | ABSENT).json
    dates = told["holiday_dates"]
    assert {name: told[name] for name in ABSENT} == ABSENT
    assert "2026-12-28" in dates
    # A platform that knows nothing of it opens nothing
    again = desk.put(ADA, SETTINGS | {"pre": 30}).json
    assert (again["away"], again["travel"]) == (AWAY, TRAVEL)
    assert (again["holidays"], again["holiday_dates"]) == (HOLIDAYS, dates)
    # And what was read may be sent back
    assert desk.put(ADA, SETTINGS | {name: told[name] for name in ABSENT}).status_code == 200
    gone = desk.put(ADA, SETTINGS | {"away": [], "travel": [], "holidays": None}).json
    assert (gone["away"], gone["travel"], gone["holidays"]) == ([], [], None)
    assert gone["holiday_dates"] == []


def test_a_coach_sees_why_and_participants_only_that_it_is_closed(desk: Desk, ada: str) -> None:
    desk.put(ADA, SETTINGS | {"away": AWAY})
    told = desk.get(f"{WEEK}&detail=reasons", "coach").json
    assert "away" in {run["reason"] for run in told["reasons"]}
    assert [start for start in told["starts"] if start.startswith("2026-06-02")] == []
    seen = desk.get(WEEK)
    assert "away" not in seen.text
    assert "Skiing" not in seen.text


def test_saving_lists_the_sessions_inside_with_what_moves_them_and_changes_none(
    desk: Desk, ada: str
) -> None:
    booked = {"coach_id": "ada", "duration": 60, "participant": GRACE}
    made = post(desk, "/v1/bookings", booked | {"start": "2026-06-02T11:00:00Z"}).json
    other = post(desk, "/v1/bookings", booked | {"start": "2026-06-08T09:00:00Z"}).json
    [inside] = desk.put(ADA, SETTINGS | {"away": AWAY}).json["absent_sessions"]
    assert inside == {
        "session_id": made["session_id"],
        "start": "2026-06-02T11:00:00Z",
        "end": "2026-06-02T12:00:00Z",
        "reason": "away",
        "rebook": [f"POST /v1/bookings/{made['id']}/rebook"],
    }
    assert desk.get(ADA).json["absent_sessions"] == [inside]
    for each in (made, other):
        assert desk.get(f"/v1/bookings/{each['id']}").json == each


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        ({"away": [{"from": "2026-06-02T00:00"}]}, "away[0].to", "missing"),
        ({"away": [AWAY[0] | {"to": AWAY[0]["from"]}]}, "away[0].to", "reversed_range"),
        ({"away": [AWAY[0] | {"note": "x" * 301}]}, "away[0].note", "too_many"),
        ({"away": AWAY * 101}, "away", "too_many"),
        ({"travel": TRAVEL * 2}, "travel", "ranges_overlap"),
        ({"travel": [TRAVEL[0] | {"zone": "Mars"}]}, "travel[0].zone", "unknown_zone"),
        (
            {"holidays": HOLIDAYS | {"country": "XX"}},
            "holidays.country",
            "unknown_country_or_region",
        ),
        ({"holidays": HOLIDAYS | {"names": ["Neujahr"]}}, "holidays.names[0]", "unknown_word"),
    ],
)
def test_what_means_nothing_is_refused_and_changes_nothing(
    desk: Desk, sent: dict[str, Any], field: str, code: str
) -> None:
    desk.put(ADA, SETTINGS | ABSENT)
    before = desk.dump()
    answer = desk.put(ADA, SETTINGS | sent)
    assert (answer.status_code, answer.json["field"], answer.json["code"]) == (422, field, code)
    assert desk.dump() == before


def test_a_chooser_is_told_countries_then_regions_and_holidays(desk: Desk) -> None:
    countries = desk.get("/v1/holidays?language=de").json
    assert {"code": "GB", "name": "Vereinigtes Königreich"} in countries["countries"]
    assert (countries["regions"], countries["holidays"]) == ([], [])
    scotland = desk.get("/v1/holidays?country=GB&region=SCT").json
    assert {"code": "SCT", "name": "Scotland"} in scotland["regions"]
    [boxing] = [it for it in scotland["holidays"] if it["name"] == "Boxing Day"]
    assert "2026-12-28" in boxing["dates"]


@pytest.mark.parametrize(("query", "field"), [("XX", "country"), ("GB&region=XX", "region")])
def test_a_place_that_is_not_known_is_told_by_its_parameter(
    desk: Desk, query: str, field: str
) -> None:
    told = refused(desk.get(f"/v1/holidays?country={query}"), 422, "unknown_country_or_region")
    assert told["field"] == field
