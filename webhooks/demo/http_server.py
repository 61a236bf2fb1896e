"""A small server for the demo's own pages, on this machine only, in threads of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from workers.cronofy.sandbox.http11 import SandboxServer

HOST = "127.0.0.1"


@contextmanager
def serving(app: Flask, name: str, port: int = 0) -> Iterator[int]:
    """Until the block ends; yields the port, of which 0 takes any free one. Raises OSError for one
    that is taken.
    """
    server = SandboxServer((HOST, port), app)
    threading.Thread(
        target=server.serve_forever, args=(0.1,), name=f"{name}-http", daemon=True
    ).start()
    try:
        yield server.server_port
    finally:
        server.close(serving=True)
