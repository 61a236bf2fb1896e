"""Connecting a calendar account: the address to send the coach to, and the page they come back to."""

from http import HTTPStatus

import structlog
from flask import Response, make_response, render_template, request

from storage.accounts import AccountInUse
from storage.database import Unavailable
from webhooks.answers import ConnectOut
from webhooks.browsers import see
from webhooks.errors import unknown_coach
from webhooks.models import ConnectIn
from webhooks.pages import guests
from webhooks.pages.settings import HOME
from webhooks.wiring import runtime
from workers import connections
from workers.connections import STATE_LIFE, UnknownState
from workers.cronofy.errors import CronofyError

log = structlog.get_logger()

# What the coach reads: heading and next step, by outcome. Plain words; nothing of the request is repeated.
PAGES = {
    "connected": (
        HTTPStatus.OK,
        "Your calendar is connected",
        "We are reading your busy times now; it takes a few seconds. You can close this page.",
    ),
    "declined": (
        HTTPStatus.OK,
        "Your calendar was not connected",
        "You chose not to give access, so nothing was stored. To connect after all, start again from your settings.",
    ),
    "expired": (
        HTTPStatus.BAD_REQUEST,
        "This link has been used or is too old",
        "A link works once, for ten minutes. Start connecting again from your settings.",
    ),
    "refused": (
        HTTPStatus.BAD_REQUEST,
        "Your calendar could not be connected",
        "The calendar service did not accept this attempt. Start connecting again from your settings.",
    ),
    "in_use": (
        HTTPStatus.CONFLICT,
        "This calendar belongs to another coach",
        "An account can be connected to one coach only. Disconnect it there first, or choose another account.",
    ),
    "away": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "We could not reach the calendar service",
        "This is not your fault. Please start connecting again from your settings in a few minutes.",
    ),
}


def begin(coach_id: str, body: ConnectIn) -> ConnectOut:
    """Begin connecting a calendar account of a coach.

    Send the coach's browser to `authorize_url`: it works once, and only for as long as `expires_in` says.
    """
    url = connections.begin(runtime().services, coach_id, provider=body.provider)
    if url is None:
        raise unknown_coach(coach_id)
    return ConnectOut(authorize_url=url, expires_in=int(STATE_LIFE.total_seconds()))


def callback() -> Response:
    """Where Cronofy sends the coach's browser back to: the settings, or without a session a page, says how it went."""
    if request.method == "HEAD":
        return Response(status=204)  # a link preview must not spend the state
    coach = guests.at_settings()
    try:
        outcome = _outcome(coach.csrf if coach else None)
    except (CronofyError, *Unavailable) as error:
        log.warning("connect_failed", error=type(error).__name__)
        outcome = "refused" if isinstance(error, CronofyError) and error.permanent else "away"
    if coach:
        return see(f"{HOME}?said={outcome}")
    status, heading, next_step = PAGES[outcome]
    page = make_response(render_template("connect.html", heading=heading, next_step=next_step), status)
    if outcome == "away":
        page.headers["Retry-After"] = "60"
    return page


def _outcome(session: str | None) -> str:
    """The state is spent first, whatever follows: an address that was tried once never works again."""
    runtime_, code = runtime(), request.args.get("code", "")
    try:
        coach_id = connections.redeem(runtime_.services, request.args.get("state", ""), session=session)
        if "error" in request.args:
            return "declined"
        if not code:
            return "refused"
        connections.complete(runtime_.services, runtime_.actors, coach_id, code)
    except UnknownState:
        return "expired"
    except AccountInUse:
        return "in_use"
    return "connected"
