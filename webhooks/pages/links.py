"""Links to pages, followed: GET /p/..., within ten minutes of `webhooks.api.links`, or as long as
those in a mail are good (`workers.delivery.page_links`).

The token says nothing by itself, stands in the address of no page, and in no log. Who only fetches
it, as a scanner of mails or a preview does, does not open it: the first browser does that keeps a
cookie and comes back with it.
"""

from dataclasses import replace

import structlog
from flask import Response, abort, request, url_for
from werkzeug.exceptions import Forbidden, Gone, HTTPException

from domain.coaches import Coach
from domain.errors import Invalid
from storage.rows import coaches, links
from storage.rows.links import Closed, Link
from storage.schema.database import Tx
from webhooks.http import cookies
from webhooks.http.context import runtime
from webhooks.http.cookies import LIFE
from webhooks.http.page_security import see
from webhooks.http.page_sessions import HOMES, NOBODY, SESSIONS, Guest

log = structlog.get_logger()

AGAIN = "again"


def redeem(token: str) -> Response:
    """GET /p/{token}: for one browser, and from there to the page, without the token in its
    address.

    A browser that we have not seen is asked to come back with a cookie first; the link is not spent
    by that.
    """
    services, browser = runtime().services, cookies.browser()
    now = services.now()
    try:
        if request.method == "HEAD" or browser is None:
            with services.database.read() as tx:
                links.look(tx, token, "page", browser=browser, now=now)
            return _come_again(token)
        with services.database.write() as tx:
            # A session ends at a full second, as its cookie says it, and finds its link by that.
            until = (now + LIFE).replace(microsecond=0)
            link = links.follow(tx, token, "page", browser=browser, now=now, until=until)
            invited, place = _invited(tx, link)
    except Closed as error:
        raise turned_away(error.reason) from None
    except (Invalid, KeyError, TypeError):  # of a release that knew other fields
        raise turned_away("altered") from None
    # The same for each time that this browser follows it: what it has open already stays good.
    csrf, ends = cookies.form_token(browser, token), int(link.expires_at.timestamp())
    log.info(
        "link_followed", purpose=invited.purpose, viewer=invited.viewer, coach=invited.coach_id
    )
    response = SESSIONS.give(see(place), replace(invited, csrf=csrf, until=ends))
    return cookies.remember(response, browser)


def _invited(tx: Tx, link: Link) -> tuple[Guest, str]:
    """Who comes by the link, and the page that it leads to. Raises Closed; Invalid, KeyError and
    TypeError for what another release wrote.
    """
    if link.meaning in (links.CHANGES, links.MORE):
        # Of a mail: it is as the coach is today, not as they were when it was sent.
        coach = coaches.get(tx, link.coach_id)
        if coach is None:
            raise Closed("altered")
        if link.meaning == links.MORE:
            return replace(_coach(coach), purpose="settings"), url_for("pages.more_settings_page")
        return _coach(coach), url_for("pages.book_changes")
    invited = Guest.of_json(link.meaning)
    if invited.booking_id:
        return invited, f"/book/bookings/{invited.booking_id}"
    return invited, HOMES[invited.purpose]


def _coach(coach: Coach) -> Guest:
    return replace(
        NOBODY,
        viewer="coach",
        coach_id=coach.id,
        language=coach.language,
        zone=coach.hours.zone,
    )


def _come_again(token: str) -> Response:
    if request.method == "HEAD":  # whoever looks where a link leads does not follow it
        return Response(status=204)
    if AGAIN in request.args:
        log.warning("link_refused", reason="no cookies")
        abort(400, "no_cookies")
    place = f"{url_for('pages.redeem', token=token)}?{AGAIN}=1"
    return cookies.remember(see(place), cookies.new_browser())


def turned_away(reason: str) -> HTTPException:
    """403 for a link that is not as we wrote it, 410 for one that ended."""
    log.warning("link_refused", reason=reason)
    if reason == "altered":
        return Forbidden(f"link_{reason}")
    return Gone(f"link_{reason}")
