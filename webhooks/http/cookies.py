"""The cookies of pages for people, and what tells one browser from another."""

import hmac
import re
import secrets
from datetime import timedelta

from flask import Response, request

from webhooks.http.context import runtime
from webhooks.http.page_security import over_https

LIFE = timedelta(hours=2)
LOGIN_LIFE = timedelta(minutes=10)
"""So long somebody may take at the page of a login provider."""
KNOWN = timedelta(days=1)
"""So long does a browser know which page it had open, after which it only learns the way back to
it.
"""
BROWSER = "coachcal-browser"
SECRET = re.compile(r"[\w-]{32}", re.ASCII)


def browser() -> str | None:
    """The secret of the browser that asks; None for one that has not come back with it."""
    found = request.cookies.get(cookie_name(BROWSER), "")
    if not SECRET.fullmatch(found):
        return None
    return found


def remember(response: Response, secret: str) -> Response:
    """Let the browser come back with this secret."""
    return put_cookie(response, BROWSER, secret)


def new_browser() -> str:
    return secrets.token_urlsafe(24)


def form_token(secret: str, about: str) -> str:
    """What stands in a form that only this browser may send, about only this."""
    return hmac.digest(secret.encode(), about.encode(), "sha256").hex()


def put_cookie(
    response: Response, name: str, value: str, life: timedelta = LIFE, *, framed: bool = True
) -> Response:
    """In a frame of another site a cookie has to say that it may go there, and is kept apart for
    that site. `framed`: it may go there, where the settings allow it and over HTTPS.
    """
    https = over_https()
    apart = framed and https and runtime().settings.embed_origins is not None
    samesite = "Lax"
    if apart:
        samesite = "None"
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=int(life.total_seconds()),
        path="/",
        secure=https,
        httponly=True,
        samesite=samesite,
        partitioned=apart,
    )
    return response


def delete_cookie(response: Response, name: str) -> Response:
    response.delete_cookie(
        cookie_name(name), path="/", secure=over_https(), httponly=True, samesite="Lax"
    )
    return response


def cookie_name(name: str) -> str:
    """__Host-: no other host of the domain, and no page without TLS, can set it (RFC 6265bis,
    4.1.3.2).
    """
    if not over_https():
        return name
    return f"__Host-{name}"
