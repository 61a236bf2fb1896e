"""A forked process is, in all that tests see of it, what its command line starts."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.support import forks
from webhooks.demo.processes import Process

THREADS = 8
ROOT = Path(__file__).parents[2]


def true(way: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.a_process", way],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("way", ["facts", "becomes"])
def test_a_fork_is_what_its_command_line_is(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "TZ": "Asia/Tokyo"}
    env["dramatiq_worker_timeout"] = "20"
    forked = forks.run("tests.a_process", way, env=env)
    assert json.loads(forked.stdout) == json.loads(true(way, env).stdout), forked.stderr


@pytest.mark.parametrize(
    ("way", "code", "said"),
    [
        ("exit", 3, ""),
        ("sentence", 1, "a sentence\n"),
        ("error", 1, "an error\n"),
        ("kill", -9, ""),
    ],
)
def test_it_ends_as_that_does(way: str, code: int, said: str) -> None:
    forked = forks.run("tests.a_process", way)
    assert (forked.returncode, forked.stdout) == (code, "")
    assert forked.stderr.endswith(said)


def test_what_reads_its_environment_as_it_is_imported_is_no_fork(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        process = forks.process(["tests.a_process", "exit"], env, log)
    assert isinstance(process, subprocess.Popen)
    assert process.wait(60) == 3


def test_any_number_of_threads_may_ask_how_it_ended(tmp_path: Path) -> None:
    together = Barrier(THREADS)

    def ended(process: Process) -> int:
        together.wait(60)
        return process.wait(60)

    with (tmp_path / "log").open("wb") as log, ThreadPoolExecutor(THREADS) as threads:
        for _ in range(5):
            process = forks.process(["tests.a_process", "exit"], os.environ, log)
            codes = list(threads.map(ended, [process] * THREADS))
            assert codes == [3] * THREADS
