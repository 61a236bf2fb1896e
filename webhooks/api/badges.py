"""The symbol on a coach's tile, as a picture that a platform shows: whether the calendars are
synced, in words.

Whoever shows it needs no key: the address is signed for one coach, and tells no more than the
symbol itself. Tiles (GET /v1/coaches) bring it along as `badge_url`.
"""

from hashlib import blake2b
from html import escape
from typing import Any

from flask import Response, request, url_for
from pydantic import Field

from domain.freshness import State
from domain.mail.choice import default_language
from storage.reports import coach_states
from webhooks.api.schemas.requests import SPOKEN, QueryIn
from webhooks.http import page_security
from webhooks.http.context import runtime
from webhooks.http.problems import unknown_coach
from webhooks.http.translations import say

SVG = "image/svg+xml"
SECONDS = 60
"""How long a browser or a proxy may show what it has: shorter than anybody notices."""
LONGEST = 200

SYNCED = ("fresh", "refreshing")
# A disc with a C where it is synced, and otherwise a ring without one: told apart without any
# colour.
DISC = (
    '<circle cx="10" cy="10" r="9" fill="#17663a"/>'
    '<path d="M13.4 7a4.5 4.5 0 1 0 0 6" fill="none" stroke="#fff" stroke-width="2.2"'
    ' stroke-linecap="round"/>'
)
RING = (
    '<circle cx="10" cy="10" r="8" fill="#fff" stroke="#6b7280" stroke-width="2"'
    ' stroke-dasharray="4 2.3"/>'
    '<path d="M6 10h8" stroke="#6b7280" stroke-width="2" stroke-linecap="round"/>'
)
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20" viewBox="0 0 20 20" role="img" '
    'aria-label="{words}"><title>{words}</title>{shape}</svg>'
)


class BadgeQuery(QueryIn):
    sig: str = Field(
        max_length=LONGEST, description="The signature, as `badge_url` of a tile has it."
    )
    language: str = Field(
        "en", max_length=35, description=f"Of the words: {SPOKEN}; another is told in English."
    )


def show(coach_id: str, query: BadgeQuery) -> Response:
    """The symbol on a coach's tile, as an SVG: synced or not, with the state in words as its name.

    Its address is signed and needs no key, so a page can show it as a picture; a browser keeps it
    for a minute.
    """
    if not _signed(coach_id, query.sig):
        raise unknown_coach(coach_id)
    services = runtime().services
    with services.database.read() as tx:
        found = coach_states.of(
            tx, [coach_id], now=services.now(), stale_after=services.stale_after()
        )
    if not found:
        raise unknown_coach(coach_id)
    return _answer(drawn(found[0].state, query.language))


def url_of(coach_id: str) -> str:
    """Where a page finds the symbol of this coach; good for as long as the key that signed it is
    kept.
    """
    signed = _signer().get_signature(coach_id).decode()
    return runtime().settings.base_url + url_for("badges_show", coach_id=coach_id, sig=signed)


def drawn(state: State, language: str) -> str:
    shape = RING
    if state in SYNCED:
        shape = DISC
    words = escape(say(default_language(language), f"badge_{state}"))
    return PICTURE.format(words=words, shape=shape)


def _answer(picture: str) -> Response:
    response = Response(picture, mimetype=SVG)
    response.set_etag(blake2b(picture.encode(), digest_size=12).hexdigest())
    response.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a platform's page shows it
    response.make_conditional(request)  # in place
    return response


def _signed(coach_id: str, signature: str) -> bool:
    return bool(_signer().verify_signature(coach_id, signature))


def _signer() -> Any:
    return page_security.signer(runtime().settings, b"badges", "badge").make_signer()
