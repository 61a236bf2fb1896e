"""What one request costs: in CPU and not in time, and against what a piece of work costs just now.

A slow machine is no failure.
"""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from typing import cast as cast_to

import pytest
from dramatiq.brokers.stub import StubBroker
from werkzeug.test import EnvironBuilder

from tests.support import http_client as desks
from tests.support.databases import copy_of, in_memory
from tests.support.http_client import Desk
from webhooks.app import App

SIZE = 64_000
MOST, NOISE, USUAL_PACE = 0.1, 0.03, 0.004
Environ = dict[str, Any]
Marks = tuple[str, ...]
Make = Callable[[Marks, int], Environ]
"""A request with a text of these marks, so many bytes long."""


def work() -> float:
    began = time.process_time()
    sum(number * number % 7 for number in range(100_000))
    return time.process_time() - began


def measured_pace() -> float:
    """How much slower this machine is, just now, than one on which the work takes 4 ms;
    at least 1.
    """
    return max(1.0, min(work() for _ in range(5)) / USUAL_PACE)


@pytest.fixture(scope="module")
def pace() -> float:
    return measured_pace()


@pytest.fixture(scope="module")
def steady(sqlite_template: Path) -> Iterator[Desk]:
    limits: dict[str, Any] = {"limit_reads": 0, "limit_writes": 0, "limit_wrong": 0}
    with in_memory() as folder:
        url = copy_of(sqlite_template, Path(folder) / "db.sqlite")
        with desks.opened(url, broker=StubBroker(), **limits) as desk:
            yield desk


def cost(desk: Desk, environ: Environ) -> float:
    """Seconds of CPU for one request."""
    app = cast_to(App, desk.client.application)
    raw = environ["wsgi.input"]
    raw.seek(0)
    said: list[str] = []
    began = time.process_time()
    for _ in app.wsgi_app(dict(environ), lambda status, *_: said.append(status)):
        pass
    spent = time.process_time() - began
    assert said[0] < "500", (said, environ["PATH_INFO"][:80])
    return spent


def check(desk: Desk, make: Make, marks: Marks, size: int, pace: float, where: object) -> None:
    """Cheap, or else linear: 64 kB cost less than 100 ms, and four times as long a text about four
    times as much.
    """
    environ = make(marks, size)
    spent = cost(desk, environ)
    if spent < NOISE * pace:
        return
    spent = min(spent, *(cost(desk, environ) for _ in range(3)))
    quarter = make(marks, size // 4)
    short = min(cost(desk, quarter) for _ in range(3))
    pace = max(pace, measured_pace())  # others may have come to this machine since
    found = f"{where} {marks}: {spent:.3f} s, a quarter of it {short:.3f} s"
    assert spent < MOST * pace, found
    assert spent < 8 * short + NOISE * pace, found


def environ_of(desk: Desk, method: str, path: str, **sent: Any) -> Environ:
    headers = {"Authorization": f"Bearer {desk.key()}", "Idempotency-Key": "k"} | sent.pop(
        "headers", {}
    )
    return EnvironBuilder(path, method=method, headers=headers, **sent).get_environ()


def with_body(environ: Environ, raw: bytes) -> Environ:
    return environ | {"wsgi.input": io.BytesIO(raw), "CONTENT_LENGTH": str(len(raw))}


def on_wire(text: str) -> str:
    """As a WSGI server hands it on."""
    return text.encode().decode("latin-1")
