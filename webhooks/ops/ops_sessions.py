"""Who is at the ops pages: a key with a role here (`roles`), shown once at the login, then a signed
cookie of eight hours.

The cookie (`signed_sessions`) names the key and never holds it; a key that is revoked, expires or
loses the scope ends its sessions at once. A logout ends one for good, whoever has copied its
cookie: the audit knows it. The form of the login carries a token too: its session knows nobody yet.
"""

import re
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import structlog
from flask import Response, abort, g, render_template, request, url_for

from storage.rows import api_keys, audit_log
from storage.rows.audit_log import Deed
from storage.schema import doorways
from webhooks.http.api_key_cache import is_expired
from webhooks.http.context import parts, runtime
from webhooks.http.page_security import see
from webhooks.http.signed_sessions import (
    SessionKind,
    form_is_ours,
    holds_a_nul,
    ids_are_well_formed,
)
from webhooks.ops import roles
from webhooks.ops.roles import Role

log = structlog.get_logger()

LIFE = timedelta(hours=8)
FOREIGN_FORM = (
    "This form is too old, or was not made here. Nothing was done: open the page again and repeat"
    " it."
)
STATIC = "ops.static"
OPEN = ("ops.login_form", "ops.login")
INSIDE = re.compile(r"/ops(/(?!\.\.?(/|$))[\w.~:@+=-]+)*", re.ASCII)
"""Where a login may lead: nowhere else than here, and a browser would climb out over dots."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """`key_id`: empty for somebody who has not logged in. `until`: epoch seconds."""

    key_id: str
    client_id: str
    csrf: str
    until: int

    @property
    def name(self) -> str:
        """As the diary tells it."""
        return f"{self.client_id}/{self.key_id}"

    @property
    def session(self) -> str:
        """Which of their sessions, without what its forms are signed with."""
        return f"session {blake2b(self.csrf.encode(), digest_size=6).hexdigest()}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Visitor":
        return cls(**stored)


SESSIONS = SessionKind(
    family=b"ops pages",
    salt="ops",
    cookie="coachcal-ops",
    life=LIFE,
    framed=False,
    of_json=Visitor.of_json,
)
signer = SESSIONS.signer


def admit() -> Response | None:
    """Before every page: who it is, whether they may enter, and whether what they send came from a
    form of ours.
    """
    g.visitor, g.role = _stranger(), None  # until the database has told more: it may be away
    parts().limits.admit(request.environ)
    if request.endpoint == STATIC:
        return None
    g.visitor, g.role = _visitor()
    doorways.enter("ops", g.visitor.name)
    if not g.visitor.key_id and request.endpoint not in OPEN:
        return _sent_to_login()
    if request.method == "POST" and not form_is_ours(g.visitor.csrf):
        abort(403, FOREIGN_FORM)
    if roles.refuses(g.role, request.method, request.endpoint):
        g.refusal_code = "read_only_role"
        abort(403, roles.REFUSAL)
    if not ids_are_well_formed():
        abort(404, "There is nothing of this name.")
    if g.visitor.key_id and holds_a_nul():  # a login tells by the form of a key
        abort(422, "A NUL character was sent. Nothing was done: go back and take it out.")
    return None


def known() -> dict[str, Any]:
    """What every template knows."""
    return {
        "visitor": g.visitor,
        "may_act": g.role == "acting",
        "now": runtime().services.now(),
        "csrf": g.visitor.csrf,
    }


def login_form() -> Response:
    """GET /ops/login"""
    if g.visitor.key_id:
        return see(url_for("ops.overview"))
    return _form(200)


def login() -> Response:
    """POST /ops/login"""
    services = runtime().services
    key = parts().api_keys.find(request.form.get("key", "").strip())
    if key is None:
        log.warning("ops_login_refused", reason="unknown key")
        parts().limits.wrong(request.environ)
        return _form(
            401,
            "This key is unknown, expired or revoked. Use another, made by: coachcal keys create.",
        )
    role = roles.of_scopes(key.scopes)
    if role is None:
        log.warning("ops_login_refused", reason="scope", client=key.client_id)
        return _form(
            403,
            "This key lacks the scope ops, or ops:read to look and change nothing. Use one that has"
            " it: coachcal keys create CLIENT --scope ops.",
        )
    now = services.now()
    until = int((now + LIFE).timestamp())
    visitor = Visitor(key.id, key.client_id, secrets.token_urlsafe(24), until)
    with services.database.write() as tx:
        deed = Deed(now, visitor.name, "login", key.client_id, f"{visitor.session}, {role}")
        audit_log.note(tx, deed)
    return SESSIONS.give(see(_wanted() or url_for("ops.overview")), visitor)


def logout() -> Response:
    """POST /ops/logout"""
    services = runtime().services
    visitor = g.visitor
    with services.database.write() as tx:
        deed = Deed(services.now(), visitor.name, "logout", visitor.client_id, visitor.session)
        audit_log.note(tx, deed)
    return SESSIONS.take_away(see(url_for("ops.login_form")))


def _visitor() -> tuple[Visitor, Role | None]:
    """The one of the cookie, with their role as it is now; a stranger, with a token for the login
    form, when it is not to be believed.
    """
    found = SESSIONS.find()
    if found is None:
        return _stranger(), None
    if not found.key_id:
        return found, None
    role = _role(found)
    if role is None:
        return _stranger(), None
    return found, role


def _stranger() -> Visitor:
    until = int((runtime().services.now() + LIFE).timestamp())
    return Visitor("", "", secrets.token_urlsafe(24), until)


def _role(visitor: Visitor) -> Role | None:
    """None: their key ended, or they logged out."""
    services = runtime().services
    since = services.now() - LIFE
    with services.database.read() as tx:
        key = api_keys.key_of(tx, visitor.key_id)
        left = audit_log.is_noted(tx, visitor.name, "logout", visitor.session, since=since)
    if left or key is None or key.revoked_at is not None or is_expired(key, services.now()):
        return None
    return roles.of_scopes(key.scopes)


def _sent_to_login() -> Response:
    if request.method != "GET":
        abort(401, "You are not logged in any more. Nothing was done: log in and repeat it.")
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": url_for("ops.login_form")})
    return see(url_for("ops.login_form", next=request.path))


def _form(status: int, refusal: str = "") -> Response:
    page = render_template("ops/login.html", refusal=refusal, next=_wanted())
    return SESSIONS.give(Response(page, status), g.visitor)


def _wanted() -> str:
    """The page of ours that somebody was on the way to; empty for any other place."""
    wanted = request.values.get("next", "")
    if not INSIDE.fullmatch(wanted):
        return ""
    return wanted
