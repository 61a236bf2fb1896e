"""P3 of the performance goals: pushes answered a second, as a share of what a bare 204 reaches on
the same server.

Both serve with the same workers and threads, on PostgreSQL; they take turns, since the machine has
other work too, and medians of several turns count. No worker reads meanwhile. In a storm every
connection is owed a read already; at a clean edge none is, so that each push is a commit and a
wake-up in Redis.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from storage import migrations
from storage.rows import channels, coaches
from storage.schema import tables
from storage.schema.database import create
from tests.support import http_load, people, processes
from tests.support.http_load import Answer
from tests.support.postgres import postgres_server
from tests.support.processes import Town
from webhooks.demo.processes import free_port, true_process
from workers.embedded.redis import redis_server

PROCESSES, THREADS = 2, 8
STORM, EDGES = 3_000, 1_000
TURNS = 5
WORKER = "webhooks.front.worker.Worker"
SHARES = {"storm": 0.30, "clean edge": 0.15}
BUSIEST_MS = 25


def main() -> None:
    with (
        TemporaryDirectory() as folder,
        postgres_server(None) as server,
        redis_server() as redis,
    ):
        url = server.create_database("bench")
        database = create(url)
        migrations.migrate(database)
        database.close()
        more = processes.FAR_LIMITS | {
            "COACHCAL_WEB_PROCESSES": str(PROCESSES),
            "COACHCAL_WEB_THREADS": str(THREADS),
        }
        with processes.raised(Path(folder), url, redis.url, true_process, **more) as raised:
            raised.start("web")
            _report(raised, serve(raised, "tests.benchmarks.bench_pushes:bare"), _connected(raised))


def bare(_environ: object, start_response: object) -> list[bytes]:
    """The least that a WSGI application does."""
    assert callable(start_response)
    start_response("204 NO CONTENT", [])
    return []


def serve(
    raised: Town, app: str, url: str = "", *, worker: str = WORKER, name: str = "bare"
) -> str:
    """The origin of a server of another application, started as `coachcal serve` starts ours;
    `url`: one it answers.
    """
    port = free_port()
    options = (
        f"--bind=127.0.0.1:{port}",
        f"--workers={PROCESSES}",
        f"--threads={THREADS}",
        f"--worker-class={worker}",
    )
    more = (
        "--no-control-socket",
        "--keep-alive=15",
        "--limit-request-line=8190",
        "--log-level=warning",
    )
    raised.processes.start(name, app, *more, *options, env=raised.environment, module="gunicorn")
    origin = f"http://127.0.0.1:{port}"
    raised.processes.wait_for_url(origin + url)
    return origin


def _connected(raised: Town) -> list[bytes]:
    """As many coaches as there are clean edges in a turn, each connected; and the push of each."""
    pushes = []
    for number in range(EDGES):
        with raised.database.write() as tx:
            coaches.put(tx, people.coach(id=f"coach-{number}"))
        connection_id = people.connect(raised.database, f"coach-{number}", f"acc-{number}")
        with raised.database.write() as tx:
            channels.plan_channel(
                tx, connection_id, channels.channel_hash(f"token-{number}"), b"sealed"
            )
        callback = f"{raised.api.origin}/webhooks/cronofy/token-{number}"
        pushes.append(http_load.change(callback, raised.sandbox.client_secret))
    return pushes


def _report(raised: Town, bare: str, pushes: Sequence[bytes]) -> None:
    ours = raised.api.origin
    storm = [pushes[number % 20] for number in range(STORM)]
    rates: dict[str, list[float]] = {"bare": [], "storm": [], "clean edge": []}
    for _ in range(TURNS + 1):
        rates["bare"].append(rate(partial(http_load.send, bare, storm, lines=100)))
        rates["storm"].append(rate(partial(http_load.send, ours, storm, lines=100)))
        _clean(raised)
        rates["clean edge"].append(rate(partial(http_load.send, ours, pushes, lines=100)))
    floor = median(rates["bare"][1:])  # the first answers of a process are its slowest
    for name, goal in SHARES.items():
        reached = median(rates[name][1:])
        print(
            f"P3 {name:<11} bare 204 {floor:.0f}/s, ours {reached:.0f}/s = {reached / floor:.0%}"
            f" (goal: {goal:.0%})"
        )
    cuts = quantiles([1000 * it.seconds for it in http_load.send(ours, storm, lines=16)], n=100)
    print(f"P3 16 lines    p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms (goal: {BUSIEST_MS} ms)")


def rate(send: partial[list[Answer]]) -> float:
    """Answers a second."""
    began = perf_counter()
    return len(send()) / (perf_counter() - began)


def _clean(raised: Town) -> None:
    """As if every connection had just been read, long after its last read."""
    row = tables.connections.c
    with raised.database.write() as tx:
        tx.execute(
            tables.connections.update().values(
                done_gen=row.req_gen, pushed_since_ms=None, next_attempt_at_ms=0
            )
        )


if __name__ == "__main__":
    main()
