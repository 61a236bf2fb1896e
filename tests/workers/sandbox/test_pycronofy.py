"""PyCronofy 2.1.1, unchanged, makes every call of the issue against the sandbox over a socket."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pycronofy
import pytest
from pycronofy.batch import BatchBuilder
from pycronofy.exceptions import PyCronofyPartialSuccessError, PyCronofyRequestError

from tests.support.sandbox import Sandbox
from tests.workers.sandbox.receiver import Receiver

CALLBACK = "https://app.example.test/connect/callback"


@pytest.fixture
def lived_in() -> Iterator[Sandbox]:
    """The default sandbox: two people whose calendars fill several pages."""
    with Sandbox() as running:
        yield running


def connected(sandbox: Sandbox, number: int = 0) -> Any:
    account = sandbox.accounts[number]
    return pointed_at(
        sandbox, access_token=account.access_token, refresh_token=account.refresh_token
    )


def pointed_at(sandbox: Sandbox, **tokens: str) -> Any:
    client = pycronofy.Client(
        client_id=sandbox.client_id, client_secret=sandbox.client_secret, **tokens
    )
    client.request_handler.base_url = client.app_base_url = sandbox.origin
    return client


def test_a_person_connects_and_the_tokens_work(lived_in: Sandbox) -> None:
    # Given an authorize link, exactly as the library builds it: empties and a capital False
    # included
    client = pointed_at(lived_in)
    url = client.user_auth_link(CALLBACK, state="csrf-7c1f")
    # When the person agrees, and the code that comes back is exchanged
    back = lived_in.control.consent(url, profile=lived_in.accounts[0].sub)
    code = back.split("code=")[1].split("&")[0]
    granted = client.get_authorization_from_code(code)
    # Then the client is that person
    assert back.startswith(CALLBACK)
    assert "state=csrf-7c1f" in back
    assert granted["refresh_token"] == lived_in.accounts[0].refresh_token
    assert client.userinfo()["sub"] == lived_in.accounts[0].sub


def test_tokens_are_refreshed_and_revoked(lived_in: Sandbox) -> None:
    client = connected(lived_in)
    old = client.auth.access_token
    # When
    client.refresh_authorization()
    # Then there is a new access token beside the same refresh token
    assert client.auth.access_token != old
    assert client.auth.refresh_token == lived_in.accounts[0].refresh_token
    # When it is revoked, with the access token as this client does it, everything ends
    refresh_token = client.auth.refresh_token
    client.revoke_authorization()
    client.auth.update(access_token=old, refresh_token=refresh_token)
    with pytest.raises(PyCronofyRequestError, match="401"):
        client.userinfo()
    with pytest.raises(PyCronofyRequestError, match="invalid_grant"):
        client.refresh_authorization()


def test_who_is_connected(lived_in: Sandbox) -> None:
    client = connected(lived_in, 1)
    account = lived_in.accounts[1]
    assert client.account()["account_id"] == account.sub
    assert client.userinfo()["cronofy.data"]["profiles"][0]["profile_id"] == account.profiles[0]
    assert [one["profile_id"] for one in client.list_profiles()] == list(account.profiles)
    assert [one["calendar_id"] for one in client.list_calendars()] == list(account.calendars)
    made = client.create_calendar(account.profiles[0], "Lessons 2027")["calendar"]
    assert made["calendar_id"] in {one["calendar_id"] for one in client.list_calendars()}
    with pytest.raises(PyCronofyRequestError, match="duplicate_calendar_name"):
        client.create_calendar(account.profiles[0], "Lessons 2027")


def test_channels_are_opened_listed_and_closed(lived_in: Sandbox, receiver: Receiver) -> None:
    client = connected(lived_in)
    channel = client.create_notification_channel(receiver.url)
    [verification] = receiver.wait(1)
    assert verification.kind == "verification"
    assert client.hmac_valid(verification.signature, verification.body.decode())
    assert client.list_notification_channels() == [channel]
    client.close_notification_channel(channel["channel_id"])
    assert client.list_notification_channels() == []


def test_free_busy_and_events_come_in_several_pages(lived_in: Sandbox) -> None:
    client = connected(lived_in)
    busy = client.read_free_busy(tzid="Europe/London")
    assert busy.total > 1
    items = busy.all()
    assert len(items) > 25
    assert {one["free_busy_status"] for one in items} == {"busy", "tentative"}
    # iterating pages by itself too
    pages = client.read_events(tzid="Europe/London", from_date=date(2020, 1, 1))
    assert pages.total > 1
    assert len(list(pages)) > 25
    assert not client.read_events(
        tzid="Europe/London",
        last_modified=datetime.now(UTC) + timedelta(days=1),
        include_deleted=True,
    ).all()


def test_events_are_written_and_deleted(lived_in: Sandbox) -> None:
    client = connected(lived_in)
    calendar = lived_in.accounts[0].calendars[2]
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    event = {
        "event_id": "session-992",
        "summary": "Maths",
        "start": start,
        "end": start + timedelta(hours=1),
    }
    client.upsert_event(calendar, event)
    client.upsert_event(calendar, event | {"summary": "Physics"})
    [written] = client.read_events(tzid="UTC", only_managed=True).all()
    assert (written["event_id"], written["summary"]) == ("session-992", "Physics")
    client.delete_event(calendar, "session-992")
    assert client.read_events(tzid="UTC", only_managed=True).all() == []
    client.upsert_event(calendar, event)
    client.delete_all_events()
    assert client.read_events(tzid="UTC", only_managed=True).all() == []
    client.upsert_event(calendar, event)
    client.delete_all_events(calendar_ids=[calendar])
    assert client.read_events(tzid="UTC", only_managed=True).all() == []


def test_a_batch_tells_what_came_of_each_entry(lived_in: Sandbox) -> None:
    client = connected(lived_in)
    calendar = lived_in.accounts[0].calendars[2]
    event = {
        "event_id": "s-1",
        "summary": "Maths",
        "start": "2026-11-07T15:00:00Z",
        "end": "2026-11-07T16:00:00Z",
    }
    good = BatchBuilder().upsert_event(calendar, event).delete_event(calendar, "s-0")
    assert [entry.status() for entry in client.batch(good).entries] == [202, 202]
    bad = (
        BatchBuilder()
        .upsert_event(calendar, {**event, "summary": ""})
        .upsert_event(calendar, event)
    )
    with pytest.raises(PyCronofyPartialSuccessError) as caught:
        client.batch(bad)
    assert [entry.status() for entry in caught.value.batch_response.entries] == [422, 202]


@pytest.mark.parametrize("response_format", [None, "slots", "overlapping_slots"])
def test_availability_is_found(lived_in: Sandbox, response_format: str | None) -> None:
    client = connected(lived_in)
    day = datetime.now(UTC).replace(microsecond=0) + timedelta(days=300)
    found = client.availability(
        participants={"members": [account.sub for account in lived_in.accounts]},
        required_duration=60,
        available_periods=[{"start": day, "end": day + timedelta(hours=3)}],
        response_format=response_format,
    )
    assert len(found) == {None: 1, "slots": 3, "overlapping_slots": 9}[response_format]
    assert found[0]["participants"] == [{"sub": account.sub} for account in lived_in.accounts]


def test_a_profile_can_be_given_back(lived_in: Sandbox) -> None:
    client = connected(lived_in)
    client.revoke_profile(lived_in.accounts[0].profiles[0])
    assert client.list_calendars() == []


def test_what_the_sandbox_lacks_is_404_in_the_protocols_way(lived_in: Sandbox) -> None:
    client = connected(lived_in)
    with pytest.raises(PyCronofyRequestError) as caught:
        client.list_availability_rules()
    assert caught.value.response.status_code == 404
    assert caught.value.response.content == b""
