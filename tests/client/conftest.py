"""The web on a port of its own, and a client that knows a key."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from coachcal_client import Client
from dramatiq.brokers.stub import StubBroker
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Answers its origin."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[Desk]:
    with desks.opened(fresh_database("sqlite"), redis_url, broker=StubBroker()) as desk:
        people.introduce(desk.database, people.MAILED)
        desks.connect(desk)
        yield desk


@pytest.fixture
def origin(desk: Desk) -> Iterator[str]:
    with listening(desk.client.application) as origin:
        yield origin


@pytest.fixture
def client(desk: Desk, origin: str) -> Client:
    return Client(origin, desk.key(), timeout=20, patience=20)
