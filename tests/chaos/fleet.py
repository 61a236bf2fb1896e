"""The product's processes: web, worker and clock at each place, started, killed, frozen, renewed;
watched all the time.

A process that ends without our doing is a broken promise. Its supervisor, which is us, starts it
again all the same.
"""

import contextlib
import itertools
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import requests

from tests.chaos.journal import Journal
from tests.support.places import HERE, Place
from tests.support.ports import free_port
from tests.support.processes import threads_of
from webhooks import launch
from webhooks.demo import processes
from webhooks.demo.processes import Process

COMMANDS = {"web": "serve", "worker": "work", "clock": "clock"}
STEPPED = ("worker-1", "clock-1")
STEPPED_CLOCKS = Path(__file__).parents[1] / "stepped"
START_SECONDS = 180.0
LEAVE_SECONDS = 30.0
NOTICED_SECONDS = 1.5
"""After so long a balancer has found, by its checks of health, that a host does not serve."""
SETTLED_SECONDS = 10.0
"""Requests that were under way when a cable was cut may hang for so long after it was mended."""
FIRST_PORT = 9000
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
    address: str = HERE.address
    out_since: float = math.inf
    """From when on a balancer leaves it out, in seconds of time.monotonic()."""
    reached_since: float = -math.inf
    """From when on nothing lies between it and others; infinite while it is cut off."""

    @property
    def alive(self) -> bool:
        """Whether it has to answer."""
        runs = not self.condemned and not self.frozen and self.process.poll() is None
        return runs and time.monotonic() >= self.reached_since

    @property
    def serves(self) -> bool:
        """Whether a balancer sends it requests."""
        seen_well = self.ready.is_set() and time.monotonic() < self.out_since
        return seen_well and not self.condemned

    @property
    def origin(self) -> str:
        return f"http://{self.address}:{self.port}"


class Fleet:
    """`balance` is told which web process pushes go to next: each in turn, as a balancer would.
    `places`: where there is one of each process; two on this machine, unless there are hosts.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        journal: Journal,
        balance: Callable[[Member], None],
        places: Sequence[Place] = (HERE, HERE),
    ) -> None:
        self.members: dict[str, Member] = {}
        self._balance = balance
        self._folder = folder
        self.environment = environment
        self._journal = journal
        self._places = places
        self._ports = itertools.count(FIRST_PORT)
        self._over = threading.Event()
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", WATCHDOG], stdin=subprocess.PIPE, start_new_session=True
        )
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._lock = threading.RLock()

    def open(self) -> None:
        """Start all, wait until the web processes serve, and watch from now on."""
        for number in range(1, len(self._places) + 1):
            for role in COMMANDS:
                self.start(f"{role}-{number}")
        self.wait_until_ready()
        self._balance(self.members["web-1"])
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
        role, _, number = name.partition("-")
        place = self._places[int(number) - 1]
        port = self._port(place)
        environment = {**os.environ, **self.environment, **self._own_clock(name), "PORT": str(port)}
        environment["COACHCAL_HOST"] = place.address
        environment["PYTHON_DOTENV_DISABLED"] = "1"  # a developer's own .env is no part of it
        with (self._folder / f"{name}.log").open("ab") as log:
            process = _begun(place, ["webhooks", COMMANDS[role]], environment, log)
        assert self._watchdog.stdin is not None
        with self._lock:
            self._watchdog.stdin.write(b"-%d\n" % process.pid)
            self._watchdog.stdin.flush()
            member = self.members[name] = Member(name, process, port, address=place.address)
        if role == "web":
            threading.Thread(target=self._greet, args=(member,), daemon=True).start()
        return member

    def webs(self) -> list[Member]:
        """The web processes that a balancer would send requests to."""
        with self._lock:
            chosen = [member for name, member in self.members.items() if name.startswith("web")]
        return [member for member in chosen if member.serves]

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

    def cut_off(self, host: int) -> None:
        """Nobody reaches what runs on this host: it is not to blame, and is soon left out."""
        for member in self._on(host):
            member.reached_since = math.inf
        self.leave_out(host)

    def leave_out(self, host: int) -> None:
        """A balancer finds that this host is not ready."""
        for member in self._on(host):
            member.out_since = time.monotonic() + NOTICED_SECONDS

    def take_back(self, host: int) -> None:
        """All is well between this host and the others."""
        for member in self._on(host):
            member.out_since = math.inf
            if member.reached_since == math.inf:
                member.reached_since = time.monotonic() + SETTLED_SECONDS

    def names_on(self, host: int) -> list[str]:
        """Of the processes at the first place (1), the second one, ..."""
        return [f"{role}-{host}" for role in COMMANDS]

    def _on(self, host: int) -> list[Member]:
        return [self.members[name] for name in self.names_on(host)]

    def wait_until_ready(self) -> None:
        """Until every web process serves."""
        end = time.monotonic() + START_SECONDS
        while len(self.webs()) < len(self._places):
            assert time.monotonic() < end, (
                f"a web process does not serve; see the logs in {self._folder}"
            )
            time.sleep(0.05)

    def set_clock(self, name: str, seconds: int) -> None:
        """The machine of that process is so many seconds ahead, from a moment later on; below zero:
        behind.
        """
        self._clock_file(name).write_text(str(seconds))

    def _port(self, place: Place) -> int:
        """On a host nobody else listens, and all ports below those of clients are free."""
        return free_port() if place is HERE else next(self._ports)

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
                self._balance(webs[next(turns) % len(webs)])
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


def _begun(
    place: Place, arguments: Sequence[str], environment: Mapping[str, str], log: IO[bytes]
) -> Process:
    if place is HERE:
        return processes.true_process(arguments, environment, log)
    return subprocess.Popen(
        [*place.enter, *launch.command(*arguments)],
        env=launch.reachable(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
