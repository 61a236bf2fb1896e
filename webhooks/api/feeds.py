"""A person's sessions as a calendar that their own program reads again and again, until the feed is
revoked. Its address is all that it takes: 192 random bits.
"""

import re
from urllib.parse import urlsplit

from flask import Response, abort, request

from domain.sessions import Unknown
from storage.reports import feeds as reports
from storage.rows import coaches, feeds
from storage.rows.feeds import Feed
from webhooks.api.schemas.feeds import FeedIn, FeedOut, FeedsOut, FeedsQuery, NewFeedOut
from webhooks.http import calendar_files
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import iso

PATH = "/v1/feeds"
FILE = "/f/<feed_token>.ics"
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)
KEPT = "private, max-age=300"


def create(body: FeedIn) -> NewFeedOut:
    """Make a calendar feed of a coach's or a participant's sessions.

    Show its address to that person alone; whoever loses it revokes it, and asks for another.
    """
    _check_one(body.coach_id, body.participant_id)
    services = runtime().services
    feed = Feed(feeds.new_id(), body.coach_id, body.participant_id, body.language, services.now())
    with services.database.write() as tx:
        if body.coach_id is not None and not coaches.stands(tx, body.coach_id):
            raise Unknown("coach", body.coach_id)
        token = feeds.make(tx, feed)
    url = f"{services.settings.base_url}/f/{token}.ics"
    host = url.removeprefix(urlsplit(url).scheme)
    return NewFeedOut(**_shown(feed).model_dump(), url=url, webcal_url=f"webcal{host}")


def show(query: FeedsQuery) -> FeedsOut:
    """The feeds of a coach or a participant, without their addresses."""
    _check_one(query.coach_id, query.participant_id)
    with runtime().services.database.read() as tx:
        found = feeds.of_person(tx, coach_id=query.coach_id, participant_id=query.participant_id)
    return FeedsOut(feeds=list(map(_shown, found)))


def revoke(feed_id: str) -> tuple[str, int]:
    """Revoke a feed: its address leads nowhere from now on."""
    with runtime().services.database.write() as tx:
        known = feeds.revoke(tx, feed_id)
    if not known:
        raise Unknown("feed", feed_id)
    return "", 204


def read(feed_token: str) -> Response:
    """The sessions, as iCalendar: 304 to whoever has them."""
    services = runtime().services
    if not TOKEN.fullmatch(feed_token):
        abort(404)
    with services.database.read() as tx:
        feed = feeds.of_token(tx, feed_token)
        if feed is None:
            abort(404)
        entries = reports.entries(
            tx, feed, uid_domain=services.terms().uid_domain, now=services.now()
        )
    content = calendar_files.written(entries, feed.language, feed=True)
    response = Response(content, mimetype=calendar_files.MEDIA)
    response.headers["Cache-Control"] = KEPT
    response.headers["Content-Disposition"] = 'attachment; filename="sessions.ics"'
    response.add_etag()
    response.make_conditional(request)
    return response


def _check_one(coach_id: str | None, participant_id: str | None) -> None:
    if (coach_id is None) == (participant_id is None):
        detail = "Send either coach_id or participant_id: a feed is one person's."
        raise RefusedRequest("coach_or_participant", detail, field="coach_id")


def _shown(feed: Feed) -> FeedOut:
    return FeedOut(
        id=feed.id,
        coach_id=feed.coach_id,
        participant_id=feed.participant_id,
        language=feed.language,
        created_at=iso(int(feed.created_at.timestamp())),
    )
