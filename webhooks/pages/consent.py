"""Connecting a calendar account, as whoever consents sees it: for whom, before; which account,
after; and how it ended.

GET  /c/{token}          a link of Coach OS's: for whom this would be
POST /c/{token}          begins, in this browser: on to the consent
GET  /connect/callback   back from it: which account for whom, or how it ended, however often one
     asks
POST /connect/confirm    yes or no
"""

from http import HTTPStatus

import structlog
from flask import Response, abort, render_template, request, url_for

from domain.coaches import Coach
from storage.rows import coaches, links
from storage.rows.links import Closed, Link
from storage.rows.oauth_states import Attempt
from webhooks.http import cookies
from webhooks.http.context import runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, language
from webhooks.http.signed_sessions import form_is_ours
from webhooks.http.translations import say
from webhooks.pages.links import turned_away
from webhooks.pages.settings import HOME
from webhooks.pages.settings_words import PROVIDERS
from workers.jobs import account_linking
from workers.jobs.account_linking import STATE_LIFE, UnknownState

log = structlog.get_logger()

STATUS = {
    "connected": HTTPStatus.OK,
    "declined": HTTPStatus.OK,
    "asking": HTTPStatus.OK,
    "expired": HTTPStatus.BAD_REQUEST,
    "refused": HTTPStatus.BAD_REQUEST,
    "in_use": HTTPStatus.CONFLICT,
    "away": HTTPStatus.SERVICE_UNAVAILABLE,
}
HEADERS = {"asking": {"Refresh": "2"}, "away": {"Retry-After": "60"}}


def consent_invited(token: str) -> Response:
    """GET /c/{token}: nothing is spent by looking."""
    browser = cookies.browser()
    link = _look(token, browser)
    if request.method == "HEAD":
        return Response(status=204)
    browser = browser or cookies.new_browser()
    page = _page("begin", csrf=cookies.form_token(browser, token), **_words(link.coach_id, link))
    return cookies.remember(page, browser)


def consent_begin(token: str) -> Response:
    """POST /c/{token}: a page that leads on to the provider's consent, where only this browser
    comes back from.
    """
    services, browser = runtime().services, _sender(token)
    now = services.now()
    try:
        with services.database.write() as tx:
            until = now + STATE_LIFE
            link = links.follow(tx, token, "connect", browser=browser, now=now, until=until)
    except Closed as error:
        raise turned_away(error.reason) from None
    provider = link.meaning["provider"]
    url = account_linking.begin(services, link.coach_id, browser=browser, provider=provider)
    if url is None:
        abort(404, "not_here")
    return cookies.remember(_page("leave", url=url, **_words(link.coach_id, link)), browser)


def consent_callback() -> Response:
    """GET /connect/callback"""
    if request.method == "HEAD":
        return Response(status=204)  # a link preview must not spend the state
    state, browser = request.args.get("state", ""), cookies.browser()
    try:
        if browser is None:
            raise UnknownState
        attempt = account_linking.come_back(
            runtime().services,
            state,
            browser=browser,
            code=request.args.get("code", ""),
            declined="error" in request.args,
        )
    except UnknownState:
        log.warning("connect_refused", reason="unknown state")
        return _ended("expired", guest().coach_id)
    if attempt.outcome == "to_confirm":
        csrf = cookies.form_token(browser, state)
        return _page(
            "confirm", csrf=csrf, state=state, **_words(attempt.coach_id), **_account(attempt)
        )
    return _ended(attempt.outcome or "asking", attempt.coach_id)


def consent_confirm() -> Response:
    """POST /connect/confirm: it is connected now, or given back."""
    state = request.form.get("state", "")
    browser = _sender(state)
    services, actors = runtime().services, runtime().actors
    try:
        if request.form.get("answer") == "yes":
            account_linking.confirm(services, actors, state, browser=browser)
        else:
            account_linking.decline(services, state, browser=browser)
    except UnknownState:
        log.warning("connect_refused", reason="unknown state")
        return _ended("expired", guest().coach_id)
    return see(url_for("pages.consent_callback", state=state))


def _ended(outcome: str, coach_id: str) -> Response:
    """The settings say how it went, or without a session there a page of its own."""
    if guest().coach_id and guest().coach_id == coach_id and outcome != "asking":
        return see(f"{HOME}?said={outcome}")
    page = _page(outcome)
    page.status_code = STATUS[outcome]
    page.headers.update(HEADERS.get(outcome, {}))
    return page


def _look(token: str, browser: str | None) -> Link:
    services = runtime().services
    try:
        with services.database.read() as tx:
            return links.look(tx, token, "connect", browser=browser, now=services.now())
    except Closed as error:
        raise turned_away(error.reason) from None


def _sender(about: str) -> str:
    """The browser that sends a form of ours about this; any other is turned away."""
    browser = cookies.browser()
    if browser is None:
        abort(400, "no_cookies")
    if not form_is_ours(cookies.form_token(browser, about)):
        abort(403, "foreign_form")
    return browser


def _words(coach_id: str, link: Link | None = None) -> dict[str, str]:
    """For whom, and by which provider."""
    with runtime().services.database.read() as tx:
        coach: Coach | None = coaches.get(tx, coach_id)
    if coach is None:
        abort(404, "not_here")
    provider = None
    if link is not None:
        provider = PROVIDERS.get(link.meaning["provider"] or "")
    if provider is None:
        provider = say(language(), "consent_provider")
    return {"name": coach.name or coach.id, "provider": provider}


def _account(attempt: Attempt) -> dict[str, str]:
    return {"account": attempt.account or say(language(), "consent_account")}


def _page(kind: str, **values: str) -> Response:
    tongue = language()
    heading = say(tongue, f"consent_{kind}_heading", **values)
    what = say(tongue, f"consent_{kind}_what", **values)
    page = render_template("pages/consent.html", kind=kind, heading=heading, what=what, **values)
    return Response(page)


ROUTES = (
    ("GET", "/c/<token>", consent_invited),
    ("POST", "/c/<token>", consent_begin),
    ("GET", "/connect/callback", consent_callback),
    ("POST", "/connect/confirm", consent_confirm),
)
