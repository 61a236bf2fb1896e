"""One HTTP exchange with Cronofy: bounded in time and in size, and silent about secrets.

Quirks of requests that are switched off here: environment and .netrc (which would replace the
bearer), cookies (one session serves many accounts), redirects (whose bodies it reads whole even
when it does not follow), and time-outs that begin anew with every byte, so that an answer which
trickles never ends.
"""

from __future__ import annotations

import io
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from socket import socket
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from workers import tracing
from workers.cronofy import outside as outside_only
from workers.cronofy.errors import BadAnswer, CronofyError, Unavailable
from workers.deadlines import BoundedReader, Deadline

_CHUNK = 1 << 16

REUSED_FOR_SECONDS = 30.0
"""A NAT or a firewall drops what was quiet for longer, and tells nobody: a new connection costs
less than finding out, which takes the whole deadline of a call.
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `template` is its path without ids: all that logs and errors ever say of it."""

    method: str
    template: str
    url: str = field(repr=False)
    bearer: str | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = True
    """Whether sending it twice does no harm."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    reads_body: bool = True
    """Otherwise the status is the answer, and the body is left where it is."""

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes = field(repr=False)
    retry_after: str | None
    """The header as it came."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and to wait for more bytes."""

    connect: float = 3.0
    read: float = 30.0


class Transport:
    """Sends calls, one Session per thread. Safe to share between threads."""

    def __init__(
        self,
        *,
        timeouts: Timeouts,
        max_bytes: int,
        user_agent: str,
        monotonic: Callable[[], float],
        outside: bool = False,
    ) -> None:
        """`outside`: it connects to addresses in the internet alone."""
        self._timeouts = timeouts
        self._max_bytes = max_bytes
        self._user_agent = user_agent
        self._monotonic = monotonic
        self._pools = POOLS
        if outside:
            self._pools = OUTSIDE_POOLS
        self._own = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()

    def exchange(self, call: Call, deadline: float) -> HttpAnswer:
        """The answer, whatever its status, all of it before `deadline` (a reading of `monotonic`).

        Raises Unavailable when none came or it was cut, BadAnswer when it is larger than
        `max_bytes` or cannot be unpacked.
        """
        with tracing.span(str(call), "CLIENT"):
            answer = self._exchange(call, deadline)
            tracing.tell(status=answer.status)
            return answer

    def _exchange(self, call: Call, deadline: float) -> HttpAnswer:
        limit = Deadline(deadline, self._monotonic, longest=self._timeouts.read)
        mark = _LIMIT.set(limit)
        failure: CronofyError
        try:
            with self._session(call) as session:
                return self._send(session, call, limit)
        except _TooLarge:
            failure = BadAnswer(
                f"{call} answered more than {self._max_bytes} bytes; ask for less at a time"
            )
        except requests.exceptions.ContentDecodingError as error:
            failure = BadAnswer(
                f"{call} answered in a broken encoding ({type(error).__name__}); try again later"
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = Unavailable(
                f"{call} got no whole answer ({type(error).__name__}); try again later"
            )
        finally:
            _LIMIT.reset(mark)
        # Out here, so that the library's error, which holds the request, is not chained to it
        raise failure

    def close(self) -> None:
        """Give all connections back. Calls may still be made: they open new ones."""
        for session in list(self._sessions):
            session.close()

    def _send(self, session: requests.Session, call: Call, limit: Deadline) -> HttpAnswer:
        headers = dict(call.headers)
        if call.bearer:
            headers["Authorization"] = f"Bearer {call.bearer}"
        response = session.request(
            call.method,
            call.url,
            data=call.body,
            headers=headers,
            timeout=(min(self._timeouts.connect, limit.wait()), limit.wait()),
            allow_redirects=False,
            stream=True,
        )
        with response:
            body = b""
            if call.reads_body:
                body = self._body(response)
            return HttpAnswer(response.status_code, body, response.headers.get("Retry-After"))

    def _body(self, response: requests.Response) -> bytes:
        chunks, size = [], 0
        # Counted as it is unpacked: a megabyte of gzip may hold a gigabyte, and Content-Length says
        # only what it cost to send.
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > self._max_bytes:
                raise _TooLarge
            chunks.append(chunk)
        return b"".join(chunks)

    @contextmanager
    def _session(self, call: Call) -> Iterator[requests.Session]:
        """This thread's session; a fresh one for a call that cannot be repeated, lest it dies of a
        connection that the other side closed in the meantime.
        """
        if not call.repeatable:
            with self._new_session() as session:
                yield session
            return
        # One for each thread: nobody promises that a Session may be shared between threads.
        own = self._own
        if not hasattr(own, "session"):
            own.session = self._new_session()
            self._sessions.add(own.session)
        elif self._monotonic() - own.used_at > REUSED_FOR_SECONDS:
            # The race: the network forgets a connection while nobody uses it. Whoever then asks on
            # it hears nothing until the deadline, and has no time left for a second try.
            # Closed, a session opens new ones.
            own.session.close()
        try:
            yield own.session
        finally:
            own.used_at = self._monotonic()

    def _new_session(self) -> requests.Session:
        session = _Session()
        # A .netrc would put its own login in the bearer's place.
        session.trust_env = False
        # One session serves many accounts: a cookie of one must not go along with another's call.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(
            {
                "User-Agent": self._user_agent,
                "Content-Type": "application/json; charset=utf-8",
                "Accept": "application/json",
            }
        )
        # No retries of urllib3's own: they know neither the budget nor the deadline.
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=1, max_retries=0)
        adapter.poolmanager.pool_classes_by_scheme = self._pools
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session


class _TooLarge(Exception):
    """The answer is larger than allowed."""


# urllib3 makes the objects in between and passes nothing of ours on to them, so the limit travels
# beside the call.
_LIMIT: ContextVar[Deadline] = ContextVar("limit of the current exchange")


class _BoundedResponse(HTTPResponse):
    """Status line, headers and body come through the bounded reader."""

    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(BoundedReader(self.fp.detach(), sock, _LIMIT.get))


class _Http(HTTPConnection):
    response_class = _BoundedResponse


class _Https(HTTPSConnection):
    response_class = _BoundedResponse


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _OutsideHttp(_Http):
    def _new_conn(self) -> socket:
        return outside_only.connected(self)


class _OutsideHttps(_Https):
    def _new_conn(self) -> socket:
        return outside_only.connected(self)


class _OutsideHttpPool(HTTPConnectionPool):
    ConnectionCls = _OutsideHttp


class _OutsideHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _OutsideHttps


POOLS = {"http": _HttpPool, "https": _HttpsPool}
OUTSIDE_POOLS = {"http": _OutsideHttpPool, "https": _OutsideHttpsPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, ever: asked for one,
        requests would read the redirect's body whole, however large.
        """
