"""P12: cold starts, beside the least that starts the same server.

Each is a new process, from its beginning until it answers: the web to /readyz, the worker to a
wake-up that was waiting, the command line with its help.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from time import monotonic, perf_counter

import redis

from tests.benchmarks import plain_worker
from tests.benchmarks.figures import Figure, Spread, Told, at_most, not_measured
from tests.benchmarks.servers import BARE, serve
from tests.benchmarks.work import PROCESSES, THREADS, Work
from tests.support.processes import Town

ROOT = Path(__file__).parents[2]
PATIENCE = 60
QUEUE = "coachcal:freebusy"
COLD, WARM = 15, 5


def measure(work: Work) -> Iterator[Told]:
    turns = work.amount(5, 1)
    sizes = {
        "COACHCAL_WORKER_PROCESSES": str(PROCESSES),
        "COACHCAL_WORKER_THREADS": str(THREADS),
    }
    with work.town(env=sizes) as raised:
        sides = {
            "a bare gunicorn": _until_stopped(raised, "bare", lambda: _start_bare(raised)),
            "web": _until_stopped(raised, "web", lambda: raised.start("web")),
            "plain dramatiq": _until_stopped(raised, "plain", lambda: _start_plain(raised)),
            "worker": _until_stopped(raised, "worker", lambda: _start_worker(raised)),
            "python -c pass": _command("-c", "pass"),
            "help": _command("-m", "webhooks", "--help"),
        }
        found = work.in_turn(sides, turns)
    starts = (("web", "a bare gunicorn", 1.5), ("worker", "plain dramatiq", 1.5))
    for name, floor, most in (*starts, ("help", "python -c pass", 0.3)):
        goals = (at_most(most),)
        yield Figure(f"P12 {name}", "s", found[name], floor, found[floor], goals)
    if work.quick:
        yield not_measured("P12 demo", "not in a quick run: it takes half a minute")
    else:
        yield from _demo(work, found["a bare gunicorn"])


def _until_stopped(raised: Town, name: str, start: Callable[[], object]) -> Callable[[], float]:
    """A side of `in_turn`: seconds until it serves. It is stopped outside of them."""

    def measure() -> float:
        began = perf_counter()
        start()
        took = perf_counter() - began
        raised.processes.stop(name)
        return took

    return measure


def _start_bare(raised: Town) -> None:
    serve(raised, BARE)


def _start_plain(raised: Town) -> None:
    plain_worker.enqueue(raised.environment["REDIS_URL"], 1)
    plain_worker.start(raised)
    plain_worker.wait(raised.environment["REDIS_URL"], PATIENCE)


def _start_worker(raised: Town) -> None:
    with redis.Redis.from_url(raised.environment["REDIS_URL"]) as client:
        plain_worker.push(client, QUEUE, plain_worker.wake("refresh_freebusy"), 1)
        raised.start("worker")
        plain_worker.until_empty(client, QUEUE, PATIENCE)


def _command(*words: str) -> Callable[[], float]:
    def measure() -> float:
        began = perf_counter()
        subprocess.run(
            [sys.executable, *words], check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE
        )
        return perf_counter() - began

    return measure


def _demo(work: Work, floor: Spread) -> Iterator[Told]:
    """In a copy of what is committed: cold it makes its environment, from what uv keeps."""
    git = which("git")
    if git is None or not (ROOT / ".git").exists():
        yield not_measured("P12 demo", "this is no clone")
        return
    copy = work.new_folder() / "clone"
    subprocess.run([git, "clone", "-q", ROOT, copy], check=True)
    for name, most in (("cold", COLD), ("warm", WARM)):
        work.tell(f"the demo, {name}")
        took = Spread.of([_shown(copy)])
        yield Figure(f"P12 demo {name}", "s", took, "a bare gunicorn", floor, (at_most(most),))


def _shown(copy: Path) -> float:
    """Seconds of the whole story, its environment included."""
    began = monotonic()
    subprocess.run(
        [copy / "run", "demo", "--once"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
        timeout=10 * PATIENCE,
    )
    return monotonic() - began
