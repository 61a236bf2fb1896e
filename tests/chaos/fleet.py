"""The product's processes: two each of web, worker and clock, started, killed, frozen, renewed;
watched all the time.

A process that ends without our doing is a broken promise. Its supervisor, which is us, starts it
again all the same.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.chaos.journal import Journal
from tests.support.ports import free_port
from tests.support.processes import threads_of
from webhooks.demo import processes
from webhooks.demo.processes import Process

COMMANDS = {"web": "serve", "worker": "work", "clock": "clock"}
NAMES = tuple(f"{role}-{number}" for role in COMMANDS for number in (1, 2))
STEPPED = ("worker-1", "clock-1")
STEPPED_CLOCKS = Path(__file__).parents[1] / "stepped"
START_SECONDS = 180.0
LEAVE_SECONDS = 30.0
# Whatever was started ends with us, should we be killed: the pipe to this shell is then closed.
WATCHDOG = (
    'while read -r group; do groups="$groups $group"; done; kill -KILL -- $groups 2>/dev/null'
)


@dataclass(eq=False)
class Member:
    """One process and its group. `ready`: of a web process, that it answered /readyz once."""

    name: str
    process: Process
    port: int
    condemned: bool = False
    """Whoever ends it writes that down first; so any other end is its own."""
    frozen: bool = False
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def alive(self) -> bool:
        return not self.condemned and not self.frozen and self.process.poll() is None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Fleet:
    """`balance` is told the port that pushes go to next: each web process in turn, as a balancer
    would.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        journal: Journal,
        balance: Callable[[int], None],
    ) -> None:
        self.members: dict[str, Member] = {}
        self._balance = balance
        self._folder = folder
        self.environment = environment
        self._journal = journal
        self._over = threading.Event()
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG], stdin=subprocess.PIPE, start_new_session=True
        )
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._lock = threading.RLock()

    def open(self) -> None:
        """Start all, wait until both web processes serve, and watch from now on."""
        for name in NAMES:
            self.start(name)
        self.wait_until_ready()
        self._balance(self.members["web-1"].port)
        self._watcher.start()

    def close(self) -> None:
        self._over.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for member in self.members.values():
            member.condemned = True
            self._signal(member, signal.SIGKILL)
            member.process.wait()
        self._watchdog.communicate()

    def start(self, name: str) -> Member:
        role = name.partition("-")[0]
        port = free_port()
        environment = {**os.environ, **self.environment, **self._own_clock(name), "PORT": str(port)}
        environment["PYTHON_DOTENV_DISABLED"] = "1"  # a developer's own .env is no part of it
        with (self._folder / f"{name}.log").open("ab") as log:
            process = processes.true_process(["webhooks", COMMANDS[role]], environment, log)
        assert self._watchdog.stdin is not None
        with self._lock:
            self._watchdog.stdin.write(b"-%d\n" % process.pid)
            self._watchdog.stdin.flush()
            member = self.members[name] = Member(name, process, port)
        if role == "web":
            threading.Thread(target=self._greet, args=(member,), daemon=True).start()
        return member

    def webs(self) -> list[Member]:
        """The web processes that a balancer would send requests to."""
        with self._lock:
            chosen = [member for name, member in self.members.items() if name.startswith("web")]
        return [member for member in chosen if member.ready.is_set() and not member.condemned]

    def kill(self, name: str) -> None:
        """kill -9, children and all."""
        member = self.members[name]
        member.condemned = True
        self._signal(member, signal.SIGKILL)
        member.process.wait()

    def freeze(self, name: str) -> None:
        """Stop every thread of it: kill() returns before the kernel has, and one could still send a
        mail.
        """
        member = self.members[name]
        member.frozen = True
        self._signal(member, signal.SIGSTOP)
        while any(state not in "TXZ" for state in threads_of(member.process.pid)):
            time.sleep(0.001)

    def thaw(self, name: str) -> None:
        member = self.members[name]
        self._signal(member, signal.SIGCONT)
        member.frozen = False

    def renew(self, name: str) -> None:
        """A deploy: the new one first, then the old one is asked to leave, and does so in time."""
        old = self.members[name]
        new = self.start(name)
        if name.startswith("web"):
            new.ready.wait(START_SECONDS)
        old.condemned = True
        os.kill(
            old.process.pid, signal.SIGTERM
        )  # not its group, as a supervisor does: it sees to that
        try:
            old.process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._journal.tell(
                "G9", f"{name} was asked to end and had not after {LEAVE_SECONDS:.0f} s"
            )
            self._signal(old, signal.SIGKILL)
            old.process.wait()

    def wait_until_ready(self) -> None:
        """Until both web processes serve."""
        end = time.monotonic() + START_SECONDS
        while len(self.webs()) < 2:
            assert time.monotonic() < end, (
                f"two web processes do not serve; see their logs in {self._folder}"
            )
            time.sleep(0.05)

    def set_clock(self, name: str, seconds: int) -> None:
        """The machine of that process is so many seconds ahead, from a moment later on; below zero:
        behind.
        """
        self._clock_file(name).write_text(str(seconds))

    def _own_clock(self, name: str) -> dict[str, str]:
        """One worker and one clock live by clocks that can be stepped while they run."""
        if name not in STEPPED:
            return {}
        if not self._clock_file(name).exists():
            self.set_clock(name, 0)
        paths = (str(STEPPED_CLOCKS), os.environ.get("PYTHONPATH", ""))
        return {
            "STEPPED_CLOCK": str(self._clock_file(name)),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }

    def _clock_file(self, name: str) -> Path:
        return self._folder / f"{name}.clock"

    def _greet(self, member: Member) -> None:
        # For as long as it lives: one that is started while the database is frozen serves only
        # when that is over, which may be later than any start takes.
        while member.process.poll() is None:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{member.origin}/readyz", timeout=2).ok:
                    member.ready.set()
                    return
            time.sleep(0.1)

    def _watch(self) -> None:
        turns = itertools.count()
        while not self._over.wait(0.1):
            if webs := self.webs():
                self._balance(webs[next(turns) % len(webs)].port)
            with self._lock:
                ended = [
                    one
                    for one in self.members.values()
                    if one.process.poll() is not None and not one.condemned
                ]
            for member in ended:
                self._journal.ended.append(
                    (self._journal.now(), member.name, member.process.wait())
                )
                self._signal(member, signal.SIGKILL)
                self.start(member.name)

    def _signal(self, member: Member, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(member.process.pid, number)
