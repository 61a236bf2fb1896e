"""Pushes on the wire: signatures, retries, the end of a channel, and every switch."""

import base64
import hashlib
import hmac
from datetime import datetime

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Received, Receiver
from workers.cronofy.sandbox.control import ControlFailed
from workers.cronofy.sandbox.pushes import RETRY_AFTER, sign

WELL_KNOWN = b'{"example":"well-known"}'
PUBLISHED = {
    "pDY0Oi7TJSP2hfNmZNkm5": "6r2/HjBkqymGegX0wOfifieeUXbbHwtV/LohHS+jv6c=",
    "CRN_NggYusqPGLxwjw5FHOJYOqSrTPNXy8WQf14OID": "5DxentQi5YSXODEzTVv06sRwJ3pULIz1KrYv20qxEK0=",
    "CRN_nGlYDFXwfSXgB9rvGNBJyfE454GGPtWIbNuPwr": "BmQmWVuZ70ILWjr1CAt5oC7YOolgnku4WZtlrKfx/6k=",
    "opposable thumbs": "38ArsN7+J/O8joGsgirVEdV16a/+eb+5QgHGIiuv4hk=",
    "aPPwd-ASDFAsdfasdfasdfsadfasdfASDFSADF_asdfasdfasdf": (
        "0g6bhIumRlRffctPXuASSl3u6AXOxnYRw+hiTp7IvTg="
    ),
}


@pytest.fixture
def watched(api: Api, receiver: Receiver, calendar: str) -> str:
    """The calendar, with a channel on it whose verification has arrived."""
    api.open_channel(receiver.url)
    receiver.wait(1)
    return calendar


def edit(control: Control, calendar: str, day: int = 3) -> str:
    return control.add_event(calendar, f"2026-11-{day:02}", f"2026-11-{day + 1:02}")


def digest(secret: str, one: Received) -> str:
    return base64.b64encode(hmac.new(secret.encode(), one.body, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("secret", PUBLISHED)
def test_the_published_vectors_come_out(secret: str) -> None:
    assert sign(WELL_KNOWN, [secret]) == PUBLISHED[secret]


def test_the_published_pair_is_joined_without_a_space() -> None:
    pair = [secret for secret in PUBLISHED if secret.startswith("CRN_")]
    assert sign(WELL_KNOWN, pair) == ",".join(PUBLISHED[secret] for secret in pair)


def test_the_verification_comes_after_the_answer(
    api: Api, control: Control, receiver: Receiver
) -> None:
    receiver.status = 500  # and does not decide about the channel
    channel = api.open_channel(receiver.url)
    [first] = receiver.wait(1)
    assert (first.kind, first.json["channel"]["channel_id"]) == ("verification", channel)
    assert first.headers["content-type"] == "application/json; charset=utf-8"
    assert api.channels() == [channel]


def test_every_edit_of_the_person_pings(control: Control, receiver: Receiver, watched: str) -> None:
    uid = edit(control, watched)
    control.move_event(uid, "2026-11-05", "2026-11-06")
    control.change_event(uid, status="tentative", summary="Perhaps")
    control.delete_event(uid)
    control.change_calendar(watched, name="Renamed")
    received = receiver.wait(6)
    assert [one.kind for one in received] == ["verification"] + ["change"] * 5
    now = control.now()
    for one in received[1:]:
        since = datetime.fromisoformat(one.json["notification"]["changes_since"])
        assert since.microsecond == 0
        assert 0 <= (now - since).total_seconds() < 60


def test_a_silent_edit_does_not_ping(control: Control, receiver: Receiver, watched: str) -> None:
    control.add_event(watched, "2026-11-03", "2026-11-04", notify=False)
    edit(control, watched)
    receiver.wait(2)
    control.wait_until_quiet()
    assert len(receiver.received) == 2


def test_a_signature_per_secret(
    control: Control, sandbox: Sandbox, receiver: Receiver, watched: str
) -> None:
    old = sandbox.client_secret
    new = control.add_secret()
    edit(control, watched)
    both = receiver.wait(2)[1]
    assert both.signature == f"{digest(old, both)},{digest(new, both)}"
    control.drop_secret()
    edit(control, watched)
    last = receiver.wait(3)[2]
    assert last.signature == digest(new, last)
    assert sandbox.client_secret == new


def test_bodies_are_compact_utf8(api: Api, receiver: Receiver) -> None:
    api.open_channel(f"{receiver.url}?who=Zoë")
    [one] = receiver.wait(1)
    assert one.body.startswith(b'{"notification":{"type":"verification"},"channel":{')
    assert "Zoë".encode() in one.body


def test_any_type_can_be_sent(
    control: Control, sandbox: Sandbox, receiver: Receiver, watched: str
) -> None:
    control.notify(sandbox.accounts[0].sub, "something_new_2027", extra={"a": 1})
    assert receiver.wait(2)[1].json["notification"] == {
        "type": "something_new_2027",
        "extra": {"a": 1},
    }


def test_a_failed_push_is_tried_again_until_it_is_taken(
    api: Api, control: Control, receiver: Receiver, watched: str
) -> None:
    receiver.next_statuses = [500, 503, 410]
    control.pushes(retry_scale=0)
    edit(control, watched)
    received = receiver.wait(5)
    assert len({one.body for one in received[1:]}) == 1  # the same bytes each time
    log = control.wait_for_deliveries(5)[1:]
    assert [(one["attempt"], one["status"], one["outcome"]) for one in log] == [
        (1, 500, "failed"),
        (2, 503, "failed"),
        (3, 410, "failed"),
        (4, 200, "delivered"),
    ]
    assert len(api.channels()) == 1


def test_retries_wait_for_the_sandboxs_clock(
    control: Control, receiver: Receiver, watched: str
) -> None:
    receiver.next_statuses = [500, 500]
    control.pushes(retry_scale=100)  # the first retry after 100 s
    edit(control, watched)
    receiver.wait(2)
    assert control.pending() == 1
    control.advance(100)
    receiver.wait(3)
    control.advance(400)
    receiver.wait(4)
    assert [one["status"] for one in control.wait_for_deliveries(4)] == [200, 500, 500, 200]


def test_after_a_day_of_failures_the_channel_is_gone(
    api: Api, control: Control, receiver: Receiver, watched: str
) -> None:
    receiver.status = 500
    edit(control, watched)
    receiver.wait(2)
    control.advance(86_000)
    before = len(RETRY_AFTER)  # all but the last
    receiver.wait(1 + before)
    sub_alive = api.sandbox.control.grant(
        api.sandbox.accounts[0].sub
    )  # a day later the old token is dead
    later = Api(api.sandbox, sub_alive.access_token)
    assert len(later.channels()) == 1
    control.advance(400)
    log = control.wait_for_deliveries(2 + before)
    assert log[-1]["attempt"] == len(RETRY_AFTER) + 1
    control.wait_until_quiet()
    assert later.channels() == []
    receiver.status = 200
    assert later.open_channel(receiver.url) != log[-1]["channel_id"]


def test_an_answer_that_takes_too_long_is_a_failure(
    control: Control, receiver: Receiver, watched: str
) -> None:
    assert control.pushes(timeout=0.1)["retry_scale"] == 1.0  # and 5 s is the default
    receiver.seconds = 0.4
    edit(control, watched)
    late = control.wait_for_deliveries(2)[1]
    assert (late["status"], late["outcome"], late["error"]) == (None, "failed", "ReadTimeout")
    receiver.wait(2)


def test_nobody_there_is_a_failure_like_any_other(api: Api, control: Control) -> None:
    api.open_channel("http://127.0.0.1:9/nobody")
    [first] = control.wait_for_deliveries(1)
    assert (first["status"], first["outcome"], first["error"]) == (
        None,
        "failed",
        "ConnectionError",
    )


def test_pushes_to_a_channel_that_was_closed_meanwhile_are_not_sent(
    api: Api, control: Control, receiver: Receiver, watched: str
) -> None:
    control.pushes(delay=50)
    edit(control, watched)
    control.close_channel(api.channels()[0])
    control.advance(50)
    assert control.wait_for_deliveries(2)[1]["outcome"] == "channel closed"
    assert len(receiver.received) == 1


def test_lost_pushes_never_come(control: Control, receiver: Receiver, watched: str) -> None:
    control.pushes(drop=2)
    for day in (3, 4, 5):
        edit(control, watched, day)
    receiver.wait(2)
    control.wait_until_quiet()
    assert [one["outcome"] for one in control.wait_for_deliveries(4)] == [
        "delivered",
        "dropped",
        "dropped",
        "delivered",
    ]
    assert len(receiver.received) == 2


def test_duplicates_are_the_same_bytes(control: Control, receiver: Receiver, watched: str) -> None:
    control.pushes(duplicate=4)
    edit(control, watched)
    received = receiver.wait(6)[1:]
    assert len({one.body for one in received}) == 1
    assert control.pushes(duplicate=0)["duplicate"] == 0


def test_reordered_pushes_come_last_first(
    control: Control, receiver: Receiver, watched: str
) -> None:
    control.pushes(reorder=3)
    for _ in range(3):
        edit(control, watched)
        control.advance(60)
    stamps = [one.json["notification"]["changes_since"] for one in receiver.wait(4)[1:]]
    assert stamps == sorted(stamps, reverse=True)
    assert len(set(stamps)) == 3


def test_gathered_pushes_are_let_go_when_the_switch_turns(
    control: Control, receiver: Receiver, watched: str
) -> None:
    control.pushes(reorder=10)
    edit(control, watched)
    assert control.pending() == 1
    control.pushes(reorder=0)
    receiver.wait(2)


def test_a_delay_holds_the_first_attempt_back(
    control: Control, receiver: Receiver, watched: str
) -> None:
    control.pushes(delay=3600)
    edit(control, watched)
    assert control.pending() == 1
    assert len(receiver.received) == 1
    control.advance(3600)
    receiver.wait(2)


def test_a_tampered_body_does_not_fit_its_signature_and_the_retry_does(
    control: Control, sandbox: Sandbox, receiver: Receiver, watched: str
) -> None:
    receiver.next_statuses = [403]
    control.pushes(tamper=1, retry_scale=0)
    edit(control, watched)
    _, tampered, genuine = receiver.wait(3)
    assert tampered.signature != digest(sandbox.client_secret, tampered)
    assert genuine.signature == digest(sandbox.client_secret, genuine)
    assert [one["tampered"] for one in control.wait_for_deliveries(3)] == [False, True, False]


def test_the_log_tells_the_story(control: Control, receiver: Receiver, watched: str) -> None:
    edit(control, watched)
    log = control.wait_for_deliveries(2)
    assert [(one["type"], one["status"], one["outcome"]) for one in log] == [
        ("verification", 200, "delivered"),
        ("change", 200, "delivered"),
    ]
    assert log[1]["at"].startswith("2026-11-02T09:24:")
    assert log[1]["callback_url"] == receiver.url
    assert log[1]["duration_ms"] > 0
    assert log[1]["changes_since"].endswith("Z")


def test_an_unknown_switch_is_told(control: Control) -> None:
    with pytest.raises(ControlFailed, match="422"):
        control.pushes(explode=1)
