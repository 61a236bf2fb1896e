"""The login by a provider: to its page, and back from there with a code.

What a login needs to end is kept by its browser, sealed, for ten minutes: its state, nonce and
verifier are of no use in another browser, or a second time.
"""

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

import structlog
from flask import Response, abort, g, request, url_for

from storage.schema.vault import Sealed
from webhooks.http.context import parts, runtime
from webhooks.http.cookies import LOGIN_LIFE, cookie_name, delete_cookie, put_cookie
from webhooks.http.page_security import see
from webhooks.ops import roles
from webhooks.ops.ops_sessions import INSIDE, ends, enter, form, wanted
from webhooks.ops.visitors import Visitor
from workers.oidc import errors
from workers.oidc.errors import LoginFailed

if TYPE_CHECKING:
    from workers.oidc.logins import BegunLogin, Logins

log = structlog.get_logger()

COOKIE = "coachcal-ops-login"
OWNER = "a login by the provider"
"""What is sealed for it opens nowhere else."""
LONGEST_COOKIE = 4_096
OFF = (
    "Nobody logs in by a provider here: COACHCAL_OIDC_ISSUER is not set. Log in with a key at"
    " /ops/login."
)
AWAY = 503
"""The provider's trouble. Whatever else it says of a code, the code may be made up: not each says
so in the words of the protocol.
"""


def oidc_begin() -> Response:
    """GET /ops/oidc/login: to the provider's page."""
    logins = _logins()
    if g.visitor.is_known:
        return see(wanted() or url_for("ops.overview"))
    try:
        url, begun = logins.begin(_return_to())
    except LoginFailed as error:
        return _refused(error, is_wrong=False)
    kept = asdict(begun) | {"wanted": wanted(), "until": str(_now() + LOGIN_LIFE.total_seconds())}
    sealed = runtime().services.vault.seal(OWNER, kept).decode()
    return put_cookie(see(url), COOKIE, sealed, LOGIN_LIFE, framed=False)


def oidc_finish() -> Response:
    """GET /ops/oidc/callback: back from there. A session begins, or a page says why none does."""
    logins, services = _logins(), runtime().services
    # Whether a code is right the provider alone knows: one sealed cookie would take any number of
    # made-up ones there.
    parts().limits.spare(request.environ)
    try:
        begun, place = _begun(logins)
        claimed = logins.finish(begun, request.args.to_dict(), now=services.now())
    except LoginFailed as error:
        return _refused(error, is_wrong=error.status != AWAY)
    groups = roles.named_groups(claimed.groups, services.settings)
    role = roles.of_scopes(roles.scopes_of_groups(groups, services.settings))
    if role is None:
        return _refused(errors.no_group(), is_wrong=True)
    visitor = Visitor.of_person(
        claimed, logins.issuer, groups, csrf=secrets.token_urlsafe(24), until=ends()
    )
    return delete_cookie(enter(visitor, role, place), COOKIE)


def _logins() -> "Logins":
    logins = parts().logins
    if logins is None:
        abort(404, OFF)
    return logins


def _return_to() -> str:
    """Never what a request says of itself: a code would be sent wherever a stranger likes."""
    return runtime().settings.ops_base_url + url_for("ops.oidc_finish")


def _begun(logins: "Logins") -> "tuple[BegunLogin, str]":
    """The login that this browser began, and the page that it was on the way to. Raises
    LoginFailed.
    """
    value = request.cookies.get(cookie_name(COOKIE), "")
    if not value.isascii() or len(value) > LONGEST_COOKIE:
        raise errors.over()
    try:
        kept = runtime().services.vault.open(OWNER, value.encode())
    except Sealed:
        failure = errors.over()
    else:
        until, place = float(kept.pop("until")), kept.pop("wanted")
        if until > _now() and (not place or INSIDE.fullmatch(place)):
            return logins.begun(kept), place
        failure = errors.over()
    raise failure


def _refused(error: LoginFailed, *, is_wrong: bool) -> Response:
    """`is_wrong`: it counts. Raises TooManyRequests for whoever is refused so often."""
    log.warning("ops_login_refused", reason=error.code)
    if is_wrong:
        parts().limits.wrong(request.environ)
    return delete_cookie(form(error.status, error.detail, error.code), COOKIE)


def _now() -> float:
    return runtime().services.now().timestamp()
