"""A sandbox that keeps its state in a file goes on where it was, whatever stopped it."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.sandbox import Sandbox
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Receiver
from workers.cronofy.sandbox import state_file
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.server import Sandbox as PlainSandbox
from workers.cronofy.sandbox.state_file import StateFile, UnusableState
from workers.cronofy.sandbox.world import World

ROOT = Path(__file__).parents[3]
THEN = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def reopened(path: Path) -> Iterator[Callable[..., Sandbox]]:
    """A sandbox over the file; each call stops the one before."""
    last: list[Sandbox] = []

    def again(**told: Any) -> Sandbox:
        for each in last:
            each.stop()
        last[:] = [Sandbox(state_file=path, **told).start()]
        return last[0]

    yield again
    for each in last:
        each.stop()


def tokens(sandbox: Sandbox) -> list[str]:
    return [account.refresh_token for account in sandbox.accounts]


def events(sandbox: Sandbox, token: str) -> list[dict[str, Any]]:
    return sorted(Api(sandbox, token).events(include_deleted="true"), key=str)


def test_a_restart_changes_nothing_that_an_application_can_see(
    reopened: Callable[..., Sandbox], path: Path
) -> None:
    # Given people whose calendars the application reads and writes, by tokens of its own
    sandbox = reopened(now=THEN)
    mira, jonas = sandbox.accounts
    api = Api(sandbox, mira.access_token)
    day = {"start": "2026-11-09T10:00:00Z", "end": "2026-11-09T11:00:00Z"}
    api.upsert(mira.calendars[0], event_id="s-1", summary="Session", **day)
    sandbox.control.add_event(mira.calendars[0], "2026-11-10T10:00:00", "2026-11-10T11:00:00")
    sandbox.control.break_profile(jonas.profiles[0])
    channel_id = api.open_channel("http://127.0.0.1:9/")
    sandbox.control.advance(60)
    before = sandbox.control.state()
    seen = events(sandbox, mira.access_token)
    # When it is started again
    again = reopened(now=THEN + timedelta(days=9))
    # Then it knows the application, and tokens, events, channels and ailments are what they were
    assert (again.client_id, again.client_secret) == (sandbox.client_id, sandbox.client_secret)
    assert tokens(again) == tokens(sandbox)
    assert events(again, mira.access_token) == seen
    after = again.control.state()
    assert after["accounts"] == before["accounts"]
    assert after["channels"] == before["channels"]
    assert [one["id"] for one in after["channels"]] == [channel_id]
    # and its clock went on
    assert THEN + timedelta(seconds=60) <= again.control.now() < THEN + timedelta(days=1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_that_are_told_win_over_those_that_were_kept(
    reopened: Callable[..., Sandbox],
) -> None:
    reopened(seeds=())
    told = reopened(client_id="cid_ours", client_secret="CRN_ours")
    assert (told.client_id, told.client_secret) == ("cid_ours", "CRN_ours")
    kept = reopened()
    assert (kept.client_id, kept.client_secret) == ("cid_ours", "CRN_ours")


def test_pushes_and_links_on_their_way_arrive_after_a_restart(
    reopened: Callable[..., Sandbox], receiver: Receiver
) -> None:
    # Given a push, a link that comes in a minute, and a call that says so
    sandbox = reopened(now=THEN)
    mira = sandbox.accounts[0]
    api = Api(sandbox, mira.access_token)
    api.open_channel(receiver.url)
    receiver.wait(1)
    sandbox.control.conferencing("assigned", seconds=60)
    sandbox.control.pushes(delay=60)
    sandbox.control.add_event(mira.calendars[0], "2026-11-10T10:00:00Z", "2026-11-10T11:00:00Z")
    api.upsert(
        mira.calendars[0],
        event_id="s-1",
        summary="Session",
        start="2026-11-09T10:00:00Z",
        end="2026-11-09T11:00:00Z",
        conferencing={"profile_id": "default"},
    )
    assert len(receiver.kinds()) == 1
    # When it is started again before they are due
    again = reopened()
    assert again.control.pending() == 1
    again.control.advance(61)
    # Then they come
    receiver.wait(2)
    [event] = Api(again, mira.access_token).events(only_managed="true")
    assert event["conferencing"]["join_url"]


def test_what_is_over_for_long_is_let_go(reopened: Callable[..., Sandbox], path: Path) -> None:
    sandbox = reopened(now=datetime.now(UTC) - timedelta(days=200))
    kept = path.stat().st_size
    # Given that nobody touches the calendars, and every token is too old
    sandbox.control.advance(timedelta(days=200).total_seconds())
    # Then little but the people is left
    assert path.stat().st_size < kept / 10
    state = json.loads(path.read_text())
    assert state["access"] == {}


def test_a_date_that_is_turned_ahead_and_back_loses_nothing(
    reopened: Callable[..., Sandbox],
) -> None:
    sandbox = reopened()
    mira, _ = sandbox.accounts
    today, before = sandbox.control.now(), events(sandbox, mira.access_token)
    sandbox.control.advance(timedelta(days=400).total_seconds())
    back = {"set": today.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert requests.post(f"{sandbox.origin}/sandbox/clock", json=back, timeout=60).ok
    assert events(sandbox, mira.access_token) == before
    assert before


def test_half_of_a_surrogate_pair_is_kept_like_any_title(reopened: Callable[..., Sandbox]) -> None:
    sandbox = reopened()
    mira, _ = sandbox.accounts
    day = {"start": "2026-11-09T10:00:00Z", "end": "2026-11-09T11:00:00Z"}
    body = {"event_id": "s-1", "summary": "\ud800", **day}
    path = f"/v1/calendars/{mira.calendars[0]}/events"
    assert Api(sandbox, mira.access_token).post(path, body).status_code == 202
    again = Api(reopened(), mira.access_token)
    [event] = again.events(only_managed="true")
    assert event["summary"] == "\ud800"


def test_what_goes_wrong_once_is_kept_a_second_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given that nothing can be written, for a reason that nobody thought of
    monkeypatch.setattr(state_file, "SECONDS", 0.01)
    whole, failed = state_file.write_whole, threading.Event()

    def fails(*_: Any) -> None:
        failed.set()
        raise RecursionError

    world, file = World(), StateFile(path)
    monkeypatch.setattr(state_file, "write_whole", fails)
    file.start(world)
    assert failed.wait(30)
    # When it can be written again
    monkeypatch.setattr(state_file, "write_whole", whole)
    # Then it is
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    file.stop()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no state of a sandbox"),
        ("[]", "no state of a sandbox"),
        ('{"version": 1}', "no state of a sandbox"),
        ('{"version": 2}', "has version 2, and this sandbox reads 1: name another file"),
    ],
)
def test_a_file_that_is_something_else_is_refused_and_left_alone(
    path: Path, content: str, said: str
) -> None:
    path.write_text(content)
    with pytest.raises(UnusableState, match=said):
        PlainSandbox(state_file=path)
    assert path.read_text() == content


def test_a_file_is_one_sandboxs_alone(reopened: Callable[..., Sandbox], path: Path) -> None:
    first = reopened(seeds=())
    with pytest.raises(UnusableState, match="another sandbox uses"):
        PlainSandbox(state_file=path)
    first.stop()
    PlainSandbox(state_file=path).stop()


def test_whoever_is_stopped_in_the_middle_of_a_write_has_the_file_until_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a write that is under way
    monkeypatch.setattr(state_file, "SECONDS", 0.01)
    monkeypatch.setattr(state_file, "LAST_SECONDS", 60.0)
    whole, began, may_end = state_file.write_whole, threading.Event(), threading.Event()

    def held_up(path: Path, content: bytes) -> None:
        began.set()
        assert may_end.wait(60)
        whole(path, content)

    monkeypatch.setattr(state_file, "write_whole", held_up)
    world, file = World(), StateFile(path)
    file.start(world)
    assert began.wait(30)
    # When its sandbox stops, then nobody else has the file
    stopping = threading.Thread(target=file.stop)
    stopping.start()
    stopping.join(0.2)
    with pytest.raises(UnusableState, match="another sandbox uses"):
        StateFile(path)
    # And once that is written somebody has, and a late call writes no more
    may_end.set()
    stopping.join(60)
    StateFile(path).stop()
    with pytest.raises(ControlError, match="stops"):
        file.keep(world)


def test_a_change_that_cannot_be_kept_is_not_answered_as_done(
    reopened: Callable[..., Sandbox], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = reopened(seeds=())
    before = path.read_bytes()
    monkeypatch.setattr(state_file, "LARGEST", 10)
    url = f"{sandbox.origin}/sandbox/accounts"
    answer = requests.post(url, json={"name": "Ada"}, timeout=60)
    assert answer.status_code == 507
    assert "delete events" in answer.json()["error"]
    assert path.read_bytes() == before


def ready(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    end = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@contextmanager
def running(folder: Path) -> Iterator[tuple[dict[str, Any], subprocess.Popen[bytes]]]:
    """`coachcal sandbox` with everything told, as a platform would start it each morning."""
    file = folder / "ready.json"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "webhooks", "sandbox", "--port", "0"]
    command += ["--ready-file", str(file), "--state", str(folder / "state.json")]
    command += ["--client-secret", "CRN_told"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            yield ready(file, process), process
        finally:
            process.kill()


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    with running(tmp_path) as (first, process):
        made = requests.post(
            f"{first['origin']}/sandbox/accounts", json={"name": "Ada"}, timeout=60
        ).json()
        os.kill(process.pid, signal.SIGKILL)
    with running(tmp_path) as (second, _):
        assert second["client_id"] == first["client_id"]
        assert second["client_secret"] == "CRN_told"
        bearer = {"Authorization": f"Bearer {made['access_token']}"}
        answer = requests.get(f"{second['origin']}/v1/userinfo", headers=bearer, timeout=60)
        assert answer.json()["sub"] == made["sub"]
