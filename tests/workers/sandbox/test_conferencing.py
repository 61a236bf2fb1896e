"""Links of conferencing in the sandbox: they come to events after they were written, and calls say
so, or do not.
"""

from typing import Any

import pytest
import requests

from tests.support.sandbox import Control
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Receiver

ASSIGNED, FAILING = "conferencing_assigned", "conferencing_failing"
OURS = {"profile_id": "explicit", "join_url": "https://ours.test/"}
DAY = {"start": "2026-11-09T10:00:00Z", "end": "2026-11-09T11:00:00Z"}


def write(api: Api, calendar: str, url: str = "", **event: Any) -> int:
    wanted = [{"type": kind} for kind in (ASSIGNED, FAILING)]
    subscription = {"type": "webhook", "uri": url, "interactions": wanted}
    body: dict[str, Any] = {
        "event_id": "s-1",
        "summary": "Session",
        "conferencing": {"profile_id": "default"},
    }
    if url:
        body["subscriptions"] = [subscription]
    return api.upsert(calendar, **body | DAY | event).status_code


def link(api: Api) -> str | None:
    [event] = api.events(only_managed="true")
    found: str | None = event.get("conferencing", {}).get("join_url")
    assert found == event.get("meeting_url")
    return found


@pytest.mark.parametrize(
    ("way", "calls", "has_link"),
    [
        ("assigned", [ASSIGNED], True),
        ("late", [ASSIGNED], True),
        ("twice", [ASSIGNED, ASSIGNED], True),
        ("failing_then_assigned", [FAILING, ASSIGNED], True),
        ("failing", [FAILING], False),
        ("never", [], True),
    ],
)
def test_a_link_comes_as_was_ordered(
    api: Api,
    control: Control,
    receiver: Receiver,
    calendar: str,
    way: str,
    calls: list[str],
    has_link: bool,
) -> None:
    control.conferencing(way, seconds=60)
    assert write(api, calendar, receiver.url) == 202
    # Not with the write: it is assigned later
    assert link(api) is None
    control.advance(59)
    assert link(api) is None
    control.advance(1)
    assert (link(api) is not None) is has_link
    receiver.wait(len(calls))
    control.wait_until_quiet()
    assert receiver.kinds() == calls
    # And a later write keeps it, without a word
    before = link(api)
    write(api, calendar, receiver.url, summary="Moved")
    control.advance(120)
    control.wait_until_quiet()
    assert link(api) == before
    assert receiver.kinds() == calls


def test_a_link_may_come_with_the_write(api: Api, control: Control, calendar: str) -> None:
    control.conferencing(seconds=0)
    write(api, calendar)
    assert str(link(api)).startswith("https://meet.example/")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"profile_id": "integrated"}, 202),
        (OURS | {"provider_description": "Ours"}, 202),
        (OURS, 422),
        ({"profile_id": "pro_unknown"}, 422),
        ("zoom", 422),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_looked_at(
    api: Api, control: Control, calendar: str, asked: Any, status: int
) -> None:
    control.conferencing(seconds=0)
    assert write(api, calendar, conferencing=asked) == status
    if status == 202:
        assert link(api)


def test_a_service_is_connected_on_a_page_and_makes_the_links(
    api: Api, control: Control, calendar: str
) -> None:
    control.conferencing(seconds=0)
    asked = {"redirect_uri": "https://ours.test/back"}
    answer = api.post("/v1/conferencing_service_authorizations", asked)
    page = answer.json()["authorization_request"]["url"]
    assert 'value="zoom"' in requests.get(page, timeout=60).text
    done = requests.post(page, data={"service": "zoom"}, timeout=60, allow_redirects=False)
    assert (done.status_code, done.headers["Location"]) == (302, "https://ours.test/back")
    [profile] = services(api)
    assert (profile["provider_name"], profile["profile_connected"]) == ("zoom", True)
    write(api, calendar, conferencing={"profile_id": profile["profile_id"]})
    assert "/zoom/" in str(link(api))


def test_a_service_that_lost_its_login_is_told_and_makes_no_links(
    api: Api, control: Control, receiver: Receiver, calendar: str
) -> None:
    control.conferencing(seconds=0)
    zoom = control.add_conferencing(api.sandbox.accounts[0].sub)
    api.open_channel(receiver.url)
    receiver.wait(1)
    control.break_conferencing(zoom)
    receiver.wait(2)
    write(api, calendar, receiver.url)
    receiver.wait(3)
    assert receiver.kinds() == ["verification", "conferencing_profile_disconnected", FAILING]
    assert link(api) is None
    [profile] = services(api)
    requests.post(profile["profile_relink_url"], timeout=60)
    assert services(api)[0]["profile_connected"]


def services(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/userinfo").json()["cronofy.data"][
        "conferencing_profiles"
    ]
    return found
