"""P6 of the performance goals: one coach's slots of 14 days over HTTP, as a share of a view that
answers a constant.

The constant is the very same bytes, from a Flask view with nothing around it, on the same server
and workers. They take turns, since the machine has other work too, and medians of several turns
count.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import requests
from flask import Flask, Response

from storage import migrations
from storage.rows import api_keys, coaches
from storage.schema.database import create
from storage.slots import slot_sets
from tests.benchmarks.bench_pushes import PROCESSES, THREADS, rate, serve
from tests.support import http_load, people, processes
from tests.support.postgres import postgres_server
from tests.support.processes import Town
from webhooks.demo.processes import true_process
from workers.embedded.redis import redis_server

COACHES, REQUESTS, TURNS, LINES = 50, 1_000, 11, 16
SHARE, BUSIEST_MS = 0.75, 15


def main() -> None:
    with TemporaryDirectory() as folder, postgres_server(None) as server, redis_server() as redis:
        for url in (f"sqlite:///{Path(folder)}/bench.sqlite", server.create_database("bench")):
            name = url.partition(":")[0]
            database = create(url)
            migrations.migrate(database)
            database.close()
            more = processes.FAR_LIMITS | {
                "COACHCAL_WEB_PROCESSES": str(PROCESSES),
                "COACHCAL_WEB_THREADS": str(THREADS),
            }
            (Path(folder) / name).mkdir()
            with processes.raised(
                Path(folder) / name, url, redis.url, true_process, **more
            ) as raised:
                raised.start("web")
                _report(name, raised)


def constant(path: str) -> Flask:
    """One view, which answers what this file holds. gunicorn calls this in each of its workers."""
    app, body = Flask("constant"), Path(path).read_bytes()
    app.add_url_rule("/constant", view_func=lambda: Response(body, mimetype="application/json"))
    return app


def _report(name: str, raised: Town) -> None:
    urls, key = _introduced(raised)
    prepared = [http_load.request("GET", url, Authorization=f"Bearer {key}") for url in urls]
    bare = _constant(raised, urls[0], key)
    turn = partial(http_load.send, lines=LINES, fine=(200,))
    constants = partial(turn, bare, [http_load.request("GET", f"{bare}/constant")] * REQUESTS)
    ours = partial(turn, raised.api.origin, [prepared[n % COACHES] for n in range(REQUESTS)])
    turns = [(rate(constants), rate(ours)) for _ in range(TURNS + 1)]
    floor, reached = map(
        median, zip(*turns[1:], strict=True)
    )  # the first answers of a process are its slowest
    cuts = quantiles([1000 * it.seconds for it in ours()], n=100)
    print(
        f"P6 {name:<11} constant {floor:.0f}/s, ours {reached:.0f}/s = {reached / floor:.0%}"
        f" (goal: {SHARE:.0%}), "
        f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms (goal: {BUSIEST_MS} ms)"
    )


def _introduced(raised: Town) -> tuple[list[str], str]:
    """Where to ask for the slots of some coaches, and a key. Nobody is connected: no state changes
    meanwhile.
    """
    now = datetime.now(UTC)
    with raised.database.write() as tx:
        key = api_keys.create_key(tx, "bench", ("slots:read",), now=now)
        for number in range(COACHES):
            coach = coaches.put(
                tx, people.coach(id=f"coach-{number}", durations=(30, 45, 60, 90), horizon_days=90)
            )
            slot_sets.recompute(tx, coach, now=now)
    asked = f"from={now.date()}&to={now.date() + timedelta(days=14)}&duration=60"
    return [
        f"{raised.api.origin}/v1/coaches/coach-{number}/slots?{asked}" for number in range(COACHES)
    ], key


def _constant(raised: Town, url: str, key: str) -> str:
    """The origin of a server that answers what ours answers here."""
    answer = requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10)
    answer.raise_for_status()
    body = raised.processes.folder / "constant.json"
    body.write_bytes(answer.content)
    return serve(raised, f"tests.benchmarks.bench_listings:constant('{body}')", "/constant")


if __name__ == "__main__":
    main()
