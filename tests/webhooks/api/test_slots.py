"""What one coach can be booked at, over HTTP: what is listed, what it is worth, and why a time is
closed.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from dramatiq.brokers.stub import StubBroker

from domain.coaches import Policy
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import WEEK, Desk
from tests.webhooks.api.ada import PATH
from webhooks.api import slots


def ask(desk: Desk, since: str, until: str, **query: Any) -> Any:
    return desk.get(PATH, query_string={"from": since, "to": until, "duration": 60} | query).json


def test_the_answer_says_what_is_open_and_what_that_is_worth(desk: Desk, ada: str) -> None:
    told = desk.get(WEEK).json
    # Tuesday 10:00-11:00 in London is busy, a quarter of an hour is kept free around it
    tuesday = [start[11:16] for start in told["starts"] if start.startswith("2026-06-02")]
    assert tuesday == [
        f"{at // 60:02}:{at % 60:02}"
        for at in range(8 * 60, 15 * 60 + 1, 15)
        if at + 60 <= 8 * 60 + 45 or at >= 10 * 60 + 15
    ]
    assert {name: told[name] for name in told if name not in ("starts", "policy")} == {
        "coach_id": "ada",
        "version": 2,
        "as_of": "2026-06-01T08:00:00Z",
        "state": "fresh",
        "effect": "list",
        "valid_until": "2026-06-01T08:00:01Z",  # the start at eight sharp is listed until it begins
        "tz": "Europe/London",
        "from": "2026-05-31T23:00:00Z",
        "to": "2026-06-07T23:00:00Z",
        "duration": 60,
    }
    assert told["policy"] == {"kind": "last_known", "last_known_hours": 24}


def test_dates_are_local_midnights_of_the_zone_that_is_asked_for(desk: Desk, ada: str) -> None:
    told = ask(desk, "2026-06-02", "2026-06-03", tz="America/New_York")
    assert (told["tz"], told["from"], told["to"]) == (
        "America/New_York",
        "2026-06-02T04:00:00Z",
        "2026-06-03T04:00:00Z",
    )


def test_instants_are_taken_as_they_are_whatever_their_offset(desk: Desk, ada: str) -> None:
    plain = ask(desk, "2026-06-02T12:00:00Z", "2026-06-02T13:00:00Z")
    assert plain["starts"] == [f"2026-06-02T12:{minute}:00Z" for minute in ("00", "15", "30", "45")]
    for since in ("2026-06-02T14:00:00+02:00", "2026-06-02T11:59:59.5Z", "2026-06-02T07:00-05:00"):
        assert ask(desk, since, "2026-06-02T13:00:00Z")["starts"] == plain["starts"]


def test_a_range_and_its_halves_tell_the_same(desk: Desk, ada: str) -> None:
    whole = ask(desk, "2026-06-01", "2026-06-08")["starts"]
    halves = (
        ask(desk, "2026-06-01", "2026-06-04")["starts"]
        + ask(desk, "2026-06-04", "2026-06-08")["starts"]
    )
    assert whole == halves


def test_the_only_duration_need_not_be_named(desk: Desk) -> None:
    people.introduce(desk.database, people.coach(durations=(45,), policy=Policy("hours_only", 1)))
    told = desk.get(f"{PATH}?from=2026-06-01&to=2026-06-02").json
    assert told["duration"] == 45
    assert told["starts"]


def test_a_change_shows_in_the_very_next_answer(desk: Desk, ada: str) -> None:
    # Given an answer that was made, and made again from what is kept
    first, again = desk.get(WEEK), desk.get(WEEK)
    assert first.data == again.data
    # When a push comes, then when its read brings an event on Wednesday
    desk.push()
    assert desk.get(WEEK).json["state"] == "refreshing"
    people.read(desk.database, ada, (people.at(3, 9), people.at(3, 10)))
    # Then the answers say so at once
    told = desk.get(WEEK).json
    assert (told["state"], told["version"]) == ("fresh", 3)
    assert "2026-06-03T09:00:00Z" not in told["starts"]
    assert "2026-06-02T09:00:00Z" in told["starts"]


@pytest.mark.parametrize(
    ("trouble", "minutes", "policy", "state", "effect"),
    [
        (None, 0, "last_known", "fresh", "list"),
        (None, 91, "hide", "stale", "hide"),
        (None, 91, "last_known", "stale", "list"),
        (None, 91, "hours_only", "stale", "hours_only"),
        (None, 25 * 60, "last_known", "stale", "hide"),
        ("initial_sync", 0, "hours_only", "initial_sync", "hide"),
        ("disconnected", 0, "hide", "disconnected", "hide"),
        ("revoked", 0, "last_known", "disconnected", "list"),
    ],
)
def test_calendars_that_cannot_be_trusted_show_what_the_policy_says(
    fresh_database: Callable[[Kind], str],
    trouble: str | None,
    minutes: int,
    policy: Any,
    state: str,
    effect: str,
) -> None:
    url = fresh_database("sqlite")
    with desks.opened(
        url, broker=StubBroker(), now=people.NOW + timedelta(minutes=minutes)
    ) as desk:
        people.introduce(desk.database, people.coach(policy=Policy(policy, 24)))
        connection_id = desks.connect(desk, (people.at(3, 9), people.at(3, 10)))
        with desk.database.write() as tx:
            tx.execute(tables.connections.update().values(trouble=trouble))
        told = ask(desk, "2026-06-03", "2026-06-04")
        assert connection_id
    assert (told["state"], told["effect"]) == (state, effect)
    assert (told["starts"] == []) is (effect == "hide")
    assert ("2026-06-03T09:00:00Z" in told["starts"]) is (effect == "hours_only")


def test_a_coach_without_a_calendar_is_hidden_or_shown_by_hours_alone(desk: Desk) -> None:
    people.introduce(desk.database)
    assert (
        ask(desk, "2026-06-02", "2026-06-03")["effect"],
        ask(desk, "2026-06-02", "2026-06-03")["starts"],
    ) == (
        "hide",
        [],
    )
    desk.put("/v1/coaches/ada", desks.SETTINGS | {"policy": {"kind": "hours_only"}})
    told = ask(desk, "2026-06-02", "2026-06-03")
    assert (told["state"], told["effect"]) == ("unconnected", "hours_only")
    assert told["starts"]


def test_reasons_tell_why_each_closed_time_is_closed(desk: Desk, ada: str) -> None:
    told = ask(desk, "2026-06-02T07:00:00Z", "2026-06-02T12:00:00Z", detail="reasons")
    assert told["reasons"] == [
        {"from": "2026-06-02T07:00:00Z", "to": "2026-06-02T08:00:00Z", "reason": "outside_hours"},
        {"from": "2026-06-02T08:00:00Z", "to": "2026-06-02T08:15:00Z", "reason": "buffer"},
        {"from": "2026-06-02T08:15:00Z", "to": "2026-06-02T10:00:00Z", "reason": "busy"},
        {"from": "2026-06-02T10:00:00Z", "to": "2026-06-02T10:15:00Z", "reason": "buffer"},
    ]
    assert "reasons" not in ask(desk, "2026-06-02", "2026-06-03")


def test_reasons_of_a_hidden_coach_are_that_nobody_can_trust_the_calendar(
    desk: Desk, ada: str
) -> None:
    with desk.database.write() as tx:
        tx.execute(tables.connections.update().values(trouble="initial_sync"))
    told = ask(desk, "2026-06-02T11:00:00Z", "2026-06-02T14:00:00Z", detail="reasons")
    assert told["starts"] == []
    assert told["reasons"] == [
        {"from": "2026-06-02T11:00:00Z", "to": "2026-06-02T14:00:00Z", "reason": "untrusted"}
    ]


def test_a_coach_may_be_asked_about_by_whoever_has_the_listing_at_hand(
    desk: Desk, ada: str
) -> None:
    listing = people.listing(desk.database)
    since, until = datetime(2026, 5, 31, 23, tzinfo=UTC), datetime(2026, 6, 7, 23, tzinfo=UTC)
    assert (
        orjson.loads(slots.answer(listing, 60, since, until, now=people.NOW)) == desk.get(WEEK).json
    )


def test_ninety_two_days_are_not_too_many_in_any_zone(desk: Desk, ada: str) -> None:
    """The clocks go back within these days: they are 92, and an hour."""
    assert desk.get(f"{PATH}?from=2026-08-20&to=2026-11-20&duration=60").status_code == 200
    assert (
        desk.get(f"{PATH}?from=2026-08-20T00:00Z&to=2026-11-20T00:00Z&duration=60").status_code
        == 200
    )
