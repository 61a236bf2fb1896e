"""The product's processes as the demo runs them: the same commands as the Procfile's, each with its
log in a folder.
"""

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn, Protocol

import requests

from webhooks import launch

START_SECONDS = 30.0
# A worker may take seconds to leave politely; killing it loses nothing, which is what the product
# is about.
STOP_SECONDS = 0.5
ROOM = 1_000_000
"""Octets; with less than that free, the disk is what a process died of."""


class StepFailed(Exception):
    """A step of the story did not come out as it must; the text says which, and where
    the logs are.
    """


class Process(Protocol):
    """A process that was started; the leader of a group of its own."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


Starter = Callable[[Sequence[str], Mapping[str, str], IO[bytes]], Process]
"""Starts `python -m` these words in this whole environment, with what it prints in the file."""


def true_process(arguments: Sequence[str], env: Mapping[str, str], log: IO[bytes]) -> Process:
    return subprocess.Popen(  # noqa: S603 (our own command line)
        launch.command(*arguments),
        env=launch.reachable(env),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


class Processes:
    """Started in any order, stopped in the reverse one. Each is a group of its own, so that its
    children go with it.
    """

    def __init__(self, folder: Path, starter: Starter | None = None) -> None:
        self.folder = folder
        self._starter = starter or true_process
        self._running: dict[str, Process] = {}

    def start(
        self, name: str, *arguments: str, env: Mapping[str, str], module: str = "webhooks"
    ) -> None:
        # A .env of whoever runs the demo is for their own processes.
        whole = {
            "PYTHON_DOTENV_DISABLED": "1",
            **os.environ,  # noqa: TID251 (handed on, not read)
            **env,
        }
        with self.log(name).open("ab") as log:
            self._running[name] = self._starter([module, *arguments], whole, log)

    def rename(self, name: str, new: str) -> None:
        self._running[new] = self._running.pop(name)

    def pid(self, name: str) -> int:
        """Also the id of its process group."""
        return self._running[name].pid

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def trouble(self, name: str) -> str:
        """Why it does not run; empty when it does."""
        process = self._running.get(name)
        if process is None:
            return "it was not started"
        code = process.poll()
        if code is None:
            return ""
        return f"it ended with {code}; its last words are in {self.log(name)}"

    def check(self) -> None:
        """Raises StepFailed, with the end of its log, when one of them has ended."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                last = self.log(name).read_text(errors="replace")[-2000:] or "(none)"
                self._fail(f"the {name} process ended with {code}; its last words:\n{last}")

    def stop(self, *names: str) -> None:
        """Stop these (all, when none is named): politely, then for good."""
        chosen = [name for name in reversed(self._running) if not names or name in names]
        for name in chosen:
            _signal(self._running[name], signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for name in chosen:
            process = self._running.pop(name)
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _fail(self, text: str) -> NoReturn:
        """Raises StepFailed; or OSError for a full disk, on which no process leaves any word."""
        if shutil.disk_usage(self.folder).free < ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))
        raise StepFailed(text)

    def wait_for_file(self, path: Path) -> dict[str, Any]:
        """The JSON in a file that a process writes once it is ready."""
        end = time.monotonic() + START_SECONDS
        while not path.exists():
            self.check()
            if time.monotonic() > end:
                self._fail(
                    f"{path.name} did not appear within {START_SECONDS:.0f} s; see {self.folder}"
                )
            time.sleep(0.02)
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def wait_for_url(self, url: str) -> None:
        end = time.monotonic() + START_SECONDS
        while not _answers(url):
            self.check()
            if time.monotonic() > end:
                self._fail(f"{url} did not answer within {START_SECONDS:.0f} s; see {self.folder}")
            time.sleep(0.05)


def _answers(url: str) -> bool:
    with requests.Session() as asking:
        asking.trust_env = False  # a proxy of the machine's knows nothing of this one
        with contextlib.suppress(requests.RequestException):
            return asking.get(url, timeout=2).ok
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
