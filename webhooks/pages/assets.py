"""Style sheets and scripts of the pages as they are sent: without the comments and the indentation
of the files that they are written in. Phones pay for each byte.
"""

import re
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from flask import Response, abort, request

TYPES = {"css": "text/css", "js": "text/javascript"}
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_SPACE = re.compile(r"\s*([{};>])\s*|(?<=[:,])\s+")
_LINE_COMMENT = re.compile(r"//|/\*\*.*\*/$")
_COMMENT_BEHIND = re.compile(r"\s+// .*$")
_AROUND = re.compile(r" (=>|[!=]==|&&|\|\||\?\?|=) | (?={)")
_ZERO = re.compile(r"(?<![\w.])0(?=\.\d)")


def asset(filename: str) -> Response:
    """GET /pages/static/{filename}: 304 to whoever has it."""
    body = _all().get(filename)
    if body is None:
        abort(404, "not_here")
    response = Response(body, mimetype=TYPES[filename.rpartition(".")[2]])
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(blake2b(body, digest_size=12).hexdigest())
    response.make_conditional(request)
    return response


def slim_css(text: str) -> str:
    """The same rules in fewer bytes. No selector has a colon or a comma before a space that counts,
    and no value a semicolon or a brace.
    """
    plain = _CSS_COMMENT.sub("", text)
    slim = _CSS_SPACE.sub(lambda found: found[1] or "", plain).replace(";}", "}").strip()
    return _ZERO.sub("", slim)


def slim_js(text: str) -> str:
    """The same lines without comments, but for those amid a line, without indentation, and without
    the space around what stands between two names. No text of ours goes over several lines, or has
    such a thing in it.
    """
    kept = []
    for line in text.splitlines():
        bare = line.strip()
        if bare and not _LINE_COMMENT.match(bare):
            code = _COMMENT_BEHIND.sub("", bare)
            kept.append(_AROUND.sub(lambda found: found[1] or "", code))
    return "\n".join(kept)


@cache
def _all() -> dict[str, bytes]:
    """Each file by its name, 50 kB together."""
    slim = {"css": slim_css, "js": slim_js}
    found = {}
    for path in files("webhooks.pages").joinpath("static").iterdir():
        ending = path.name.rpartition(".")[2]
        if ending in slim:
            found[path.name] = slim[ending](path.read_text("utf-8")).encode()
    return found
