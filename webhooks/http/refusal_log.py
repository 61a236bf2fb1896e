"""What was refused: every refusal is counted, and some of them are kept for the list that ops look
at.

A refusal takes a millisecond, races and attackers make thousands of them. So a row is written after
the answer has left, and only within an allowance: strangers have a small one of their own, and
cannot crowd out those that we know.
"""

import re
import threading
import time
from datetime import timedelta
from http import HTTPStatus

import orjson
import structlog
from flask import Response, g, request
from prometheus_client import Counter
from werkzeug.exceptions import HTTPException

from domain.coaches import ID
from storage.rows import refusals
from storage.rows.refusals import Refusal
from storage.schema.database import Unavailable
from workers.services import Services

log = structlog.get_logger()

AT_ONCE = 20
EVERY = timedelta(seconds=1)
STRANGERS_EVERY = timedelta(seconds=10)
# What requests call the ids by which a coach is found -> what storage calls them.
ABOUT = {
    "coach_id": "coach_id",
    "booking_id": "booking_id",
    "connection_id": "connection_id",
    "session_id": "session_id",
    "pod_id": "session_id",
    "hold_id": "session_id",
}


class LogAllowance:
    """`at_once`, and one more every so often. Safe to share between threads."""

    def __init__(self, at_once: int, every: timedelta) -> None:
        self._most, self._every = float(at_once), every.total_seconds()
        self._left, self._since = self._most, time.monotonic()
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(self._most, self._left + (now - self._since) / self._every)
            self._since = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Refusals:
    """Those of one app. `tell` when something is refused, `keep` once its answer is made."""

    def __init__(self, services: Services, counted: Counter) -> None:
        self._services = services
        self._counted = counted
        self._known = LogAllowance(AT_ONCE, EVERY)
        self._strangers = LogAllowance(AT_ONCE, STRANGERS_EVERY)

    def tell(self, code: str, reason: str | None = None) -> None:
        self._counted.labels(code).inc()
        g.refusal = (code, reason)

    def keep(self, response: Response) -> None:
        """Write it down after it was answered, if it was a refusal at one of our routes."""
        refusal, route = g.pop("refusal", None), request.url_rule
        refused = HTTPStatus.BAD_REQUEST <= response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        if refusal is None or route is None or not refused:
            return
        client, coach_id = _who()
        allowance = self._strangers
        if client or coach_id:
            allowance = self._known
        if not allowance.take():
            return
        code, reason = refusal
        now, where = self._services.corrected_now(), f"{request.method} {route.rule}"
        found = Refusal(now, where, code, reason, client)
        about = _about()
        if coach_id:
            about["coach_id"] = coach_id
        response.call_on_close(lambda: self._write(found, about))

    def _write(self, found: Refusal, about: dict[str, str]) -> None:
        try:
            with self._services.database.write() as tx:
                refusals.note(tx, found, about)
        except Unavailable as error:
            log.warning("refusal_not_kept", error=type(error).__name__)


def _who() -> tuple[str | None, str | None]:
    """Whom we know by a key, and whose page it is; strangers are neither."""
    client, coach_id = None, None
    if key := g.get("key"):
        client = key.client_id
    if guest := g.get("guest"):
        coach_id = guest.coach_id or None
    return client, coach_id


def _about() -> dict[str, str]:
    """The ids by which the request says whom it is about, by storage's names; only what has the
    form of an id.
    """
    given: dict[str, object] = {}
    if g.get("key"):
        given |= _body()
    given |= request.view_args or {}
    found = {}
    for theirs, ours in ABOUT.items():
        value = given.get(theirs)
        if isinstance(value, str) and re.fullmatch(ID, value):
            found[ours] = value
    return found


def _body() -> dict[str, object]:
    """What was sent, as far as it can be read; of a body that is no object: nothing."""
    try:
        body = orjson.loads(request.get_data(parse_form_data=False))
    except (orjson.JSONDecodeError, HTTPException):
        return {}
    if not isinstance(body, dict):
        return {}
    return body
