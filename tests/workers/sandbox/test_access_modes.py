"""Access modes: what a person is offered, what the API shows of each, and invitations."""

from typing import Any

import pytest
import requests

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api, api_of
from tests.workers.sandbox.receiver import Receiver
from workers.cronofy.sandbox.control import ControlFailed, ReadyAccount

OURS = {"event_id": "ours", "summary": "Session"}
TIMES = {"start": "2026-11-03T09:00:00Z", "end": "2026-11-03T10:00:00Z"}
LATER = {"start": "2026-11-04T09:00:00Z", "end": "2026-11-04T10:00:00Z"}
MODES = ("google_free_busy", "ms_graph_free_busy", "cronofy")
WRITE, TIMES_TOO = "read_write", "free_busy_write"


def link(sandbox: Sandbox, scope: str, **asked: str) -> str:
    query = {
        "client_id": sandbox.client_id,
        "redirect_uri": "http://127.0.0.1:9/back",
        "response_type": "code",
        "scope": scope,
    }
    url = requests.Request("GET", f"{sandbox.origin}/oauth/authorize", params=query | asked)
    return str(url.prepare().url)


def person(sandbox: Sandbox, provider: str) -> tuple[ReadyAccount, Api]:
    """Somebody with one event of their own."""
    account = sandbox.control.create_account("Ida", provider=provider, scope=TIMES_TOO)
    sandbox.control.add_event(account.calendars[0], *TIMES.values(), summary="Dentist")
    return account, api_of(sandbox, account)


def write(api: Api, account: ReadyAccount, **times: str) -> None:
    assert api.upsert(account.calendars[0], **OURS, **(times or TIMES)).status_code == 202


def ours(sandbox: Sandbox, account: ReadyAccount) -> dict[str, Any]:
    """The application's event as it is, whoever may see it."""
    for each in sandbox.control.state()["accounts"]:
        if each["sub"] == account.sub:
            events = each["profiles"][0]["calendars"][0]["events"]
            return next(event for event in events if event["event_id"] == "ours")
    raise AssertionError("there is no such account")


@pytest.mark.parametrize("provider", MODES)
def test_a_mode_is_offered_to_an_application_that_asks_for_it(
    sandbox: Sandbox, control: Control, provider: str
) -> None:
    page = requests.get(link(sandbox, TIMES_TOO, provider_name=provider), timeout=60).text
    assert f"<option selected>{provider}</option>" in page
    assert f">{provider}</option>" not in requests.get(link(sandbox, WRITE), timeout=60).text
    with pytest.raises(ControlFailed, match="consent page said 400"):
        control.consent(link(sandbox, WRITE), provider=provider)
    with pytest.raises(ControlFailed, match="consent page said 400"):
        control.consent(link(sandbox, WRITE, provider_name=provider))


@pytest.mark.parametrize("provider", MODES)
def test_a_profile_is_called_after_its_mode(sandbox: Sandbox, provider: str) -> None:
    back = sandbox.control.consent(link(sandbox, TIMES_TOO, provider_name=provider))
    code = back.partition("code=")[2].partition("&")[0]
    asked = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1:9/back",
    }
    granted = requests.post(f"{sandbox.origin}/oauth/token", json=asked, timeout=60).json()
    api = Api(sandbox, granted["access_token"])
    (shown,) = api.get("/v1/userinfo").json()["cronofy.data"]["profiles"]
    for found in (granted["linking_profile"], shown):
        assert (found["provider_name"], found["provider_service"]) == (provider, provider)
    (calendar,) = shown["profile_calendars"]
    assert calendar["calendar_integrated_conferencing_available"] is False


@pytest.mark.parametrize(
    ("provider", "busy", "at_once"),
    [
        ("google", 1, 1),
        ("google_free_busy", 1, 0),
        ("ms_graph_free_busy", 1, 0),
        ("cronofy", 0, 1),
    ],
)
def test_what_a_read_shows_of_each(
    sandbox: Sandbox, provider: str, busy: int, at_once: int
) -> None:
    """The person's own event as a time; ours when it is written, and when it was accepted."""
    account, api = person(sandbox, provider)
    assert len(api.free_busy()) == busy
    write(api, account)
    assert len(api.events(only_managed="true")) == at_once
    assert len(api.free_busy()) == busy
    if provider in MODES:
        sandbox.control.reply(ours(sandbox, account)["event_uid"], "accepted")
    (event,) = api.events(only_managed="true")
    assert (event["event_id"], event["participation_status"]) == ("ours", "accepted")
    # Ours never counts as the person's, unless that is asked for
    assert len(api.free_busy()) == busy


def test_a_free_busy_mode_tells_no_details(sandbox: Sandbox) -> None:
    account, _ = person(sandbox, "google_free_busy")
    token = sandbox.control.grant(account.sub, scope="read_write").access_token
    (event,) = Api(sandbox, token).events()
    assert (event["summary"], event["attendees"]) == ("", [])


@pytest.mark.parametrize("provider", MODES)
def test_an_invitation_is_answered_and_another_time_asks_anew(
    sandbox: Sandbox, provider: str
) -> None:
    account, api = person(sandbox, provider)
    write(api, account)
    uid = ours(sandbox, account)["event_uid"]
    for said in ("tentative", "declined", "accepted"):
        sandbox.control.reply(uid, said)
        assert ours(sandbox, account)["invitation"] == said
    write(api, account)
    assert ours(sandbox, account)["invitation"] == "accepted"
    write(api, account, **LATER)
    assert ours(sandbox, account)["invitation"] == "needs_action"
    assert api.delete(f"/v1/calendars/{account.calendars[0]}/events", OURS).status_code == 202
    assert ours(sandbox, account)["deleted"] is True
    write(api, account, **LATER)
    assert ours(sandbox, account)["invitation"] == "needs_action"


def test_only_an_invitation_can_be_answered(sandbox: Sandbox) -> None:
    account, api = person(sandbox, "google")
    write(api, account)
    event = ours(sandbox, account)
    assert event["invitation"] is None
    with pytest.raises(ControlFailed, match="is no invitation"):
        sandbox.control.reply(event["event_uid"], "accepted")
    with pytest.raises(ControlFailed, match="reply is one of"):
        sandbox.control.reply(event["event_uid"], "perhaps")


def test_nobody_is_told_of_what_nobody_may_read(sandbox: Sandbox, receiver: Receiver) -> None:
    account, api = person(sandbox, "cronofy")
    api.open_channel(receiver.url)
    write(api, account)
    sandbox.control.wait_until_quiet()
    for _ in range(2):
        sandbox.control.add_event(account.calendars[0], *LATER.values())
    sandbox.control.wait_until_quiet()
    assert [each["type"] for each in sandbox.control.deliveries()] == ["verification"]
    sandbox.control.reply(ours(sandbox, account)["event_uid"], "accepted")
    sandbox.control.wait_until_quiet()
    assert [each["type"] for each in sandbox.control.deliveries()] == ["verification", "change"]


def test_a_person_accepts_on_the_page(sandbox: Sandbox) -> None:
    account, api = person(sandbox, "google_free_busy")
    write(api, account)
    page = requests.get(sandbox.origin, timeout=60).text
    assert "invitation: needs_action" in page
    uid = ours(sandbox, account)["event_uid"]
    for said in ("accepted", "declined"):
        form = {"event": uid, "reply": said}
        answer = requests.post(f"{sandbox.origin}/event/reply", data=form, timeout=60)
        assert answer.status_code == 200
        assert ours(sandbox, account)["invitation"] == said
    assert "invitation" not in requests.get(sandbox.origin, timeout=60).text
