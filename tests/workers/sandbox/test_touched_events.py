"""What a person does to the application's own events: seen in reads as documented, and pushed."""

from datetime import datetime
from typing import Any

import pytest

from tests.support.sandbox import Control
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Receiver

SESSION = {
    "event_id": "session-992",
    "summary": "Maths session",
    "start": "2026-11-07T15:00:00Z",
    "end": "2026-11-07T16:00:00Z",
}
LATER = "2026-11-02T10:24:16Z"
TOUCHED = {"only_managed": "true", "include_deleted": "true", "last_modified": LATER}


@pytest.fixture
def uid(api: Api, control: Control, calendar: str, receiver: Receiver) -> str:
    """Of the event, written an hour ago; the channel's verification has arrived."""
    assert api.upsert(calendar, **SESSION).status_code == 202
    control.set_clock(datetime.fromisoformat(LATER))
    api.open_channel(receiver.url)
    receiver.wait(1)
    assert api.events(**TOUCHED) == []
    return str(control.own_event("session-992")["event_uid"])


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (
            {"start": "2026-11-09T09:00:00Z", "end": "2026-11-09T10:00:00Z"},
            {"start": "2026-11-09T09:00:00Z", "end": "2026-11-09T10:00:00Z"},
        ),
        ({"summary": "Tea"}, {"summary": "Tea"}),
        ({"declined": True}, {"participation_status": "declined", "status": "confirmed"}),
        ({"fields": {"status": "cancelled"}}, {"status": "cancelled"}),
    ],
)
def test_a_change_is_shown_stamped_and_pushed(
    api: Api,
    control: Control,
    receiver: Receiver,
    uid: str,
    change: dict[str, Any],
    seen: dict[str, Any],
) -> None:
    control.change_event(uid, **change)
    assert receiver.wait(2)[1].kind == "change"
    [event] = api.events(**TOUCHED)
    assert seen.items() <= event.items()
    assert (event["event_id"], event["deleted"]) == ("session-992", False)
    assert event["updated"] == LATER


def test_a_deletion_is_shown_to_whoever_asks_for_it(
    api: Api, control: Control, receiver: Receiver, uid: str
) -> None:
    control.delete_event(uid)
    assert receiver.wait(2)[1].kind == "change"
    [event] = api.events(**TOUCHED)
    assert (event["deleted"], event["updated"]) == (True, LATER)
    assert api.events(only_managed="true") == []
    assert control.own_event("session-992")["deleted"]


def test_what_was_declined_stays_so_when_it_is_written_anew_until_it_is_accepted(
    api: Api, control: Control, calendar: str, uid: str
) -> None:
    control.change_event(uid, declined=True)
    api.upsert(calendar, **SESSION)
    assert control.own_event("session-992")["participation_status"] == "declined"
    path = f"/v1/calendars/{calendar}/events/{uid}/participation_status"
    assert api.post(path, {"status": "perhaps"}).status_code == 422
    assert api.post(f"{path}".replace(uid, "evt_none"), {"status": "accepted"}).status_code == 404
    assert api.post(path, {"status": "accepted"}).status_code == 202
    assert control.own_event("session-992")["participation_status"] == "accepted"


def test_what_was_cancelled_or_deleted_is_as_new_when_it_is_written_anew(
    api: Api, control: Control, calendar: str, uid: str
) -> None:
    control.change_event(uid, declined=True, fields={"status": "cancelled"})
    api.upsert(calendar, **SESSION)
    [event] = api.events(only_managed="true")
    assert (event["status"], event["participation_status"]) == ("confirmed", "declined")
    control.delete_event(uid)
    api.upsert(calendar, **SESSION)
    [event] = api.events(only_managed="true")
    assert event["participation_status"] == "accepted"
