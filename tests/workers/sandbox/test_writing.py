"""The application's own events: upsert, deletion, batch; and what may not be written."""

from typing import Any

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Receiver

SESSION = {
    "event_id": "session-992",
    "summary": "Maths session",
    "start": "2026-11-07T15:00:00Z",
    "end": "2026-11-07T16:00:00Z",
}


def test_the_same_key_updates_and_another_adds(api: Api, calendar: str) -> None:
    for change in ({}, {"summary": "Physics"}, {"event_id": "session-993"}):
        assert api.upsert(calendar, **SESSION | change).status_code == 202
    written = api.events(only_managed="true")
    assert [(one["event_id"], one["summary"]) for one in written] == [
        ("session-992", "Physics"),
        ("session-993", "Maths session"),
    ]
    assert all(one["event_uid"].startswith("evt_") for one in written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-07T15:00:00Z", "2026-11-07T15:00:00Z"),
        ("2026-11-07 15:00:00Z", "2026-11-07T15:00:00Z"),
        ("2026-11-07T16:00:00+01:00", "2026-11-07T15:00:00Z"),
        ({"time": "2026-11-07T15:00:00Z", "tzid": "Europe/Paris"}, "2026-11-07T15:00:00Z"),
        ({"time": "2026-11-07T16:00:00", "tzid": "Europe/Paris"}, "2026-11-07T15:00:00Z"),
        ("2026-11-07", "2026-11-07"),
        ({"time": "2026-11-07", "tzid": "Europe/Paris"}, "2026-11-07"),
    ],
)
def test_times_are_taken_however_clients_spell_them(
    api: Api, calendar: str, written: Any, read: str
) -> None:
    end = "2026-11-08" if len(read) == 10 else "2026-11-07T16:00:00Z"
    assert (
        api.upsert(
            calendar, **SESSION | {"start": written, "end": end, "unheard_of": 1}
        ).status_code
        == 202
    )
    [event] = api.events(only_managed="true")
    assert event["start"] == read


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_id": None}, "event_id"),
        ({"summary": ""}, "summary"),
        ({"summary": "x" * 1025}, "summary"),
        ({"description": "x" * 4097}, "description"),
        ({"start": None}, "start"),
        ({"start": "2026-11-07T15:00:00.5Z"}, "start"),
        ({"start": "2026-11-07T15:00:00"}, "start"),
        ({"end": "soon"}, "end"),
        ({"tzid": "Mars/Olympus"}, "tzid"),
        ({"attendees": ["parent@home.example"]}, "attendees"),
        ({"end": {"time": "2026-11-07T16:00:00", "tzid": "Mars/Olympus"}}, "end"),
    ],
)
def test_a_wrong_field_is_422_and_named_and_nothing_is_written(
    api: Api, calendar: str, change: dict[str, Any], field: str
) -> None:
    answer = api.upsert(calendar, **SESSION | change)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {field}
    assert api.events(only_managed="true") == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_422(api: Api, calendar: str, raw: bytes) -> None:
    assert api.call("POST", f"/v1/calendars/{calendar}/events", data=raw).status_code == 422


def test_only_writable_calendars_of_ones_own_are_written(
    api: Api, control: Control, calendar: str, profile: str
) -> None:
    readonly = control.create_calendar(profile, "Holidays", readonly=True)
    theirs = control.create_account("Stranger").calendars[0]
    assert api.upsert(readonly, **SESSION).status_code == 422
    assert api.upsert(theirs, **SESSION).status_code == 404
    control.break_profile(profile)
    for answer in (
        api.upsert(calendar, **SESSION),
        api.delete(f"/v1/calendars/{calendar}/events", {"event_id": "x"}),
    ):
        assert (answer.status_code, answer.content) == (423, b"")


def test_a_write_needs_its_scope(sandbox: Sandbox, control: Control, calendar: str) -> None:
    creator = Api(
        sandbox, control.grant(sandbox.accounts[0].sub, scope="create_event").access_token
    )
    assert creator.upsert(calendar, **SESSION).status_code == 202
    assert (
        creator.delete(f"/v1/calendars/{calendar}/events", {"event_id": "session-992"}).status_code
        == 403
    )
    assert creator.delete("/v1/events", {"delete_all": True}).status_code == 403


def test_external_events_are_edited_with_permission_only(
    api: Api, control: Control, calendar: str
) -> None:
    uid = control.add_event(calendar, "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z")
    edit = {**SESSION, "event_uid": uid, "event_id": None}
    assert api.upsert(calendar, **edit).status_code == 403
    control.change_calendar(calendar, permission_level="unrestricted")
    assert api.upsert(calendar, **edit).status_code == 202
    assert [(one["event_uid"], one["summary"]) for one in api.events()] == [(uid, "Maths session")]
    assert api.upsert(calendar, **edit | {"event_uid": "evt_external_none"}).status_code == 404
    # both ids: event_id wins, and a new event is made
    assert api.upsert(calendar, **SESSION | {"event_uid": uid}).status_code == 202
    assert len(api.events(include_managed="true")) == 2
    assert api.delete(f"/v1/calendars/{calendar}/events", {"event_uid": uid}).status_code == 202
    assert api.events() == []


def test_deleting_what_is_not_there_is_no_error(api: Api, calendar: str) -> None:
    path = f"/v1/calendars/{calendar}/events"
    gone = api.delete(path, {"event_id": "never-was"})
    assert (gone.status_code, gone.headers["Content-Length"]) == (202, "0")
    assert api.delete(path, {}).status_code == 422


@pytest.mark.parametrize(
    "asked", [{}, {"delete_all": True, "calendar_ids": ["cal_x"]}, {"calendar_ids": ["cal_x"]}]
)
def test_a_bulk_deletion_says_exactly_what(api: Api, asked: dict[str, Any]) -> None:
    assert api.delete("/v1/events", asked).status_code == 422


def test_a_bulk_deletion_takes_own_events_only(api: Api, control: Control, calendar: str) -> None:
    control.add_event(calendar, "2026-11-03", "2026-11-04", summary="theirs")
    api.upsert(calendar, **SESSION)
    assert api.call("DELETE", f"/v1/events?calendar_ids[]={calendar}", json={}).status_code == 202
    assert [one["summary"] for one in api.events(include_managed="true")] == ["theirs"]


def test_a_batch_goes_on_after_a_failure_and_keeps_the_order(api: Api, calendar: str) -> None:
    relative_url = f"/v1/calendars/{calendar}/events"
    answer = api.post(
        "/v1/batch",
        {
            "batch": [
                {"method": "POST", "relative_url": relative_url, "data": SESSION},
                {
                    "method": "POST",
                    "relative_url": relative_url,
                    "data": {**SESSION, "summary": None},
                },
                {"method": "GET", "relative_url": relative_url},
                {
                    "method": "POST",
                    "relative_url": "/v1/calendars/cal_none/events",
                    "data": SESSION,
                },
                {
                    "method": "DELETE",
                    "relative_url": relative_url,
                    "data": {"event_id": "session-992"},
                },
                "not an entry",
            ]
        },
    )
    assert answer.status_code == 207
    entries = answer.json()["batch"]
    assert [one["status"] for one in entries] == [202, 422, 404, 404, 202, 422]
    assert entries[1]["data"]["errors"]["summary"][0]["key"] == "errors.required"
    assert "data" not in entries[0]
    assert api.events(only_managed="true") == []


@pytest.mark.parametrize("batch", [None, [], "x", [{"method": "POST"}] * 51])
def test_a_batch_has_1_to_50_entries(api: Api, batch: Any) -> None:
    assert api.post("/v1/batch", {"batch": batch}).status_code == 422


def test_an_own_write_never_pings(
    api: Api, control: Control, receiver: Receiver, calendar: str
) -> None:
    # Given a channel
    api.open_channel(receiver.url)
    receiver.wait(1)
    # When the application writes, and then the person edits
    api.upsert(calendar, **SESSION)
    api.delete(f"/v1/calendars/{calendar}/events", {"event_id": "session-992"})
    api.upsert(calendar, **SESSION)
    api.delete("/v1/events", {"delete_all": True})
    control.add_event(calendar, "2026-11-03", "2026-11-04")
    # Then only the edit is told
    receiver.wait(2)
    control.wait_until_quiet()
    assert receiver.kinds() == ["verification", "change"]
