"""A machine's clock that is wrong at the start, or steps while all run: no work, no lies, no end,
and on it goes.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.support import processes
from tests.support.databases import Kind
from tests.support.processes import Town

STEPPED = Path(__file__).parents[1] / "stepped"
HOUR = timedelta(hours=1)


class Machine:
    """Whose clock is as many seconds ahead as its file says."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.file)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "clock")


@pytest.fixture
def here(
    tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str, machine: Machine
) -> Iterator[Town]:
    """PostgreSQL's clock, and the tests' own, are right."""
    stepped = {"PYTHONPATH": str(STEPPED), "STEPPED_CLOCK": str(machine.file)}
    with processes.raised(tmp_path, fresh_database("postgresql"), redis_url, **stepped) as raised:
        yield raised


def test_a_clock_that_is_off_or_steps_stops_all_work_and_ends_nothing(
    here: Town, machine: Machine
) -> None:
    # Given processes that start on a machine whose clock is off
    machine.set(-120)
    here.start("worker")
    here.start("clock")
    _until(lambda: "clock_off" in _said(here, "worker"))
    _until(lambda: "clock_off" in _said(here, "clock"))
    machine.set(0)
    here.start("web")
    seat, connection = here.connect()
    start = here.a_free_time()
    # When it steps, and a change is pushed
    machine.set(3600)
    _until(lambda: _listing(here).status_code == 503)
    _until(lambda: _said(here, "worker").count("clock_off") >= 2)
    here.control.add_event(seat.calendars[0], start, start + HOUR)
    # Then the push is taken, and nothing else is done by that clock
    here.until_accepted(2)
    assert _listing(here).json()["code"] == "clock_off"
    assert requests.get(f"{here.api.origin}/healthz", timeout=60).status_code == 200
    assert requests.get(f"{here.api.origin}/readyz", timeout=60).status_code == 503
    time.sleep(1)
    row = here.row(connection)
    assert row.done_gen < row.req_gen
    here.processes.check()
    # When it is right again, then the change is there
    machine.set(0)
    _until(lambda: _listing(here).status_code == 200)
    here.wait(lambda found: start.strftime("%Y-%m-%dT%H:%M:%SZ") not in found["starts"])
    assert _said(here, "worker").count("clock_off") <= 2


def _listing(here: Town) -> requests.Response:
    today = datetime.now(UTC).date()
    days = {"from": str(today), "to": str(today + timedelta(days=7)), "duration": "60"}
    return here.api._session.get(f"{here.api.origin}/v1/coaches/ada/slots", params=days, timeout=60)


def _said(here: Town, name: str) -> str:
    return here.processes.log(name).read_text()


def _until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
