"""Runs the sandbox:
in this process for tests, or as `coachcal sandbox` until it is told to stop.
"""

import json
import signal
import threading
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from workers.cronofy.sandbox import seeds as seeding
from workers.cronofy.sandbox import state
from workers.cronofy.sandbox.app import LOOPBACK, create_app
from workers.cronofy.sandbox.control import Control, ReadyAccount
from workers.cronofy.sandbox.http11 import SandboxServer
from workers.cronofy.sandbox.seeds import Seed
from workers.cronofy.sandbox.state_file import StateFile, write_whole
from workers.cronofy.sandbox.world import World

PAGE_SIZE = 25


class Sandbox:
    """A Cronofy on a real socket of this process.

    `port` 0 takes any free one; `now` starts the clock elsewhere; `seeds` None makes two people
    with full calendars. A `state_file` that is there wins over `now` and `seeds`; it is made, and
    kept up to date, otherwise. Raises ValueError for a host beyond this machine, UnusableState.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        now: datetime | None = None,
        seeds: Sequence[Seed] | None = None,
        page_size: int = PAGE_SIZE,
        client_id: str | None = None,
        client_secret: str | None = None,
        state_file: Path | None = None,
    ) -> None:
        if host not in LOOPBACK:
            raise ValueError(
                f"{host} is not on this machine: the sandbox has no guard but that; use 127.0.0.1"
            )
        self.world = World(
            now=now, page_size=page_size, client_id=client_id, client_secret=client_secret
        )
        self._file, keep = None, None
        if state_file is not None:
            self._file = StateFile(state_file)
            keep = self._file.keep
        if seeds is None:
            seeds = seeding.DEFAULT
        if self._file is None or not self._file.load(self.world):
            seeding.plant(self.world, seeds)
        # What was told wins over what the file remembers.
        self.world.client_id = client_id or self.world.client_id
        if client_secret is not None:
            self.world.secrets = [client_secret]
        ready = []
        for account in self.world.accounts.values():
            ready.append(ReadyAccount(**state.ready(self.world, account)))
        self.accounts = tuple(ready)
        # Bound here, served from `start` on: with port 0 the origin is known only once it is bound.
        self._server = SandboxServer((host, port), create_app(self.world, keep))
        self._serving = False
        self.origin = self.world.origin = f"http://{host}:{self._server.server_port}"

    @property
    def client_id(self) -> str:
        """The application's id."""
        return self.world.client_id

    @property
    def client_secret(self) -> str:
        """The oldest secret that is still good."""
        return self.world.secrets[0]

    def start(self) -> Self:
        """Serve from now on, in threads of its own."""
        self._serving = True
        if self._file is not None:
            self._file.keep(self.world)
            self._file.start(self.world)
        self.world.pushes.start()
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="sandbox-http", daemon=True
        ).start()
        return self

    def stop(self) -> None:
        """Send no more pushes, end all connections, free the port."""
        # Pushes first: whoever receives one may call back, and still finds somebody.
        self.world.pushes.stop()
        self._server.close(serving=self._serving)
        self._serving = False
        if self._file is not None:
            self._file.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def ready(self) -> dict[str, object]:
        """What the ready-file says:
        `{origin, client_id, client_secret, accounts: [{sub, tokens, calendars}]}`.
        """
        return {
            "origin": self.origin,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "accounts": [asdict(account) for account in self.accounts],
        }


def serve(
    *,
    port: int = 0,
    ready_file: Path | None = None,
    now: datetime | None = None,
    state_file: Path | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
) -> None:
    """Run a sandbox until SIGTERM or SIGINT. Raises UnusableState.
    Writes `ready_file`, at once and whole, when it answers calls.
    """
    # The rules of the pinned tzdata package, as in the product, not this machine's.
    zoneinfo.reset_tzpath(to=())
    # Whoever waits for it must not find the one of the last run.
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)
    stopped = threading.Event()
    made = Sandbox(
        port=port, now=now, state_file=state_file, client_id=client_id, client_secret=client_secret
    )
    with _stopped_by_signals(stopped), made as sandbox:
        # Answered: it serves. The file says so, so nobody who reads it finds a port that is closed.
        with Control(sandbox.origin) as control:
            control.now()
        if ready_file is not None:
            write_whole(ready_file, json.dumps(sandbox.ready(), indent=1).encode())
        stopped.wait()


@contextmanager
def _stopped_by_signals(stopped: threading.Event) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
