"""Conferencing over HTTP: the page where a person connects a service, and what tests order.

Source: docs.cronofy.com, Conferencing service authorizations. Inferred: what the page looks like,
and that the person comes back to `redirect_uri` as it was given.
"""

from dataclasses import asdict
from typing import cast

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from workers.cronofy.sandbox import conferencing, identifiers
from workers.cronofy.sandbox.caller import caller
from workers.cronofy.sandbox.conferencing_state import LATE_SECONDS, USUAL_SECONDS, WAYS, Way
from workers.cronofy.sandbox.control_requests import checked, done
from workers.cronofy.sandbox.errors import ControlError, invalid, require
from workers.cronofy.sandbox.responses import answer, body, current_world

SERVICES = ("zoom", "msteams", "webex", "gotomeeting")


def authorise() -> Response:
    """POST /v1/conferencing_service_authorizations `{redirect_uri, provider_name?}`."""
    _, account = caller()
    world, asked = current_world(), body()
    require(asked, "redirect_uri")
    redirect_uri = str(asked["redirect_uri"])
    if not redirect_uri.startswith(("http://", "https://")):
        raise invalid(redirect_uri="errors.must_be_http_or_https")
    token = identifiers.token("cnf")
    world.conferencing.asked[token] = (account.sub, redirect_uri)
    return answer({"authorization_request": {"url": f"{world.origin}/conferencing/{token}"}})


def ask(token: str) -> str:
    """GET /conferencing/{token}"""
    sub, _ = _asked(token)
    return render_template(
        "conferencing.html", account=current_world().account(sub), services=SERVICES
    )


def connect(token: str) -> AnyResponse:
    """POST /conferencing/{token}: `service`, or none for whoever thinks better of it."""
    sub, redirect_uri = _asked(token)
    if service := request.form.get("service"):
        conferencing.add_profile(current_world(), sub, service)
    return redirect(redirect_uri, 302)


def ask_relink(profile_id: str) -> str:
    """GET /conferencing/relink/{id}"""
    profile = conferencing.profile_of(current_world(), profile_id)
    return render_template("relink.html", profile=profile, done=False)


def relink(profile_id: str) -> str:
    """POST /conferencing/relink/{id}"""
    world = current_world()
    conferencing.relink(world, profile_id)
    profile = conferencing.profile_of(world, profile_id)
    return render_template("relink.html", profile=profile, done=True)


def behave() -> Response:
    """PATCH conferencing `{way, seconds?}`: how links come from now on."""
    ours, asked = current_world().conferencing, body()
    way = asked.get("way", ours.way)
    if way not in WAYS:
        raise ControlError(f"way is one of {', '.join(WAYS)}")
    usual = USUAL_SECONDS
    if way == "late":
        usual = LATE_SECONDS
    ours.way = cast("Way", way)
    ours.seconds = checked(float, asked.get("seconds", usual))
    return done()


def add_profile(sub: str) -> Response:
    """POST accounts/{sub}/conferencing `{provider?}`: an account at a service."""
    provider = str(body().get("provider") or SERVICES[0])
    return answer(asdict(conferencing.add_profile(current_world(), sub, provider)))


def break_profile(profile_id: str) -> Response:
    """POST conferencing/{id}/break: its login is refused, and pushes say so."""
    conferencing.break_profile(current_world(), profile_id)
    return done()


def relink_profile(profile_id: str) -> Response:
    """POST conferencing/{id}/relink."""
    conferencing.relink(current_world(), profile_id)
    return done()


def _asked(token: str) -> tuple[str, str]:
    found = current_world().conferencing.asked.get(token)
    if found is None:
        raise ControlError("this page was never asked for: begin at the application", 404)
    return found
