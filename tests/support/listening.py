"""An app on a port of its own, for whoever asks over a real socket."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

POLL_SECONDS = 0.02
"""So late it notices that it is to end."""


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nobody reads it."""


class PatientServer(ThreadedWSGIServer):
    """Its end waits for every request that it took.

    A browser that closes does not wait for the last picture it asked for. The app of such a request
    would be taken apart while it answers, and the file that it left open is found in a later test.
    """

    daemon_threads = False  # the others are not waited for

    def __init__(self, app: Any, port: int) -> None:
        super().__init__("127.0.0.1", port, app, Quiet)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        # Browsers keep sockets that they ask nothing by: their threads would wait for ever.
        for request in tuple(self._open):
            with contextlib.suppress(OSError):  # it has just ended by itself
                request.shutdown(socket.SHUT_RD)
        super().server_close()


def whole(app: Any) -> Any:
    """Each answer in one piece: where a browser hangs up in the middle, werkzeug's server leaves a
    static file open.
    """

    def asked(environ: Any, start_response: Any) -> list[bytes]:
        answer = app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            # A list, as WSGI allows it, has nothing to close.
            getattr(answer, "close", tuple)()

    return asked


@contextmanager
def listening(app: Any, port: int = 0) -> Iterator[str]:
    """Answers its origin. The ports of a host are one site: cookies go into frames."""
    server = PatientServer(whole(app), port)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
