"""Conferencing in Cronofy's words: what an upsert asks for, and where a link stands."""

from typing import Any

import orjson
import pytest

from domain.accounts import ConferencingProfile
from domain.conferencing import Conferencing
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import (
    ManagedEvent,
    read_conferencing_page,
    read_events,
    read_page,
    read_userinfo,
    request_bodies,
)

LINK = "https://zoom.example/j/1?pwd=a"


def body(asked: Conferencing | None, calls: str | None = None) -> dict[str, Any]:
    event = ManagedEvent("coachcal-1", "Session", "", 0, 3600, "UTC", conferencing=asked)
    found: dict[str, Any] = orjson.loads(request_bodies.event(event, calls))
    return found


def test_an_event_asks_for_its_link_and_names_an_address_for_each_kind_of_call() -> None:
    asked = body(Conferencing("default"), "https://ours.test/webhooks/conferencing/token")
    assert asked["conferencing"] == {"profile_id": "default"}
    assert asked["subscriptions"] == [
        {
            "type": "webhook",
            "uri": f"https://ours.test/webhooks/conferencing/token/{news}",
            "interactions": [{"type": f"conferencing_{news}"}],
        }
        for news in ("assigned", "failing")
    ]


def test_a_link_of_our_own_is_said_and_nobody_calls_about_it() -> None:
    asked = body(Conferencing("explicit", "zoom.example", LINK))
    assert asked["conferencing"] == {
        "profile_id": "explicit",
        "provider_description": "zoom.example",
        "join_url": LINK,
    }
    assert "subscriptions" not in asked
    assert body(None).keys().isdisjoint({"conferencing", "subscriptions"})


@pytest.mark.parametrize(
    ("more", "link"),
    [
        ({}, None),
        ({"conferencing": {"provider_name": "zoom", "join_url": LINK}}, LINK),
        ({"meeting_url": LINK}, LINK),
        ({"conferencing": {"join_url": LINK}, "meeting_url": "https://other.test/"}, LINK),
        ({"conferencing": {"provider_name": "zoom"}, "meeting_url": LINK}, LINK),
        ({"conferencing": None, "meeting_url": None}, None),
        ({"conferencing": "zoom"}, None),
        ({"conferencing": {"join_url": 7}}, None),
        ({"meeting_url": "javascript:alert(1)"}, None),
        ({"meeting_url": "https://a.test@evil.test/"}, None),
        ({"meeting_url": f"https://a.test/{'x' * 5000}"}, None),
    ],
)
def test_a_link_is_read_where_it_stands_and_what_is_none_fails_no_read(
    more: dict[str, Any], link: str | None
) -> None:
    item = {
        "event_id": "coachcal-1",
        "calendar_id": "cal_1",
        "start": "2026-06-02T10:00:00Z",
        "end": "2026-06-02T11:00:00Z",
    }
    page = {"pages": {"current": 1, "total": 1}, "events": [item | more]}
    [event] = read_events([read_page(orjson.dumps(page), "events")])
    assert event.join_url == link
    assert "zoom.example" not in repr(event)


def test_userinfo_lists_the_services_and_the_page_to_connect_one_is_a_web_address() -> None:
    services = [
        {"provider_name": "zoom", "profile_id": "pro_1", "profile_connected": False,
         "profile_relink_url": "https://app.cronofy.com/relink/1"},
        {"provider_name": "msteams", "profile_id": "pro_2"},
    ]  # fmt: skip
    data = {"profiles": [], "authorization": {}, "conferencing_profiles": services}
    account = read_userinfo(orjson.dumps({"sub": "acc_1", "cronofy.data": data}))
    assert account.conferencing == (
        ConferencingProfile("pro_1", "zoom", False, "https://app.cronofy.com/relink/1"),
        ConferencingProfile("pro_2", "msteams"),
    )
    assert account.lacks_service
    page = {"authorization_request": {"url": "https://app.cronofy.com/conferencing/1"}}
    assert read_conferencing_page(orjson.dumps(page)) == "https://app.cronofy.com/conferencing/1"
    for wrong in ({}, {"authorization_request": {"url": "javascript:alert(1)"}}):
        with pytest.raises(BadAnswer):
            read_conferencing_page(orjson.dumps(wrong))
