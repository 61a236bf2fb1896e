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
from storage.rows import coaches, links, oauth_states
from storage.rows.links import Closed, Link
from storage.rows.oauth_states import Attempt
from webhooks.http import cookies, return_urls
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
    services = runtime().services
    try:
        with services.database.read() as tx:
            link = links.look(tx, token, "connect", browser=browser, now=services.now())
    except Closed as error:
        return _closed(token, error)
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
        return _closed(token, error)
    url = account_linking.begin(
        services,
        link.coach_id,
        browser=browser,
        provider=link.meaning["provider"],
        return_url=link.meaning.get("return_url"),  # links of the release before have none
    )
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
        return _unknown(state, browser)
    if attempt.outcome == "to_confirm":
        csrf = cookies.form_token(browser, state)
        return _page(
            "confirm", csrf=csrf, state=state, **_words(attempt.coach_id), **_account(attempt)
        )
    return _ended(attempt.outcome or "asking", attempt.coach_id, attempt.return_url)


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
        return _unknown(state, browser)
    return see(url_for("pages.consent_callback", state=state))


def _closed(token: str, error: Closed) -> Response:
    """A link that ended leads back, too; one that another browser has opened does not."""
    if error.reason == "expired":
        with runtime().services.database.read() as tx:
            return_url = links.meaning_of(tx, token, "connect").get("return_url")
        if return_url is not None:
            return _ended("expired", "", return_url)
    raise turned_away(error.reason) from None


def _unknown(state: str, browser: str | None) -> Response:
    log.warning("connect_refused", reason="unknown state")
    return_url = None
    if browser is not None:
        with runtime().services.database.read() as tx:
            return_url = oauth_states.return_url_of(tx, state, browser=browser)
    return _ended("expired", guest().coach_id, return_url)


def _ended(outcome: str, coach_id: str, return_url: str | None = None) -> Response:
    """The platform is told how it went, if it asked for that; else the settings say it, or without
    a session there a page of its own.
    """
    back = None
    # Asked again: the operator may have taken an origin off the list since the link was made.
    if outcome != "asking" and return_url and return_urls.allowed(runtime().settings, return_url):
        back = return_urls.with_outcome(return_url, outcome)
    elif guest().coach_id and guest().coach_id == coach_id and outcome != "asking":
        return see(f"{HOME}?said={outcome}")
    # A page that leads on, and no redirect: a browser follows none to elsewhere after a form of
    # ours, which may lead to ourselves only (form-action).
    page = _page(outcome, back=back)
    page.status_code = STATUS[outcome]
    page.headers.update(HEADERS.get(outcome, {}))
    return page


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


def _page(kind: str, back: str | None = None, **values: str) -> Response:
    tongue = language()
    heading = say(tongue, f"consent_{kind}_heading", **values)
    what = say(tongue, f"consent_{kind}_what", **values)
    page = render_template(
        "pages/consent.html", kind=kind, heading=heading, what=what, back=back, **values
    )
    return Response(page)


ROUTES = (
    ("GET", "/c/<token>", consent_invited),
    ("POST", "/c/<token>", consent_begin),
    ("GET", "/connect/callback", consent_callback),
    ("POST", "/connect/confirm", consent_confirm),
)
