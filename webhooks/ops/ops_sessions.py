"""Who is at the ops pages: a key with a role here (`roles`), shown once at the login, or a person
of the login provider (`oidc_logins`); then a signed cookie of eight hours.

The cookie (`signed_sessions`) names the key and never holds it; a key that is revoked, expires or
loses the scope ends its sessions at once. A group that a person loses at the provider is known here
at their next login, in eight hours at the latest; one that the settings name no more, at once. A
logout ends a session for good, whoever has copied its cookie: the audit knows it. The form of the
login carries a token too: its session knows nobody yet.
"""

import re
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

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
from webhooks.ops.visitors import Visitor

log = structlog.get_logger()

LIFE = timedelta(hours=8)
Scopes = tuple[str, ...]
FOREIGN_FORM = (
    "This form is too old, or was not made here. Nothing was done: open the page again and repeat"
    " it."
)
STATIC = "ops.static"
OPEN = ("ops.login_form", "ops.login", "ops.oidc_begin", "ops.oidc_finish")
INSIDE = re.compile(r"/ops(/(?!\.\.?(/|$))[\w.~:@+=-]+)*", re.ASCII)
"""Where a login may lead: nowhere else than here, and a browser would climb out over dots."""


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
    # Until the database has told more: it may be away.
    g.visitor, g.scopes, g.role = _stranger(), (), None
    parts().limits.admit(request.environ)
    if request.endpoint == STATIC:
        return None
    g.visitor, g.scopes = _visitor()
    g.role = roles.of_scopes(g.scopes)
    doorways.enter("ops", g.visitor.id)
    if not g.visitor.is_known and request.endpoint not in OPEN:
        return _sent_to_login()
    if request.method == "POST" and not form_is_ours(g.visitor.csrf):
        abort(403, FOREIGN_FORM)
    if roles.refuses(g.role, request.method, request.endpoint):
        g.refusal_code = "read_only_role"
        abort(403, roles.refusal(of_key=bool(g.visitor.key_id)))
    if not ids_are_well_formed():
        abort(404, "There is nothing of this name.")
    if g.visitor.is_known and holds_a_nul():  # a login tells by the form of a key
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
    if g.visitor.is_known:
        return see(url_for("ops.overview"))
    return form(200)


def login() -> Response:
    """POST /ops/login"""
    key = parts().api_keys.find(request.form.get("key", "").strip())
    if key is None:
        log.warning("ops_login_refused", reason="unknown key")
        parts().limits.wrong(request.environ)
        return form(
            401,
            "This key is unknown, expired or revoked. Use another, made by: coachcal keys create.",
        )
    role = roles.of_scopes(key.scopes)
    if role is None:
        log.warning("ops_login_refused", reason="scope", client=key.client_id)
        return form(
            403,
            "This key lacks the scope ops, or ops:read to look and change nothing. Use one that has"
            " it: coachcal keys create CLIENT --scope ops.",
        )
    visitor = Visitor(key.id, key.client_id, secrets.token_urlsafe(24), ends())
    return enter(visitor, role, wanted())


def enter(visitor: Visitor, role: Role, place: str) -> Response:
    """A session of their own begins, and takes the place of any that the browser had."""
    services = runtime().services
    with services.database.write() as tx:
        detail = f"{visitor.session}, {role}"
        target = visitor.client_id or visitor.id
        audit_log.note(tx, Deed(services.now(), visitor.name, "login", target, detail))
    return SESSIONS.give(see(place or url_for("ops.overview")), visitor)


def ends() -> int:
    """When a session is over that begins now, in epoch seconds."""
    return int((runtime().services.now() + LIFE).timestamp())


def logout() -> Response:
    """POST /ops/logout"""
    services = runtime().services
    visitor = g.visitor
    target = visitor.client_id or visitor.id
    with services.database.write() as tx:
        deed = Deed(services.now(), visitor.name, "logout", target, visitor.session)
        audit_log.note(tx, deed)
    return SESSIONS.take_away(see(url_for("ops.login_form")))


def _visitor() -> tuple[Visitor, Scopes]:
    """The one of the cookie, with their scopes as they are now; a stranger, with a token for the
    login form, when it is not to be believed.
    """
    found = SESSIONS.find()
    if found is None:
        return _stranger(), ()
    if not found.is_known:
        return found, ()
    scopes = _scopes(found)
    if roles.of_scopes(scopes) is None:
        return _stranger(), ()
    return found, scopes


def _stranger() -> Visitor:
    return Visitor("", "", secrets.token_urlsafe(24), ends())


def _scopes(visitor: Visitor) -> Scopes:
    """None: their key ended, the provider is no more the one that we ask, or they logged out."""
    services = runtime().services
    since = services.now() - LIFE
    with services.database.read() as tx:
        if audit_log.is_noted(tx, visitor.name, "logout", visitor.session, since=since):
            return ()
        key = api_keys.key_of(tx, visitor.key_id)
    if visitor.subject:
        if visitor.issuer != services.settings.oidc_issuer:
            return ()
        return roles.scopes_of_groups(visitor.groups, services.settings)
    if key is None or key.revoked_at is not None or is_expired(key, services.now()):
        return ()
    return key.scopes


def _sent_to_login() -> Response:
    if request.method != "GET":
        abort(401, "You are not logged in any more. Nothing was done: log in and repeat it.")
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": url_for("ops.login_form")})
    return see(url_for("ops.login_form", next=request.path))


def form(status: int, refusal: str = "", code: str = "") -> Response:
    """The login, with what was wrong with the one before."""
    provider = urlsplit(runtime().settings.oidc_issuer or "").hostname
    page = render_template(
        "ops/login.html", refusal=refusal, code=code, next=wanted(), provider=provider
    )
    return SESSIONS.give(Response(page, status), g.visitor)


def wanted() -> str:
    """The page of ours that somebody was on the way to; empty for any other place."""
    place = request.values.get("next", "")
    if not INSIDE.fullmatch(place):
        return ""
    return place
