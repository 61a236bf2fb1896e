"""What one coach can be booked at, over HTTP: what is listed, what it is worth, and what unchanged
answers cost.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from typing import cast as cast_to

import orjson
import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy.exc import OperationalError

from domain.coaches import Policy
from storage.rows import api_keys
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import WEEK, Desk
from webhooks.api import slots
from webhooks.http.api_key_cache import TRUSTED_SECONDS
from webhooks.http.context import EXTENSION, RawAnswer

PATH = "/v1/coaches/ada/slots"


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
    # Given an answer that was made, and made again from the shelf
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


def test_one_question_is_kept_once_however_it_is_spelled(desk: Desk, ada: str) -> None:
    first = desk.get(f"{PATH}?from=2026-06-01&to=2026-06-08&duration=60&tz=Europe/Paris")
    shelf = desk.client.application.extensions[EXTENSION].shelf
    assert len(shelf) == 1
    for spelled in (
        "tz=Europe%2FParis&duration=60&to=2026-06-08&from=2026-06-01",
        "from=2026%2D06-01&to=2026-06-08&tz=%45urope/Paris&duration=%36%30",
        "from=2026-06-01&&to=2026-06-08&duration=60&tz=Europe/Paris&",
    ):
        assert desk.get(f"{PATH}?{spelled}").data == first.data
        assert len(shelf) == 1
    # And what stands quoted inside of a value is none of ours
    assert (
        desk.get(
            f"{PATH}?from=2026-06-01%26to=2026-06-08%26duration=60&tz=Europe/Paris"
        ).status_code
        == 422
    )
    assert (
        desk.get(f"{PATH}?from=2026-06-01%26to=2026-06-08&duration=60&tz=Europe/Paris").status_code
        == 422
    )


def test_time_alone_changes_an_answer_when_it_said_so(
    fresh_database: Callable[[Kind], str],
) -> None:
    url = fresh_database("sqlite")
    now = people.NOW + timedelta(minutes=7)
    clock = [now]
    with desks.opened(url, broker=StubBroker(), now=people.NOW) as desk:
        people.introduce(desk.database)
        desks.connect(desk)
        object.__setattr__(desk.runtime.services, "now", lambda: clock[0])
        told = desk.get(WEEK).json
        valid_until = datetime.fromisoformat(told["valid_until"])
        assert told["starts"][0] == "2026-06-01T08:15:00Z"
        # A second before, nothing has changed
        clock[0] = valid_until - timedelta(seconds=1)
        assert desk.get(WEEK).json == told
        # And then it has
        clock[0] = valid_until
        later = desk.get(WEEK).json
        assert later["starts"] == told["starts"][1:]
        assert later["valid_until"] == "2026-06-01T08:30:01Z"


def test_who_has_the_answer_already_gets_304_without_a_body(desk: Desk, ada: str) -> None:
    answer = desk.get(WEEK)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    etag = answer.headers["ETag"]
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        unchanged = desk.get(WEEK, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (
            304,
            b"",
            etag,
        )
    assert desk.get(WEEK, headers={"If-None-Match": '"other"'}).status_code == 200
    desk.push()
    assert desk.get(WEEK, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "passes"),
    [
        ("GET", WEEK, {}, True),
        ("GET", WEEK, {"X-Request-ID": "from-coach-os"}, True),
        ("GET", WEEK, {"X-Request-ID": "with spaces"}, True),
        ("GET", WEEK, {"Authorization": "bEARER  {key} "}, True),
        ("GET", WEEK, {"Authorization": "Basic {key}"}, False),
        ("GET", WEEK, {"Authorization": "{key}"}, False),
        ("GET", WEEK, {"Authorization": "Bearer {key}x"}, False),
        ("GET", WEEK, {"Authorization": "Bearer {other}"}, False),
        ("GET", WEEK, {"Authorization": ""}, False),
        ("HEAD", WEEK, {}, False),
        ("POST", WEEK, {}, False),
        ("GET", f"{WEEK}&detail=reasons", {}, False),
        ("GET", WEEK.replace("ada", "%61da"), {}, True),
        ("GET", WEEK.replace("ada", "ben"), {}, False),
        ("GET", WEEK.replace("/slots", "/hours"), {}, False),
    ],
)
def test_what_is_answered_in_passing_is_what_the_endpoint_answers(
    desk: Desk, ada: str, method: str, path: str, headers: dict[str, str], passes: bool
) -> None:
    """Once somebody else has asked the same, that is. A wrong answer here would be a time that is
    not open.
    """
    etag = desk.get(WEEK).headers["ETag"]
    keys = {"key": desk.key("slots:read"), "other": desk.key("bookings:write")}
    sent = {"X-Request-ID": "ours"} | {
        name: value.format(**keys) for name, value in headers.items()
    }
    app = cast_to(Any, desk.client.application)
    look = app.in_passing[1]
    told: dict[str, Any] = {}

    def watched(environ: dict[str, Any]) -> RawAnswer | None:
        answer: RawAnswer | None = look(environ)
        assert (answer is not None) == passes
        return answer

    for known in (None, etag, f"W/{etag}", '"another"', "*", "not an etag"):
        asked = sent if known is None else sent | {"If-None-Match": known}
        for way, ways in (("in passing", (watched,)), ("by its endpoint", ())):
            app.in_passing = ways
            answer = desk.ask(method, path, "slots:read", headers=asked)
            its_id = answer.headers.pop("X-Request-ID")
            assert answer.headers.pop("RateLimit", "").partition(";")[0] in ('"reads"', '"writes"')
            assert (its_id == sent["X-Request-ID"]) == (" " not in sent["X-Request-ID"])
            told[way] = answer.status, answer.data, sorted(answer.headers)
        assert told["in passing"] == told["by its endpoint"]


def test_a_revoked_key_gets_no_kept_answer_either(
    desk: Desk, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = desk.key("slots:read")
    assert (
        desk.get(WEEK, "slots:read").status_code == desk.get(WEEK, "slots:read").status_code == 200
    )
    with desk.database.write() as tx:
        assert api_keys.revoke_key(tx, key.split("_")[1], now=people.NOW)
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + TRUSTED_SECONDS + 1)
    assert desk.get(WEEK, "slots:read").status_code == 401


def test_without_a_database_a_kept_answer_is_not_given(
    desk: Desk, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.get(WEEK).status_code == 200

    def away(*_: object, **__: object) -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr("storage.slots.availability.query_raw", away)
    assert desk.get(WEEK).status_code == 503


def test_another_question_about_one_coach_has_its_own_answer(desk: Desk, ada: str) -> None:
    bodies = {desk.get(f"{WEEK}{more}").data for more in ("", "&tz=UTC", "&detail=reasons")}
    bodies |= {desk.get(WEEK.replace("duration=60", "duration=30")).data}
    assert len(bodies) == 4


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
