"""What the front door costs: our worker for gunicorn beside gunicorn's own (gthread), in one run.

The same applications, processes and threads on both: a bare 204; a push of a storm, when every
connection is owed a read already; a listing.
"""

from collections.abc import Callable, Iterator
from time import perf_counter

from storage.rows import api_keys, coaches
from storage.schema.database import Database
from storage.slots import slot_sets
from tests.benchmarks.bench_pushes import connected
from tests.benchmarks.figures import Figure, Spread, Told
from tests.benchmarks.servers import BARE, WORKER, p99_of, sender, serve
from tests.benchmarks.work import Work
from tests.support import http_load, people
from tests.support.http_load import Answer
from tests.support.processes import Town

WORKERS = {"gthread": "gthread", "ours": WORKER}
COACHES, LINES = 20, 100
APP = "webhooks.app:create_app()"
Send = Callable[[], list[Answer]]
Side = tuple[str, str]
"""What is asked, and of which worker."""


def measure(work: Work) -> Iterator[Told]:
    with work.town() as raised:
        pushes = connected(raised, COACHES)
        _sets(raised.database)
        amount = work.amount(2_000, 300)
        repeated = [pushes[number % COACHES] for number in range(amount)]
        listings = _listings(raised, amount)
        sides: dict[Side, Send] = {}
        for name in WORKERS:
            sides |= _sides(raised, name, repeated, listings)
        yield from _figures(work, sides)


def _sides(raised: Town, name: str, pushes: list[bytes], listings: list[bytes]) -> dict[Side, Send]:
    bare = serve(raised, BARE, worker=WORKERS[name], name=f"bare-{name}")
    product = serve(raised, APP, "/readyz", worker=WORKERS[name], name=name)
    return {
        ("bare", name): sender(bare, pushes, LINES),
        ("push", name): sender(product, pushes, LINES),
        ("listing", name): sender(product, listings, LINES, 200),
    }


def _figures(work: Work, sides: dict[Side, Send]) -> Iterator[Told]:
    slowest: dict[Side, list[float]] = {side: [] for side in sides}
    measured: dict[str, Callable[[], float]] = {}
    for side, send in sides.items():
        measured[" ".join(side)] = _noted(send, slowest[side])
    rates = work.in_turn(measured, work.amount(5, 1))
    for what in ("bare", "push", "listing"):
        ours, theirs = rates[f"{what} ours"], rates[f"{what} gthread"]
        yield Figure(f"front {what}", "answers/s", ours, "gthread", theirs)
        late = [Spread.of(slowest[what, name][1:]) for name in ("ours", "gthread")]
        yield Figure(f"front {what}, p99 over {LINES} lines", "ms", late[0], "gthread", late[1])


def _noted(send: Send, slowest: list[float]) -> Callable[[], float]:
    def measure() -> float:
        began = perf_counter()
        answers = send()
        took = perf_counter() - began
        slowest.append(p99_of(answers))
        return len(answers) / took

    return measure


def _sets(database: Database) -> None:
    for number in range(COACHES):
        with database.write() as tx:
            coach = coaches.get(tx, f"coach-{number}")
            assert coach is not None
            slot_sets.recompute(tx, coach, now=people.NOW)


def _listings(raised: Town, amount: int) -> list[bytes]:
    with raised.database.write() as tx:
        key = api_keys.create_key(tx, "bench", ("slots:read",), now=people.NOW)
    asked = "from=2026-06-01&to=2026-06-15&duration=60"
    prepared = []
    for number in range(COACHES):
        url = f"{raised.api.origin}/v1/coaches/coach-{number}/slots?{asked}"
        prepared.append(http_load.request("GET", url, Authorization=f"Bearer {key}"))
    return [prepared[number % COACHES] for number in range(amount)]
