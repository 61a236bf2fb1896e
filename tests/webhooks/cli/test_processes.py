"""The demo and the sandbox as a person starts them: real processes, real output."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest
import requests

from tests.support import forks
from tests.support.forks import Fork
from tests.webhooks.cli.dead_ends import GOOD, is_a_sentence

pytestmark = pytest.mark.timeout(400)  # a demo starts four processes, on any machine
ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def coachcal(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return forks.run("webhooks", *arguments, env=ENVIRONMENT, seconds=300)


@contextmanager
def started(*arguments: str) -> Iterator[tuple[Fork, TextIO]]:
    """The process, and what it prints."""
    out, into = os.pipe()
    with Path(os.devnull).open() as nothing, os.fdopen(out) as told:
        files = [nothing.fileno(), into, into]
        process = forks.parent().fork(["webhooks", *arguments], ENVIRONMENT, files)
        os.close(into)
        try:
            yield process, told
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_the_demo_tells_the_whole_story_and_ends_well() -> None:
    """From the true command line, as are the processes that it starts."""
    command = [sys.executable, "-m", "webhooks", "demo", "--once"]
    told = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=300
    )
    assert told.returncode == 0, told.stdout + told.stderr
    for word in (
        "Mira",
        "Jonas",
        "Suki",
        "push: change, signed, answered 204",
        "push to visible",
        "all",
        "are back",
    ):
        assert word in told.stdout
    for word in (
        "Grace books Mira",
        "REQUEST, SEQUENCE 1",
        "CANCEL, SEQUENCE 2",
        "the event is gone",
        "seats_full",
    ):
        assert word in told.stdout
    assert re.search(r"refresh: version \d+ -> \d+", told.stdout)
    assert "The whole story came out right" in told.stdout


def test_the_demo_takes_anybody_s_calendar_and_goes_to_its_busiest_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    events = [("20190403T100000Z", "20190403T110000Z"), ("20190411T100000Z", "20190411T110000Z")]
    (tmp_path / "mine.ics").write_text(
        _calendar([*events, ("20180105T100000Z", "20180105T110000Z")])
    )
    told = coachcal("demo", "--once", "--calendar", "mine.ics")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "the clock is at 2019-04-01" in told.stdout
    assert "mine.ics" in told.stdout


def test_the_demo_fails_with_the_reason_for_a_file_that_is_no_calendar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.ics").write_text("milk, eggs")
    told = coachcal("demo", "--once", "--calendar", "notes.ics")
    assert told.returncode == 1
    assert "notes.ics" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_demo_fails_when_a_step_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar that is busy all day, every day: there is nothing that could be shown to close."""
    monkeypatch.chdir(tmp_path)
    daily = "RRULE:FREQ=DAILY\n"
    (tmp_path / "full.ics").write_text(_calendar([("20260101T000000Z", "20260102T000000Z")], daily))
    told = coachcal("demo", "--once", "--calendar", "full.ics")
    assert told.returncode == 1
    assert "no coach has an open slot" in told.stderr


def all_run(index: str) -> None:
    """Each part answers the index within two seconds, at some look on a machine that others use."""
    end = time.monotonic() + 60
    while (page := requests.get(index, timeout=60).text).count(">Runs<") != 5:
        assert time.monotonic() < end, page
        time.sleep(0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_serves_until_it_is_told_to_stop_and_leaves_nothing_running(
    number: signal.Signals,
) -> None:
    with started("demo") as (process, printed):
        told = ""
        while not told.startswith("  slots"):
            told = printed.readline()
            assert told, "it ended before it served"
            shown = re.search(r"http://127\.0\.0\.1:\d+", told)
            if shown:
                assert requests.get(shown[0] + "/docs", timeout=60).status_code in (200, 404)
            if shown and told.startswith("  begin here"):
                all_run(shown[0])
                week = requests.get(f"{shown[0]}/as/participant/suki", timeout=60)
                assert (week.status_code, "Suki" in week.text) == (200, True)
        os.kill(process.pid, number)
        assert process.wait(60) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(shown[0] if shown else "", timeout=60)


def test_the_sandbox_says_how_to_reach_it_once_it_serves(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with started("sandbox", "--port", "0", "--ready-file", str(ready)) as (process, _):
        end = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.02)
        said = json.loads(ready.read_text())
        account = said["accounts"][0]
        bearer = {"Authorization": f"Bearer {account['access_token']}"}
        userinfo = requests.get(f"{said['origin']}/v1/userinfo", headers=bearer, timeout=30).json()
        assert userinfo["sub"] == account["sub"]
        assert account["calendars"]
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.parametrize("command", ["serve", "work", "clock", "migrate"])
def test_a_command_without_its_settings_names_them_and_ends(command: str) -> None:
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-m", "webhooks", command],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 1
    assert "DATABASE_URL" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_clock_whose_port_is_taken_says_so_once_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = _bare(
            "clock", DATABASE_URL=f"sqlite:///{tmp_path}/x", COACHCAL_CLOCK_METRICS_PORT=port
        )
    assert told.returncode == 1
    is_a_sentence(told.stderr, "COACHCAL_CLOCK_METRICS_PORT")
    assert port in told.stderr


def test_help_comes_at_once() -> None:
    """No library that takes a second to import stands before the list of commands."""
    heavy = ("babel", "dramatiq", "flask", "numpy", "pydantic", "redis", "requests", "sqlalchemy")
    code = (
        f"import sys; from webhooks.cli import main; sys.exit(set({heavy}) & set(sys.modules) or 0)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr


def test_a_scenario_from_a_closed_stdin_is_a_sentence() -> None:
    told = _bare("evaluate", "-", before=("sh", "-c", 'exec "$@" <&-', "sh"))
    assert told.returncode == 2
    assert "Error: Invalid value for 'FILE': stdin is closed" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_demo_without_its_extra_says_what_to_install() -> None:
    without = (
        "import sys; sys.modules['aiosmtpd'] = None; from webhooks.cli import main;"
        " main(['demo', '--once'])"
    )
    told = subprocess.run(
        [sys.executable, "-c", without], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 1
    is_a_sentence(told.stderr, "pip install 'coachcal[embedded]'")


def _bare(
    *arguments: str, before: tuple[str, ...] = (), **settings: str
) -> subprocess.CompletedProcess[str]:
    """A command with these settings and what every command needs."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **GOOD, **settings}
    command = [*before, sys.executable, "-m", "webhooks", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def _calendar(events: list[tuple[str, str]], more: str = "") -> str:
    body = "".join(
        f"BEGIN:VEVENT\nUID:{number}@example.test\nDTSTART:{start}\nDTEND:{end}\n{more}SUMMARY:Busy\nEND:VEVENT\n"
        for number, (start, end) in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//coachcal//tests//EN\n{body}END:VCALENDAR\n"
