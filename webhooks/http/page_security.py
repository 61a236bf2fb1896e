"""What all pages for people share: where a form leads, what is signed, and whether cookies travel
by TLS alone.
"""

import hmac
from hashlib import sha256
from urllib.parse import urlsplit

from flask import Response, redirect, request
from itsdangerous import URLSafeSerializer

from webhooks.http.context import runtime
from workers.settings import Settings

SEE_OTHER = 303
NO_FRAMER = "'none'"
REFERRER = "same-origin"
"""Without a referrer a browser hides the origin of our own forms."""


def see(place: str) -> Response:
    """Whoever sent a form asks for this page next (RFC 9110, 15.4.4): a reload sends
    nothing again.
    """
    response = redirect(place, SEE_OTHER)
    assert isinstance(response, Response)  # noqa: S101 (the app's response class)
    return response


def policy(framers: str = NO_FRAMER) -> str:
    """The Content-Security-Policy of pages: nothing inline, nothing from elsewhere."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'self';"
        f" frame-ancestors {framers}"
    )


def signer(settings: Settings, family: bytes, purpose: str) -> URLSafeSerializer:
    """Signs with the newest of COACHCAL_SECRET_KEYS, knows what the others signed. (itsdangerous
    wants it last.)

    What is signed for one family of pages, or one purpose, is good for no other.
    """
    keys = [
        hmac.digest(key.get_secret_value().encode(), b"coachcal " + family, "sha256")
        for key in reversed(settings.secret_keys)
    ]
    how = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(keys, salt=purpose, signer_kwargs=how)


def foreign_origin() -> bool:
    """Whether a browser says that what it sends comes from a page of another site."""
    origin = request.headers.get("Origin")
    return origin is not None and origin not in (
        _origin(runtime().settings.base_url),
        _origin(request.host_url),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def over_https() -> bool:
    return runtime().settings.public_url.scheme == "https"
