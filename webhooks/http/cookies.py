"""The cookies of pages for people, and what tells one browser from another."""

import hmac
import re
import secrets
from datetime import timedelta

from flask import Response, request

from webhooks.http.context import runtime
from webhooks.http.page_security import over_https

LIFE = timedelta(hours=2)
KNOWN = timedelta(days=1)
"""So long does a browser know which page it had open, after which it only learns the way back to
it.
"""
BROWSER = "coachcal-browser"
SECRET = re.compile(r"[\w-]{32}", re.ASCII)


def browser() -> str | None:
    """The secret of the browser that asks; None for one that has not come back with it."""
    found = request.cookies.get(cookie_name(BROWSER), "")
    return found if SECRET.fullmatch(found) else None


def remember(response: Response, secret: str) -> Response:
    """Let the browser come back with this secret."""
    return put_cookie(response, cookie_name(BROWSER), secret)


def new_browser() -> str:
    return secrets.token_urlsafe(24)


def form_token(secret: str, about: str) -> str:
    """What stands in a form that only this browser may send, about only this."""
    return hmac.digest(secret.encode(), about.encode(), "sha256").hex()


def put_cookie(response: Response, name: str, value: str, life: timedelta = LIFE) -> Response:
    """In a frame of another site a cookie has to say that it may go there, and is kept apart for
    that site.
    """
    https = over_https()
    framed = https and runtime().settings.embed_origins is not None
    response.set_cookie(
        name,
        value,
        max_age=int(life.total_seconds()),
        path="/",
        secure=https,
        httponly=True,
        samesite="None" if framed else "Lax",
        partitioned=framed,
    )
    return response


def cookie_name(name: str) -> str:
    """__Host-: no other host of the domain, and no page without TLS, can set it (RFC 6265bis,
    4.1.3.2).
    """
    return f"__Host-{name}" if over_https() else name
