"""One run from beginning to end: the scene, clients among faults, the mending, the counting, the
checks.
"""

import shlex
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos import collect, settle
from tests.chaos.bookers import Booker
from tests.chaos.calling import Caller
from tests.chaos.canary import Canary
from tests.chaos.checks import all_checks
from tests.chaos.draggers import Dragger
from tests.chaos.editors import Editor, Reader, Settler
from tests.chaos.evidence import Evidence, Violation
from tests.chaos.faults import ALL, Fault
from tests.chaos.hosts import network
from tests.chaos.hosts import scene as scattered
from tests.chaos.hosts.faults import HOSTS
from tests.chaos.nemesis import Nemesis
from tests.chaos.people import Times
from tests.chaos.prober import Prober
from tests.chaos.report import Result
from tests.chaos.scene import Kind, Scene, raised
from tests.chaos.seeing import Onlooker

Tell = Callable[[str], None]
BOOKERS = 6
READERS = 2
# Seconds between two requests of one client: about 12 a second in all.
PACE = 0.7
LEAVE_SECONDS = 90.0


@dataclass(frozen=True)
class Options:
    """`times`: how often each fault comes at least, however long that takes. `folder`: empty; logs
    and evidence stay there. `report`: a document to write the table into. `patience`: how many
    times as long as is promised everything may take. `hosts`: over so many of them, each in a
    network namespace; 0: all on this machine.
    """

    seed: int
    seconds: float
    times: int
    only: Sequence[str]
    database: Kind
    folder: Path
    report: Path | None = None
    patience: float = 1.0
    hosts: int = 0

    @property
    def again(self) -> str:
        """The command that plays the same."""
        command = (
            f"./run chaos --seed {self.seed} --seconds {self.seconds:.0f} --times {self.times}"
        )
        command += f" --hosts {self.hosts}" if self.hosts else f" --database {self.database}"
        if len(self.only) < len(self.faults):
            command += f" --only {shlex.join(self.only)}"
        return command

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that there are for such a run."""
        return HOSTS if self.hosts else ALL

    @property
    def where(self) -> str:
        """On what it ran."""
        return f"{self.database}, {self.hosts} hosts" if self.hosts else self.database


@dataclass(frozen=True)
class Outcome:
    result: Result
    versions: dict[str, str]


def run(options: Options, tell: Tell) -> Outcome:
    """Raises what the harness itself stumbled over; broken promises are in the result. Raises
    Impossible where hosts cannot be had.
    """
    each = f"{options.hosts or 2} each"
    tell(f"starting neighbours, {each} of web, worker and clock, and the coaches")
    with _raised(options) as scene:
        scene.patience = options.patience
        chosen = [fault for fault in options.faults if fault.name in options.only]
        left_out = [(fault, why) for fault in chosen if (why := fault.lacks(scene))]
        faults = [fault for fault in chosen if not fault.lacks(scene)]
        nemesis, deliveries = _among_clients(scene, options, faults, tell)
        tell("gathering the evidence")
        evidence = collect.gather(scene, nemesis.episodes, deliveries)
        collect.keep(scene, evidence)
        seconds, versions = scene.journal.now(), scene.versions()
        pushes = list(collect.push_times(scene, deliveries))
        incidents = list(scene.journal.incidents)
    tell("checking")
    violations = [*incidents, *_broken_by_pushes(pushes), *_checked(evidence)]
    acks = [
        (when, each["duration_ms"] / 1000)
        for when, each in pushes
        if each["outcome"] == "delivered"
    ]
    result = Result(
        faults, left_out, nemesis.episodes, evidence.operations, acks, violations, seconds
    )
    return Outcome(result, versions)


@contextmanager
def _raised(options: Options) -> Iterator[Scene]:
    with ExitStack() as stack:
        if options.hosts:
            hosts = stack.enter_context(network.raised(options.hosts))
            yield stack.enter_context(scattered.raised(options.folder, hosts))
        else:
            yield stack.enter_context(raised(options.folder, options.database))


def _broken_by_pushes(pushes: Sequence[tuple[float, dict[str, Any]]]) -> Iterator[Violation]:
    for when, each in pushes:
        if each["status"] == 500:
            yield Violation("G9", f"push {each['number']} was answered with 500", at=when)


def _checked(evidence: Evidence) -> list[Violation]:
    """A check that breaks is no check that passed."""
    try:
        return all_checks(evidence)
    except Exception:  # noqa: BLE001 (whatever it is, the table and the evidence are still of use)
        return [Violation("?", f"a check broke:\n{traceback.format_exc()}")]


def _among_clients(
    scene: Scene, options: Options, faults: Sequence[Fault], tell: Tell
) -> tuple[Nemesis, list[dict[str, Any]]]:
    """Until all is quiet again."""
    over = threading.Event()
    times = Times.from_now()
    onlooker = Onlooker(scene)
    prober = Prober(scene)
    canary = Canary(scene, options.seed, times, onlooker)
    nemesis = Nemesis(scene, canary, options.seed, tell)
    known: dict[tuple[int, int], dict[str, Any]] = {}
    clients = _clients(scene, options.seed, over, times, onlooker)
    with ExitStack() as stack:
        for each in (onlooker, prober):
            each.open()
            stack.callback(each.close)
        stack.callback(over.set)
        for client in clients:
            client.start()
        nemesis.run(
            faults, options.seconds, options.times, lambda: collect.new_deliveries(scene, known)
        )
        over.set()
        settle.heal(scene)
        tell("all is mended; the clients end")
        for client in clients:
            client.join(LEAVE_SECONDS * scene.patience)
        settle.until_quiet(scene, onlooker, tell, steady_looks=1)
        Dragger(scene, "last round", options.seed, over, times=times, pace=PACE).last_round()
        # The first reading finds what coaches did; what is owed for that stands with the second.
        settle.read_all_again(scene)
        settle.until_quiet(scene, onlooker, tell, steady_looks=1)
        settle.read_all_again(scene)
        settle.until_quiet(scene, onlooker, tell)
        collect.new_deliveries(scene, known)
    return nemesis, list(known.values())


def _clients(
    scene: Scene, seed: int, over: threading.Event, times: Times, onlooker: Onlooker
) -> list[threading.Thread]:
    pods: list[dict[str, Any]] = []
    clients: list[Caller] = [
        *(
            Booker(scene, f"booker-{one}", seed, over, times=times, pods=pods, pace=PACE)
            for one in range(BOOKERS)
        ),
        *(
            Reader(scene, f"reader-{one}", seed, over, times=times, pace=PACE)
            for one in range(READERS)
        ),
        Editor(scene, "editor", seed, over, times=times, onlooker=onlooker, pace=PACE),
        Settler(scene, "settler", seed, over, pace=4 * PACE),
        Dragger(scene, "dragger", seed, over, times=times, pace=PACE),
    ]
    return [
        threading.Thread(target=client.run, name=client.name, daemon=True) for client in clients
    ]
