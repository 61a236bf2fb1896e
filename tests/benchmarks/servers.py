"""Applications that do next to nothing, on the server that ours is on: floors of what is asked over
HTTP.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import quantiles

from flask import Flask, Response

from tests.benchmarks.work import PROCESSES, THREADS, per_second
from tests.support import http_load
from tests.support.http_load import Answer
from tests.support.processes import Town
from webhooks.demo.processes import free_port

WORKER = "webhooks.front.worker.Worker"
BARE = "tests.benchmarks.servers:bare"
NO_CONTENT = "tests.benchmarks.servers:no_content()"


def bare(_environ: object, start_response: object) -> list[bytes]:
    """The least that a WSGI application does."""
    assert callable(start_response)
    start_response("204 NO CONTENT", [])
    return []


def no_content() -> Flask:
    """A Flask view that answers 204, whatever comes."""
    app = Flask("no_content")

    def view(path: str = "") -> Response:
        return Response(status=204)

    for rule in ("/", "/<path:path>"):
        app.add_url_rule(rule, rule, view, methods=["GET", "POST"])
    return app


def constant(path: str) -> Flask:
    """One view, which answers what this file holds. gunicorn calls this in each of its workers."""
    app, body = Flask("constant"), Path(path).read_bytes()
    app.add_url_rule("/constant", view_func=lambda: Response(body, mimetype="application/json"))
    return app


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


def rate(send: Callable[[], list[Answer]]) -> Callable[[], float]:
    """A side of `in_turn`: answers a second."""
    return per_second(lambda: len(send()))


def p99(send: Callable[[], list[Answer]]) -> Callable[[], float]:
    """A side of `in_turn`: milliseconds that 99 of 100 answers are within."""
    return lambda: p99_of(send())


def p99_of(answers: list[Answer]) -> float:
    return quantiles([1000 * it.seconds for it in answers], n=100)[98]


def sender(
    origin: str, requests: list[bytes], lines: int, *fine: int
) -> Callable[[], list[Answer]]:
    """Sends all of them once, over so many connections."""
    return partial(http_load.send, origin, requests, lines=lines, fine=fine or (204,))
