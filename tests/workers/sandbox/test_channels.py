"""Channels: get-or-create, filters, and the silence when one is closed."""

from typing import Any

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Receiver


def test_the_same_request_again_is_the_same_channel(
    api: Api, receiver: Receiver, calendar: str
) -> None:
    first = api.open_channel(receiver.url)
    assert api.open_channel(receiver.url) == first
    filtered = api.open_channel(receiver.url, calendar_ids=[calendar])
    assert filtered != first
    assert api.open_channel(receiver.url, calendar_ids=[calendar], only_managed=False) == filtered
    assert api.channels() == [first, filtered]
    assert receiver.wait(2)
    assert receiver.kinds() == ["verification"] * 2


def test_closed_channels_are_not_listed_and_can_be_opened_anew(
    api: Api, control: Control, receiver: Receiver
) -> None:
    first, remote = api.open_channel(receiver.url), api.open_channel(f"{receiver.url}2")
    assert api.delete(f"/v1/channels/{first}", {}).status_code == 202
    control.close_channel(remote)
    assert api.channels() == []
    assert api.delete(f"/v1/channels/{first}", {}).status_code == 404
    assert api.open_channel(receiver.url) not in (first, remote)


def test_channels_of_somebody_else_are_out_of_reach(
    api: Api, control: Control, sandbox: Sandbox, receiver: Receiver
) -> None:
    channel = api.open_channel(receiver.url)
    stranger = Api(sandbox, control.create_account("Stranger").access_token)
    assert stranger.channels() == []
    assert stranger.delete(f"/v1/channels/{channel}", {}).status_code == 404
    assert stranger.open_channel(receiver.url) != channel


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "callback_url"),
        ({"callback_url": "ftp://example.test"}, "callback_url"),
        (
            {"callback_url": "http://x.test", "filters": {"calendar_ids": []}},
            "filters.calendar_ids",
        ),
        (
            {"callback_url": "http://x.test", "filters": {"calendar_ids": ["cal_none"]}},
            "filters.calendar_ids",
        ),
        (
            {"callback_url": "http://x.test", "filters": {"only_managed": "perhaps"}},
            "filters.only_managed",
        ),
        ({"callback_url": "http://x.test", "filters": "all"}, "filters"),
    ],
)
def test_a_wrong_request_is_422_and_named(api: Api, request_: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/channels", request_)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {field}


def test_at_most_128_channels(api: Api) -> None:
    for number in range(128):
        api.open_channel(f"http://127.0.0.1:9/{number}")
    assert api.post("/v1/channels", {"callback_url": "http://127.0.0.1:9/x"}).status_code == 422


def test_filters_decide_who_is_told(
    api: Api, control: Control, receiver: Receiver, calendar: str, profile: str
) -> None:
    # Given a channel for one calendar, and one for the application's own events
    other = control.create_calendar(profile, "Other")
    watching = api.open_channel(receiver.url, calendar_ids=[calendar])
    managing = api.open_channel(receiver.url, only_managed=True)
    receiver.wait(2)
    api.upsert(other, event_id="s-1", summary="own", start="2026-11-03", end="2026-11-04")
    own = control.state()["accounts"][0]["profiles"][0]["calendars"][1]["events"][0]["event_uid"]
    # When the person edits elsewhere, here, and the application's event
    control.add_event(other, "2026-11-03", "2026-11-04")
    control.add_event(calendar, "2026-11-03", "2026-11-04")
    control.move_event(own, "2026-11-05", "2026-11-06")
    # Then each channel hears of its own matter
    told = {one.json["channel"]["channel_id"] for one in receiver.wait(4)[2:]}
    assert told == {watching, managing}
    control.wait_until_quiet()
    assert len(receiver.received) == 4
