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
# Lines and links are as dark, or as light, as they need be to be read. The main button is the very
# colour, with such a line around it; so it needs no brighter one beneath a mouse.
SHEET = """\
:root {{ --link: {light}; --main: {light}; --on-main: {on_light}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --link: {dark}; --main: {dark}; --on-main: {on_dark}; }}
}}
@media (forced-colors: none) {{
  button.main, .button.main {{ background: {colour}; color: {text}; }}
  button.main:hover, .button.main:hover {{ filter: none; text-decoration: underline; }}
}}
"""


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
    colour = f"#{colour}"
    light, dark = readable(colour, ON_LIGHT), readable(colour, ON_DARK)
    sheet = SHEET.format(
        colour=colour,
        text=on(colour),
        light=light,
        on_light=on(light),
        dark=dark,
        on_dark=on(dark),
    )
    return _kept(Response(sheet, mimetype="text/css"))


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = KEPT
    response.headers["Content-Security-Policy"] = NOTHING_ELSE
    return response
