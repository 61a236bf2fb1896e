"""What servers load before they fork, and that workers start anew."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.databases import Kind
from tests.support.ports import free_port
from tests.support.processes import Town, raised, until_served
from webhooks import launch
from webhooks.demo.processes import true_process

LOADED = """
import gc
from webhooks import launch
launch.load({module!r})
import sys
assert gc.isenabled()
assert gc.get_freeze_count() > 10_000
assert {module!r} in sys.modules
"""


NOT_LOADED = """
import sys
import webhooks.app
loaded = [name for name in sys.modules if name.startswith(("authlib", "joserfc"))]
assert loaded == [], loaded
"""


@pytest.fixture
def town(
    fresh_database: Callable[[Kind], str], redis_url: str, tmp_path: Path
) -> Iterator[tuple[Town, str]]:
    """With nobody working yet, and where its workers tell their figures."""
    port = free_port()
    more = {"COACHCAL_WORKER_METRICS_PORT": str(port), "COACHCAL_WORKER_PROCESSES": "2"}
    url = fresh_database("sqlite")
    with raised(tmp_path, url, redis_url, true_process, **more) as raised_town:
        yield raised_town, f"http://127.0.0.1:{port}/metrics"


@pytest.mark.parametrize("module", ["webhooks.front.worker", "workers.bootstrap"])
def test_what_is_loaded_is_left_alone_and_the_rest_collected(module: str) -> None:
    run = subprocess.run(
        launch.command("timeit", "-n1", "-r1", LOADED.format(module=module)),
        env=launch.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr


def test_a_web_process_without_a_login_provider_loads_no_library_for_one() -> None:
    run = subprocess.run(
        [sys.executable, "-c", NOT_LOADED],
        env=launch.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr


def test_workers_start_anew_at_a_hangup_with_the_same_words(town: tuple[Town, str]) -> None:
    here, metrics = town
    here.start("worker")
    until_served(here.processes, metrics)
    main = here.processes.pid("worker")
    workers, words = _children(main), _words(main)
    assert len(workers) >= 2
    os.kill(main, signal.SIGHUP)
    _until(lambda: len(_children(main) - workers) >= 2)
    until_served(here.processes, metrics)
    here.processes.check()
    assert _words(main)[0] == sys.executable
    assert _words(main) == words


def _children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def _until(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
