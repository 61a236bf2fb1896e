"""What the front door costs: our worker for gunicorn beside gunicorn's own (gthread), in one run.

The same applications, processes and threads on both; they take turns, since the machine has other
work too, and medians of several turns count. A bare 204; a push of a storm, when every connection
is owed a read already; a listing.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from storage import migrations
from storage.rows import api_keys, channels, coaches
from storage.schema.database import create
from storage.slots import slot_sets
from tests.benchmarks.bench_pushes import PROCESSES, THREADS, WORKER, rate, serve
from tests.support import http_load, people, processes
from tests.support.http_load import Answer
from tests.support.postgres import postgres_server
from tests.support.processes import Town
from workers.embedded.redis import redis_server

WORKERS = {"gthread": "gthread", "ours": WORKER}
COACHES, REQUESTS, TURNS, LINES = 20, 2_000, 5, 100
Sides = dict[str, partial[list[Answer]]]
APP, BARE = "webhooks.app:create_app()", "tests.benchmarks.bench_pushes:bare"


def main() -> None:
    with TemporaryDirectory() as folder, postgres_server(None) as server, redis_server() as redis:
        url = server.create_database("bench")
        database = create(url)
        migrations.migrate(database)
        database.close()
        more = processes.FAR_LIMITS | {
            "COACHCAL_WEB_PROCESSES": str(PROCESSES),
            "COACHCAL_WEB_THREADS": str(THREADS),
        }
        with processes.raised(Path(folder), url, redis.url, **more) as raised:
            pushes, listings = _pushes(raised), _listings(raised)
            _report({name: _sides(raised, name, pushes, listings) for name in WORKERS})


def _sides(raised: Town, name: str, pushes: Sequence[bytes], listings: Sequence[bytes]) -> Sides:
    """What is asked of one server, by its name in the report."""
    bare = serve(raised, BARE, worker=WORKERS[name], name=f"bare-{name}")
    product = serve(raised, APP, "/readyz", worker=WORKERS[name], name=name)
    ask = partial(http_load.send, lines=LINES, fine=(200, 204))
    return {"bare": partial(ask, bare, pushes), "push": partial(ask, product, pushes),
            "listing": partial(ask, product, listings)}  # fmt: skip


def _pushes(raised: Town) -> list[bytes]:
    """Each of a connection that is owed a read."""
    requests = []
    for number in range(COACHES):
        with raised.database.write() as tx:
            slot_sets.recompute(
                tx, coaches.put(tx, people.coach(id=f"coach-{number}")), now=people.NOW
            )
        connection_id = people.connect(raised.database, f"coach-{number}", f"acc-{number}")
        with raised.database.write() as tx:
            channels.plan_channel(
                tx, connection_id, channels.channel_hash(f"token-{number}"), b"sealed"
            )
        callback = f"{raised.api.origin}/webhooks/cronofy/token-{number}"
        requests.append(http_load.change(callback, raised.sandbox.client_secret))
    return [requests[number % COACHES] for number in range(REQUESTS)]


def _listings(raised: Town) -> list[bytes]:
    with raised.database.write() as tx:
        key = api_keys.create_key(tx, "bench", ("slots:read",), now=people.NOW)
    asked = "from=2026-06-01&to=2026-06-15&duration=60"
    urls = [
        f"{raised.api.origin}/v1/coaches/coach-{number}/slots?{asked}" for number in range(COACHES)
    ]
    prepared = [http_load.request("GET", url, Authorization=f"Bearer {key}") for url in urls]
    return [prepared[number % COACHES] for number in range(REQUESTS)]


def _report(sides: dict[str, dict[str, partial[list[Answer]]]]) -> None:
    rates: dict[tuple[str, str], list[float]] = {
        (what, name): [] for name in sides for what in sides[name]
    }
    slowest: dict[tuple[str, str], list[float]] = {key: [] for key in rates}
    for _ in range(TURNS + 1):
        for (what, name), found in rates.items():
            answers: list[Answer] = []
            found.append(rate(partial(_kept, sides[name][what], answers)))
            slowest[what, name].append(
                sorted(it.seconds for it in answers)[len(answers) * 99 // 100]
            )
    for what, name in sorted(rates):
        reached, late = (
            median(each[what, name][1:]) for each in (rates, slowest)
        )  # the first is the slowest
        print(
            f"front {what:<8} {name:<8} {reached:.0f}/s, p99 of {LINES} lines {1000 * late:.0f} ms"
        )


def _kept(ask: partial[list[Answer]], answers: list[Answer]) -> list[Answer]:
    answers += ask()
    return answers


if __name__ == "__main__":
    main()
