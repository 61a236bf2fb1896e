"""Who is at the ops pages: a key of scope `ops`, shown once at the login, then a signed cookie of
eight hours.

The cookie names the key and never holds it; a key that is revoked, expires or loses the scope ends
its sessions at once. A logout ends one for good, whoever has copied its cookie: the audit knows it.
Every form carries the session's CSRF token, the login too: its session knows nobody yet.
"""

import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import structlog
from flask import Response, abort, g, render_template, request, url_for
from itsdangerous import BadData, URLSafeSerializer

from domain.coaches import ID
from storage.rows import api_keys, audit_log
from storage.rows.audit_log import Deed
from webhooks.http import page_security
from webhooks.http.context import parts, runtime
from webhooks.http.page_security import over_https, see
from workers.settings import Settings

log = structlog.get_logger()

SCOPE = "ops"
LIFE = timedelta(hours=8)
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


def signer(settings: Settings, purpose: str) -> URLSafeSerializer:
    return page_security.signer(settings, b"ops pages", f"ops {purpose}")


def admit() -> Response | None:
    """Before every page: who it is, whether they may enter, and whether what they send came from a
    form of ours.
    """
    g.visitor = _stranger()  # until the database has told more: it may be away
    parts().limits.admit(request.environ)
    if request.endpoint == STATIC:
        return None
    g.visitor = _visitor()
    if not g.visitor.key_id and request.endpoint not in OPEN:
        return _sent_to_login()
    sent = request.form.get("csrf", "")
    ours = not page_security.foreign_origin() and hmac.compare_digest(
        sent.encode(), g.visitor.csrf.encode()
    )
    if request.method == "POST" and not ours:
        abort(
            403,
            (
                "This form is too old, or was not made here. Nothing was done: open the page again"
                " and repeat it."
            ),
        )
    for value in (request.view_args or {}).values():
        if not re.fullmatch(ID, value):
            abort(404, "There is nothing of this name.")
    return None


def known() -> dict[str, Any]:
    """What every template knows."""
    return {"visitor": g.visitor, "now": runtime().services.now(), "csrf": g.visitor.csrf}


def login_form() -> Response:
    """GET /ops/login"""
    if g.visitor.key_id:
        return see(url_for("ops.overview"))
    return _form(200)


def login() -> Response:
    """POST /ops/login"""
    services = runtime().services
    key = parts().keyring.find(request.form.get("key", "").strip())
    if key is None:
        log.warning("ops_login_refused", reason="unknown key")
        parts().limits.wrong(request.environ)
        return _form(
            401,
            "This key is unknown, expired or revoked. Use another, made by: coachcal keys create.",
        )
    if SCOPE not in key.scopes:
        log.warning("ops_login_refused", reason="scope", client=key.client_id)
        return _form(
            403,
            (
                "This key lacks the scope ops. Use one that has it: coachcal keys create CLIENT"
                " --scope ops."
            ),
        )
    now = services.now()
    until = int((now + LIFE).timestamp())
    visitor = Visitor(key.id, key.client_id, secrets.token_urlsafe(24), until)
    with services.database.write() as tx:
        audit_log.note(tx, Deed(now, visitor.name, "login", key.client_id, visitor.session))
    wanted = request.form.get("next", "")
    return _with_cookie(
        see(wanted if INSIDE.fullmatch(wanted) else url_for("ops.overview")), visitor
    )


def logout() -> Response:
    """POST /ops/logout"""
    services = runtime().services
    with services.database.write() as tx:
        audit_log.note(
            tx,
            Deed(services.now(), g.visitor.name, "logout", g.visitor.client_id, g.visitor.session),
        )
    response = see(url_for("ops.login_form"))
    response.delete_cookie(_cookie(), path="/", secure=over_https(), httponly=True, samesite="Lax")
    return response


def _visitor() -> Visitor:
    """The one of the cookie; a stranger, with a token for the login form, when it is not to be
    believed.
    """
    services = runtime().services
    now = services.now()
    try:
        found = Visitor(
            **signer(services.settings, "session").loads(request.cookies.get(_cookie(), ""))
        )
    except (BadData, TypeError):
        found = None
    if found is None or found.until <= now.timestamp() or (found.key_id and not _still_good(found)):
        return _stranger()
    return found


def _stranger() -> Visitor:
    return Visitor(
        "", "", secrets.token_urlsafe(24), int((runtime().services.now() + LIFE).timestamp())
    )


def _still_good(visitor: Visitor) -> bool:
    services = runtime().services
    since = services.now() - LIFE
    with services.database.read() as tx:
        key = api_keys.key_of(tx, visitor.key_id)
        left = audit_log.is_noted(tx, visitor.name, "logout", visitor.session, since=since)
    if left or key is None or key.revoked_at is not None or SCOPE not in key.scopes:
        return False
    return key.expires_at is None or key.expires_at > services.now()


def _sent_to_login() -> Response:
    if request.method != "GET":
        abort(401, "You are not logged in any more. Nothing was done: log in and repeat it.")
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": url_for("ops.login_form")})
    return see(url_for("ops.login_form", next=request.path))


def _form(status: int, refusal: str = "") -> Response:
    wanted = request.values.get("next", "")
    page = render_template(
        "ops/login.html", refusal=refusal, next=wanted if INSIDE.fullmatch(wanted) else ""
    )
    return _with_cookie(Response(page, status), g.visitor)


def _with_cookie(response: Response, visitor: Visitor) -> Response:
    value = signer(runtime().settings, "session").dumps(asdict(visitor))
    assert isinstance(value, str)  # noqa: S101 (a URLSafeSerializer makes text)
    age = int(LIFE.total_seconds())
    response.set_cookie(
        _cookie(), value, max_age=age, path="/", secure=over_https(), httponly=True, samesite="Lax"
    )
    return response


def _cookie() -> str:
    """__Host-: no other host of the domain, and no page without TLS, can set it (RFC 6265bis,
    4.1.3.2).
    """
    return "__Host-coachcal-ops" if over_https() else "coachcal-ops"
