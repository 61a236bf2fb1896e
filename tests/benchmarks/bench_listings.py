"""P6 of the performance goals: one coach's slots of 14 days over HTTP, as a share of a view that answers a constant.

The constant is the very same bytes, from a Flask view with nothing around it, on the same server and workers. They take
turns, since the machine has other work too, and medians of several turns count.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import requests
from flask import Flask, Response

from storage import clients, coaches, migrations, slots
from storage.database import create
from tests import cast, sending, town
from tests.sending import Answer
from tests.town import Town
from webhooks.demo.processes import free_port
from workers.embedded.postgres import postgres_server
from workers.embedded.redis import redis_server

PROCESSES, THREADS = 2, 8
COACHES, REQUESTS, TURNS, LINES = 50, 1_000, 11, 16
SHARE, BUSIEST_MS = 0.75, 15
CONSTANT = "COACHCAL_BENCH_CONSTANT"
SERVER = (
    f"--workers={PROCESSES}",
    f"--threads={THREADS}",
    "--worker-class=gthread",
    "--no-control-socket",
    "--keep-alive=15",
    "--log-level=warning",
)


def main() -> None:
    with TemporaryDirectory() as folder, postgres_server(None) as server, redis_server() as redis:
        for url in (f"sqlite:///{Path(folder)}/bench.sqlite", server.create_database("bench")):
            name = url.partition(":")[0]
            database = create(url)
            migrations.migrate(database)
            database.close()
            more = {"COACHCAL_WEB_PROCESSES": str(PROCESSES), "COACHCAL_WEB_THREADS": str(THREADS)}
            (Path(folder) / name).mkdir()
            with town.raised(Path(folder) / name, url, redis.url, **more) as raised:
                raised.start("web")
                _report(name, raised)


def constant() -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """A Flask app with one view. gunicorn calls this in each of its workers."""
    import os

    app, body = Flask("constant"), Path(os.environ[CONSTANT]).read_bytes()
    app.add_url_rule("/constant", view_func=lambda: Response(body, mimetype="application/json"))
    return app


def _report(name: str, raised: Town) -> None:
    asked = _asked(raised)
    turn = partial(sending.send, lines=LINES, fine=(200,))
    bare = _constant(raised, asked[0])
    rates: dict[str, list[float]] = {"constant": [], "ours": []}
    ours: list[Answer] = []
    for _ in range(TURNS + 1):
        rates["constant"].append(_rate(partial(turn, bare, [sending.request("GET", f"{bare}/constant")] * REQUESTS)))
        rates["ours"].append(_rate(partial(turn, raised.api.origin, [asked[n % COACHES] for n in range(REQUESTS)])))
    ours = turn(raised.api.origin, [asked[n % COACHES] for n in range(REQUESTS)])
    floor, rate = (
        median(rates[each][1:]) for each in ("constant", "ours")
    )  # a process's first answers are its slowest
    cuts = quantiles([1000 * it.seconds for it in ours], n=100)
    print(
        f"P6 {name:<11} constant {floor:.0f}/s, ours {rate:.0f}/s = {rate / floor:.0%} (goal: {SHARE:.0%}), "
        f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms (goal: {BUSIEST_MS} ms)"
    )


def _asked(raised: Town) -> list[bytes]:
    """A request for each of some coaches, who are not connected: their state does not change meanwhile."""
    now = datetime.now(UTC)
    with raised.database.write() as tx:
        key = clients.create_key(tx, "bench", ("slots:read",), now=now)
        for number in range(COACHES):
            coach = coaches.put(tx, cast.coach(id=f"coach-{number}", durations=(30, 45, 60, 90), horizon_days=90))
            slots.recompute(tx, coach, now=now)
    since, until = now.date(), now.date() + timedelta(days=14)
    where = f"{raised.api.origin}/v1/coaches/coach-%s/slots?from={since}&to={until}&duration=60"
    return [sending.request("GET", where % n, Authorization=f"Bearer {key}") for n in range(COACHES)]


def _constant(raised: Town, request: bytes) -> str:
    """The origin of a server that answers what ours answered to this request."""
    path = request.split()[1].decode()
    key = request.partition(b"Authorization: ")[2].partition(b"\r\n")[0].decode()
    answer = requests.get(raised.api.origin + path, headers={"Authorization": key}, timeout=10)
    answer.raise_for_status()
    body, port = raised.processes.folder / "constant.json", free_port()
    body.write_bytes(answer.content)
    bind = f"--bind=127.0.0.1:{port}"
    app = "tests.benchmarks.bench_listings:constant()"
    raised.processes.start("constant", app, bind, *SERVER, env={CONSTANT: str(body)}, module="gunicorn")
    origin = f"http://127.0.0.1:{port}"
    raised.processes.wait_for_url(f"{origin}/constant")
    return origin


def _rate(send: Callable[[], list[Answer]]) -> float:
    began = perf_counter()
    return len(send()) / (perf_counter() - began)


if __name__ == "__main__":
    main()
