"""What pages and mails load to look like a company: its logo, and its colour as a style sheet.

Anybody may have both, and neither says whose it is. Each address is made of what is there, so it
never changes, and browsers keep it.
"""

import re

from flask import Response, abort

from domain.brands import ON_DARK, ON_LIGHT, on, readable
from storage.rows import brands
from webhooks.http.context import runtime

NAME, COLOUR = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{6}")
KEPT = "public, max-age=31536000, immutable"
NOTHING_ELSE = "default-src 'none'"
IN_THE_DARK = "@media (prefers-color-scheme: dark) { %s }"


def logo(digest: str) -> Response:
    """A company's logo."""
    if not NAME.fullmatch(digest):
        abort(404)
    with runtime().services.database.read() as tx:
        content = brands.logo(tx, digest)
    if content is None:
        abort(404)
    response = _kept(Response(content, mimetype="image/png"))
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # mails are read anywhere
    return response


def shades(colour: str) -> Response:
    """A colour, as pages use it in light and in dark."""
    if not COLOUR.fullmatch(colour):
        abort(404)
    light, dark = _shades(colour, ON_LIGHT), _shades(colour, ON_DARK)
    return _kept(Response(f"{light}\n{IN_THE_DARK % dark}\n", mimetype="text/css"))


def _shades(colour: str, ground: str) -> str:
    shade = readable(f"#{colour}", ground)
    return f":root {{ --link: {shade}; --main: {shade}; --on-main: {on(shade)}; }}"


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = KEPT
    response.headers["Content-Security-Policy"] = NOTHING_ELSE
    return response
