"""Signed sessions in a cookie, and the forms that they may send: one mechanism for the pages that
people reach by a link, and for those of ops.

The cookie is the session itself, signed, not sealed. It is good for pages of its kind alone, and
until the time that it names. Each form carries its session's token and comes from a page of ours.
What differs stands where a kind is at home: `page_sessions`, `ops_sessions`.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

import structlog
from flask import Response, request
from itsdangerous import BadData, URLSafeSerializer

from domain.coaches import ID
from domain.errors import Invalid
from webhooks.http import cookies, page_security
from webhooks.http.context import runtime
from workers.settings import Settings

log = structlog.get_logger()


class SignedSession(Protocol):
    @property
    def csrf(self) -> str:
        """What stands in each form of this session."""

    @property
    def until(self) -> int:
        """Epoch seconds."""

    def as_json(self) -> dict[str, Any]: ...


SessionT = TypeVar("SessionT", bound=SignedSession)


@dataclass(frozen=True, slots=True)
class SessionKind(Generic[SessionT]):
    """`family`, `salt`: a signature of this kind is good for no other. `cookie`: its name. `life`:
    how long a browser keeps it. `framed`: it goes along in a frame of another site, where the
    settings allow one. `of_json` may raise Invalid, KeyError and TypeError.
    """

    family: bytes
    salt: str
    cookie: str
    life: timedelta
    framed: bool
    of_json: Callable[[dict[str, Any]], SessionT]

    def signer(self, settings: Settings, purpose: str) -> URLSafeSerializer:
        return page_security.signer(settings, self.family, f"{self.salt} {purpose}")

    def signed(self) -> SessionT | None:
        """Whose cookie the request brings, be their time over; None for one that we did not sign,
        or that a release with other fields did.
        """
        value = request.cookies.get(cookies.cookie_name(self.cookie), "")
        try:
            return self.of_json(self.signer(runtime().settings, "session").loads(value))
        except (BadData, Invalid, KeyError, TypeError):
            return None

    def find(self) -> SessionT | None:
        """The same, and nobody any more once their time is over."""
        found = self.signed()
        if found is None or is_over(found):
            return None
        return found

    def value(self, session: SessionT) -> str:
        """What the cookie holds."""
        value = self.signer(runtime().settings, "session").dumps(session.as_json())
        assert isinstance(value, str)  # noqa: S101 (a URLSafeSerializer makes text)
        return value

    def give(self, response: Response, session: SessionT) -> Response:
        value = self.value(session)
        return cookies.put_cookie(response, self.cookie, value, self.life, framed=self.framed)

    def take_away(self, response: Response) -> Response:
        return cookies.delete_cookie(response, self.cookie)


def is_over(session: SignedSession) -> bool:
    return session.until <= runtime().services.now().timestamp()


def form_is_ours(csrf: str) -> bool:
    """Whether what is sent carries this token, and comes from a page of ours; if not, the log says
    why.
    """
    fault = _fault(csrf)
    if fault:
        log.warning("page_refused", reason=fault, page=request.endpoint)
    return not fault


def _fault(csrf: str) -> str:
    if page_security.foreign_origin():
        return "foreign origin"
    sent = request.form.get("csrf", "")
    if not hmac.compare_digest(sent.encode(), csrf.encode()):
        return "csrf"
    return ""


def ids_are_well_formed() -> bool:
    """Of those in the path: no database is asked for a NUL."""
    ids = (request.view_args or {}).values()
    return all(re.fullmatch(ID, each) for each in ids)


def holds_a_nul() -> bool:
    """Whether one stands in a field, or in the query: nobody types it, and PostgreSQL fails at
    it.
    """
    for fields in (request.args, request.form):
        for texts in fields.listvalues():
            if any("\0" in text for text in texts):
                return True
    return False
