"""A request as a WSGI application wants it (PEP 3333), and its answer as it goes over the line."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from email.utils import formatdate
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog

from webhooks.front import streams

log = structlog.get_logger()

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Headers = Sequence[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
"""Status line, headers, body."""

JOINED_BY = {"HTTP_COOKIE": "; "}
"""What stands between the values of a field that came twice; a comma, of all others."""
WITHOUT_BODY = ("1", "204", "304")
Refuser = Callable[[str, Environ], Answer]
"""How an application refuses what it did not see, or failed at: by its kind (`kinds.KINDS`)."""


def place(server: tuple[str, int], peer: str) -> Environ:
    """What is the same for each request of one connection."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": peer,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def environ(
    place: Environ, method: str, target: bytes, version: str, fields: Iterable[tuple[bytes, bytes]]
) -> Environ:
    """What the head of a request says. `target`: a path, with or without a query.

    A field with an underscore in its name is left out, as by most proxies: it would look like
    another one's.
    """
    path, _, query = target.partition(b"?")
    if b"%" in path:
        path = unquote_to_bytes(path)
    made = place | {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{version}",
    }
    for name, value in fields:
        key = _key(name)
        if not key:
            continue
        text = value.decode("latin-1")
        if key in made:
            text = made[key] + JOINED_BY.get(key, ",") + text
        made[key] = text
    return made


@lru_cache(maxsize=512)
def _key(name: bytes) -> str:
    """The variable of a header field; empty for one that is left out."""
    if b"_" in name:
        return ""
    key = name.decode("latin-1").upper().replace("-", "_")
    if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        return key
    return f"HTTP_{key}"


def with_body(environ: Environ, body: bytes) -> Environ:
    environ["wsgi.input"] = BytesIO(body)
    return environ


def answered(
    application: Application,
    environ: Environ,
    keeps: Callable[[], bool],
    unread: Refuser,
    put: Callable[[bytes], None],
) -> bytes:
    """The octets of what the application answers, whole; of `unread`, where it fails. `keeps`:
    whether the line stays open then. `put`: where all but the end of a stream goes. Raises
    streams.Broken for one that fails half-way.
    """
    head = environ["REQUEST_METHOD"] == "HEAD"
    try:
        answer = _ask(application, environ, keeps, put)
        if isinstance(answer, bytes):
            return answer
        return written(answer, keep=keeps(), head=head)
    except streams.Broken:
        raise
    except Exception:  # whatever it is, the client waits for an answer; the log has it
        log.exception("request_failed")
        return written(unread("fault", environ), keep=keeps(), head=head)


def _ask(
    application: Application,
    environ: Environ,
    keeps: Callable[[], bool],
    put: Callable[[bytes], None],
) -> Answer | bytes:
    """Of a stream, its end."""
    begun: list[Any] = []
    pieces: list[bytes] = []

    def start(status: str, headers: Headers, _error: Any = None) -> Callable[[bytes], None]:
        begun[:] = status, headers
        return pieces.append

    body = application(environ, start)
    try:
        if begun and streams.is_stream(begun[1]):
            if environ["REQUEST_METHOD"] != "HEAD":
                return _stream(environ, begun, body, keeps, put)
        else:
            pieces.extend(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return begun[0], begun[1], b"".join(pieces)


def _stream(
    environ: Environ,
    begun: list[Any],
    body: Iterable[bytes],
    keeps: Callable[[], bool],
    put: Callable[[bytes], None],
) -> bytes:
    # A client of HTTP/1.0 knows the end by the line's.
    chunked = environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    framing = ("Connection", "close")
    if chunked:
        framing = ("Transfer-Encoding", "chunked")
    answer = (begun[0], [*begun[1], framing], b"")
    head = written(answer, keep=keeps() or not chunked, sized=True)
    try:
        return streams.send(body, head, put, chunked=chunked)
    except streams.Broken:
        raise
    except Exception:  # whatever it is, the head is out: only a cut line tells it
        log.exception("stream_failed")
        raise streams.Broken from None


def written(answer: Answer, *, keep: bool, head: bool = False, sized: bool = False) -> bytes:
    """The octets of an answer; `head`: to a HEAD, which gets no body; `sized`: its headers tell
    where it ends.
    """
    status, headers, body = answer
    lines = [f"HTTP/1.1 {status}", f"Date: {_date(int(time.time()))}"]
    for name, value in headers:
        lines.append(f"{name}: {value}")
        sized = sized or name.lower() == "content-length"
    if status.startswith(WITHOUT_BODY):
        body = b""
    elif not sized:
        lines.append(f"Content-Length: {len(body)}")
    if not keep:
        lines.append("Connection: close")
    octets = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if head:
        return octets
    return octets + body


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
