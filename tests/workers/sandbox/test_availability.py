"""POST /v1/availability: who is free when, by the reference's semantics."""

from typing import Any

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api
from workers.cronofy.sandbox.control import ReadyAccount

DAY = [{"start": "2026-11-03T09:00:00Z", "end": "2026-11-03T17:00:00Z"}]


@pytest.fixture
def jonas(control: Control) -> ReadyAccount:
    return control.create_account("Jonas", zone="Europe/Berlin", calendars=("Kalender", "Team"))


@pytest.fixture
def mira(sandbox: Sandbox) -> ReadyAccount:
    return sandbox.accounts[0]


def query(*subs: str, **fields: Any) -> dict[str, Any]:
    asked = {
        "participants": [{"required": "all", "members": [{"sub": sub} for sub in subs]}],
        "required_duration": {"minutes": 60},
        "query_periods": DAY,
    }
    return asked | fields


def spans(api: Api, asked: dict[str, Any]) -> list[str]:
    answer = api.post("/v1/availability", asked)
    assert answer.status_code == 200, answer.text
    [(name, found)] = answer.json().items()
    assert name == (
        "available_periods"
        if asked.get("response_format", "periods") == "periods"
        else "available_slots"
    )
    return [f"{one['start'][11:16]}-{one['end'][11:16]}" for one in found]


def at(hours: str) -> tuple[str, str]:
    start, end = hours.split("-")
    return f"2026-11-03T{start}:00Z", f"2026-11-03T{end}:00Z"


def test_the_example_of_the_reference(
    api: Api, control: Control, mira: ReadyAccount, jonas: ReadyAccount
) -> None:
    """Fixture availability/slots: busy until ten, a quarter of an hour around, starts on the half
    hour.
    """
    control.add_event(mira.calendars[0], *at("09:00-10:00"))
    around = {"before": {"minutes": 15}, "after": {"minutes": 15}}
    asked = query(mira.sub, jonas.sub, buffer=around, start_interval={"minutes": 30})
    assert spans(api, asked) == ["10:15-17:00"]
    assert spans(api, asked | {"response_format": "slots", "max_results": 2}) == [
        "10:30-11:30",
        "11:30-12:30",
    ]
    overlapping = spans(api, asked | {"response_format": "overlapping_slots"})
    assert overlapping[:3] == ["10:30-11:30", "11:00-12:00", "11:30-12:30"]
    assert overlapping[-1] == "16:00-17:00"


def test_what_blocks_and_what_does_not(api: Api, control: Control, mira: ReadyAccount) -> None:
    calendar = mira.calendars[0]
    control.add_event(calendar, *at("10:00-11:00"), status="tentative")
    control.add_event(calendar, *at("12:00-13:00"), status="unknown")
    control.add_event(calendar, *at("14:00-15:00"), status="free")
    control.add_event(calendar, *at("15:00-16:00"), fields={"participation_status": "declined"})
    control.add_event(calendar, *at("16:00-16:00"))
    control.delete_event(control.add_event(calendar, *at("09:00-10:00")))
    api.upsert(
        calendar,
        event_id="s-1",
        summary="own",
        start=at("13:00-14:00")[0],
        end=at("13:00-14:00")[1],
    )
    assert spans(api, query(mira.sub)) == ["09:00-10:00", "11:00-12:00", "14:00-17:00"]


def test_whole_days_lie_in_the_persons_zone(
    api: Api, control: Control, jonas: ReadyAccount
) -> None:
    control.add_event(jonas.calendars[0], "2026-11-03", "2026-11-04")
    night = [{"start": "2026-11-02T20:00:00Z", "end": "2026-11-04T02:00:00Z"}]
    found = api.post("/v1/availability", query(jonas.sub, query_periods=night)).json()[
        "available_periods"
    ]
    assert [(one["start"], one["end"]) for one in found] == [
        ("2026-11-02T20:00:00Z", "2026-11-02T23:00:00Z"),
        ("2026-11-03T23:00:00Z", "2026-11-04T02:00:00Z"),
    ]


def test_calendars_are_chosen_and_an_empty_choice_ignores_all(
    api: Api, control: Control, jonas: ReadyAccount
) -> None:
    control.add_event(jonas.calendars[1], *at("10:00-16:00"))

    def member(**fields: Any) -> list[str]:
        people = [{"required": "all", "members": [{"sub": jonas.sub, **fields}]}]
        return spans(api, query(participants=people))

    assert member() == ["09:00-10:00", "16:00-17:00"]
    assert member(calendar_ids=[jonas.calendars[0]]) == ["09:00-17:00"]
    assert member(calendar_ids=[]) == ["09:00-17:00"]
    hours = [{"start": "2026-11-03T08:00:00Z", "end": "2026-11-03T12:00:00Z"}]
    assert member(calendar_ids=[], available_periods=hours) == ["09:00-12:00"]


def test_one_of_two_is_enough_when_that_is_asked(
    api: Api, control: Control, mira: ReadyAccount, jonas: ReadyAccount
) -> None:
    control.add_event(mira.calendars[0], *at("09:00-13:00"))
    control.add_event(jonas.calendars[0], *at("12:00-17:00"))
    either = [{"required": 1, "members": [{"sub": mira.sub}, {"sub": jonas.sub}]}]
    assert spans(api, query(mira.sub, jonas.sub)) == []
    assert spans(api, query(participants=either)) == ["09:00-12:00", "13:00-17:00"]
    slots = api.post(
        "/v1/availability",
        query(participants=either, response_format="slots", start_interval={"minutes": 60}),
    )
    people = {one["start"][11:16]: one["participants"] for one in slots.json()["available_slots"]}
    assert people["09:00"] == [{"sub": jonas.sub}]
    assert people["13:00"] == [{"sub": mira.sub}]
    assert "12:00" not in people


def test_given_starts_are_tried(api: Api, control: Control, mira: ReadyAccount) -> None:
    control.add_event(mira.calendars[0], *at("10:00-11:00"))
    starts = [{"start": at(f"{hour}-17:00")[0]} for hour in ("09:00", "09:30", "11:00")]
    asked = {
        **query(mira.sub),
        "query_periods": None,
        "query_slots": starts,
        "response_format": "slots",
    }
    assert spans(api, asked) == ["09:00-10:00", "11:00-12:00"]


def test_habits_of_the_clients_are_borne(api: Api, sandbox: Sandbox, mira: ReadyAccount) -> None:
    asked = query(mira.sub, buffer={}, start_interval=None, response_format=None, max_results=None)
    asked["available_periods"] = asked.pop("query_periods")
    assert spans(Api(sandbox, sandbox.client_secret), asked | {"response_format": "periods"}) == [
        "09:00-17:00"
    ]
    hours = {"hours": 8, "minutes": 0}
    minimum = {"before": {"minimum": {"minutes": 0}, "maximum": {"minutes": 30}}}
    assert spans(api, query(mira.sub, required_duration=hours, buffer=minimum)) == ["09:00-17:00"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"participants": None}, "participants"),
        ({"participants": "all"}, "participants"),
        ({"participants": [{"required": 2, "members": [{"sub": "acc_none"}]}]}, "participants"),
        ({"participants": [{"members": [{"sub": "acc_none"}]}]}, "participants"),
        ({"required_duration": None}, "required_duration"),
        ({"required_duration": {"minutes": 0}}, "required_duration"),
        ({"required_duration": 60}, "required_duration"),
        ({"start_interval": {"minutes": "x"}}, "start_interval"),
        ({"query_periods": []}, "query_periods"),
        ({"query_periods": DAY * 51}, "query_periods"),
        (
            {"query_periods": [{"start": "2026-11-03T17:00:00Z", "end": "2026-11-03T09:00:00Z"}]},
            "query_periods",
        ),
        ({"query_periods": [{"start": "soon", "end": "later"}]}, "query_periods"),
        ({"query_periods": ["today"]}, "query_periods"),
        ({"buffer": 15}, "buffer"),
        ({"response_format": "pie"}, "response_format"),
    ],
)
def test_a_wrong_query_is_422_and_named(
    api: Api, mira: ReadyAccount, fields: dict[str, Any], named: str
) -> None:
    answer = api.post("/v1/availability", query(mira.sub, **fields))
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {named}


def test_it_needs_the_api_key_or_a_token(sandbox: Sandbox, mira: ReadyAccount) -> None:
    answer = Api(sandbox, "CRN_wrong").post("/v1/availability", query(mira.sub))
    assert (answer.status_code, answer.content) == (401, b"")
