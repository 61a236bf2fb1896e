"""A person's own sessions in the calendar program that they use: a feed is made here, its address
shown once, and revoked. A participant's holds all of theirs, a coach's all of theirs.

The address is kept nowhere: whoever loses it revokes the feed, and makes another.
"""

from urllib.parse import urlsplit

from flask import Response, abort, render_template, url_for

from domain.sessions import Refused
from storage.rows import feeds
from storage.rows.feeds import MOST, Feed
from storage.schema.database import Tx
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep, language


def own_feeds(address: str | None = None, *, full: bool = False) -> str:
    """GET /book/feeds: those that there are. `address`: of the one that was just made."""
    with runtime().services.database.read() as tx:
        found = _mine(tx)
    webcal = ""
    if address is not None:
        webcal = "webcal" + address.removeprefix(urlsplit(address).scheme)
    shown = {"feeds": found, "address": address, "webcal": webcal, "full": full, "most": MOST}
    return render_template("pages/book_feeds.html", **shown, zone=guest().zone)


def make_own_feed() -> Response:
    """POST /book/feeds: made, and its address shown, now and never again."""
    services = runtime().services
    coach_id, participant_id = _whose()
    feed = Feed(feeds.new_id(), coach_id, participant_id, language(), services.now())
    try:
        with services.database.write() as tx:
            keep(tx)
            token = feeds.make(tx, feed)
    except Refused:
        return Response(own_feeds(full=True), 409)
    return Response(own_feeds(f"{services.settings.base_url}/f/{token}.ics"), 201)


def revoke_own_feed(feed_id: str) -> Response:
    """POST /book/feeds/{id}/revoke: its address leads nowhere from now on. Done twice, it is done
    once.
    """
    with runtime().services.database.write() as tx:
        keep(tx)
        if feed_id in [feed.id for feed in _mine(tx)]:
            feeds.revoke(tx, feed_id)
    return see(url_for("pages.own_feeds"))


ROUTES = (
    ("GET", "/book/feeds", own_feeds),
    ("POST", "/book/feeds", make_own_feed),
    ("POST", "/book/feeds/<feed_id>/revoke", revoke_own_feed),
)


def _mine(tx: Tx) -> list[Feed]:
    coach_id, participant_id = _whose()
    return feeds.of_person(tx, coach_id=coach_id, participant_id=participant_id)


def _whose() -> tuple[str | None, str | None]:
    """The coach, or the participant, who looks at the page. 404 for whoever plans for them."""
    here = guest()
    if here.viewer == "coach":
        return here.coach_id, None
    if here.viewer != "participant" or here.participant is None:
        abort(404, "not_here")
    return None, here.participant.id
