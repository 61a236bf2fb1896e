"""One call: the key, the retries, and what an answer means."""

import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

JSON = "application/json"
PASSING = frozenset({502, 503, 504})
NOT_BEGUN = 429
NOT_THERE = 404
DONE = b'{"status": "accepted"}'
"""What is answered to a DELETE without a key, where anything is."""
LONGEST_WAIT = 30.0


class ClientError(Exception):
    """Whatever a call may raise."""


class NotReached(ClientError):
    """Nobody answered, or not whole; a write may have been done all the same."""


class ApiError(ClientError):
    """A refusal. `code` is stable; `detail` ends with the next step; `problem` is all that was
    answered (RFC 9457); `request_id` is what the operator can look up.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], headers: Message) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.field: str | None = problem.get("field")
        self.request_id = headers.get("X-Request-ID")
        self.retry_after = _seconds(headers.get("Retry-After"))
        super().__init__(f"{status} {self.code}: {self.detail}")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None is followed: the key would go along to wherever it leads."""
        return


class Transport:
    """Safe to share between threads."""

    version: str
    """The date of the form that `models` are: coachcal answers in it, though it has newer ones."""

    def __init__(
        self, origin: str, key: str, *, timeout: float = 30.0, patience: float = 60.0
    ) -> None:
        """`origin`: https://coachcal.example.com; `timeout`: seconds for one try; `patience`: for
        how long a call that may be repeated is.
        """
        self.origin = origin.rstrip("/")
        self.timeout, self.patience = timeout, patience
        self._key = key
        self._opener = urllib.request.build_opener(_Stay)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        raw: bool = False,
    ) -> Any:
        """What was answered: JSON, None where there is nothing, bytes if `raw`.
        Raises ApiError and NotReached.
        """
        sent = {name: value for name, value in (headers or {}).items() if value is not None}
        sent |= {"Authorization": f"Bearer {self._key}", "User-Agent": "coachcal-client"}
        sent["Coachcal-Version"] = self.version
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = JSON
        given = {name: _word(value) for name, value in (query or {}).items() if value is not None}
        url = f"{self.origin}{path}?{urlencode(given, doseq=True)}".rstrip("?")
        request = urllib.request.Request(url, data=content, headers=sent, method=method)  # noqa: S310 (the caller's own origin)
        answer = self._until_answered(request, may_repeat=_may_repeat(method, sent, body))
        if raw:
            return answer
        if not answer:
            return None
        try:
            return json.loads(answer)
        except ValueError:  # a proxy's page, say
            raise NotReached(f"{method} {path}: the answer is no JSON") from None

    def _until_answered(self, request: urllib.request.Request, *, may_repeat: bool) -> bytes:
        ends = time.monotonic() + self.patience
        tried, perhaps_done = 0, False
        while True:
            tried += 1
            try:
                return self._once(request)
            except ApiError as error:
                if perhaps_done and error.status == NOT_THERE and _deletes_anew(request):
                    return DONE  # an earlier try's answer was lost, and this is what it left
                perhaps_done = perhaps_done or error.status in PASSING
                # Of these nothing was begun, or the same key gets the same answer.
                again = error.status == NOT_BEGUN or (may_repeat and error.status in PASSING)
                wait = error.retry_after or _back_off(tried)
                # How long an outage lasts is a guess; when a limit ends is known, and whoever asks
                # before that is only refused again.
                if error.status != NOT_BEGUN:
                    wait = min(wait, LONGEST_WAIT)
                if not again or time.monotonic() + wait > ends:
                    raise
            except NotReached:
                perhaps_done = True
                wait = _back_off(tried)
                if not may_repeat or time.monotonic() + wait > ends:
                    raise
            time.sleep(wait)

    def _once(self, request: urllib.request.Request) -> bytes:
        try:
            return self._answered(request)
        except (OSError, http.client.HTTPException) as error:
            raise NotReached(f"{request.method} {request.selector}: {error}") from error

    def _answered(self, request: urllib.request.Request) -> bytes:
        """Raises ApiError, or whatever cuts an answer off: a refusal's, too."""
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(error.code, _problem(error.read()), error.headers) from None


def part(value: object) -> str:
    """A value as a part of a path."""
    return quote(str(value), safe="")


def new_key() -> str:
    """An Idempotency-Key for one write."""
    return str(uuid4())


def _word(value: Any) -> Any:
    """As JSON writes it: true, and not True."""
    if isinstance(value, bool):
        return json.dumps(value)
    return value


def _may_repeat(method: str, headers: Mapping[str, str], body: Any) -> bool:
    """The race: a change from a version is done, and its answer is lost. Repeated, it would be
    refused as somebody else's.
    """
    if "Idempotency-Key" in headers or method == "GET":
        return True
    return method in ("PUT", "DELETE") and "If-Match" not in headers and not _versioned(body)


def _deletes_anew(request: urllib.request.Request) -> bool:
    """With a key a later try gets the first one's answer: then nothing was there at all."""
    return request.method == "DELETE" and not request.has_header("Idempotency-key")


def _versioned(body: Any) -> bool:
    """Whether it names the version that it was made from, in an item of a list perhaps."""
    if isinstance(body, Mapping):
        return body.get("version") is not None or any(map(_versioned, body.values()))
    return isinstance(body, list) and any(map(_versioned, body))


def _problem(content: bytes) -> Mapping[str, Any]:
    """{} for what a proxy says instead of coachcal."""
    try:
        problem = json.loads(content)
    except ValueError:
        return {}
    if not isinstance(problem, dict):
        return {}
    return problem


def _seconds(header: str | None) -> float | None:
    if header is None or not header.isdecimal():
        return None
    return float(header)


def _back_off(tried: int) -> float:
    """Half a second, doubled each time, and never the same for two clients."""
    most = min(0.5 * 2.0 ** min(tried, 10), LONGEST_WAIT)
    return most * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
