"""The OAuth pages and token endpoints.

Vendor's habits kept here: JSON or form bodies, any bearer or none; errors are 400 `{"error"}`; the
token endpoint names the profile just linked; `avoid_linking` decides whether the browser's cookie
joins a calendar to an account that was seen before; authorising the same calendar again gives the
same `sub`.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from workers.cronofy.sandbox import accounts, grants, modes, pages
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.responses import answer, current_world, empty, flag, form_or_json
from workers.cronofy.sandbox.world import SandboxAccount, SandboxProfile, World

COOKIE = "sandbox_cronofy_account"


def ask() -> str | tuple[str, int]:
    """GET /oauth/authorize: the consent page.
    It works without a script: a plain form that posts to the same URL.
    """
    world = current_world()
    problem = _problem(world)
    if problem:
        return render_template("problem.html", problem=problem), 400
    people, more = pages.newest(world)
    scope = request.args.get("scope", "")
    providers = [each for each in modes.PROVIDERS if modes.offered(each, scope)]
    return render_template(
        "consent.html",
        accounts=people,
        more=more,
        providers=sorted(providers),
        provider=request.args.get("provider_name") or "google",
        scope=scope,
        application=urlsplit(request.args["redirect_uri"]).netloc,
    )


def decide() -> AnyResponse | tuple[str, int]:
    """POST /oauth/authorize: back to the application with a code, or with access_denied.

    Form: `decision` allow|deny; `profile` a profile id, a sub, or `new` with `provider`, `name`,
    `email`, `zone`.
    """
    world = current_world()
    # Never back to an address that may not be the application's: an open redirect would carry the
    # code there.
    problem = _problem(world)
    if problem:
        return render_template("problem.html", problem=problem), 400
    if request.form.get("decision") != "allow":
        return redirect(_callback(error="access_denied"), 302)
    try:
        profile = _chosen(world)
    except ControlError as error:
        return render_template("problem.html", problem=str(error)), 400
    code = grants.issue_code(
        world, profile, request.args["redirect_uri"], request.args.get("scope", "")
    )
    response = make_response(redirect(_callback(code=code), 302))
    # By this cookie a browser that comes again is known, and its next calendar joins the account.
    response.set_cookie(COOKIE, profile.account.sub, httponly=True, samesite="Lax")
    return response


def token() -> Response:
    """POST /oauth/token: a code or a refresh token for an access token."""
    # No look at the bearer: the Python client sends "Bearer None" here, the Node client "Bearer
    # undefined".
    world, asked = current_world(), form_or_json()
    _check_client(world, asked)
    if asked.get("grant_type") == "authorization_code":
        content = grants.redeem(world, str(asked.get("code")), str(asked.get("redirect_uri")))
    elif asked.get("grant_type") == "refresh_token":
        content = grants.renew(world, str(asked.get("refresh_token")))
    else:
        raise grants.refused("unsupported_grant_type")
    response = answer(content)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def revoke() -> Response:
    """POST /oauth/token/revoke: 200 and no body, also for tokens that are unknown or long dead."""
    world, asked = current_world(), form_or_json()
    _check_client(world, asked)
    # The Node client sends `refresh_token`, the Python client an access token: both are taken.
    token = asked.get("token") or asked.get("refresh_token")
    sub = asked.get("sub")
    if token:
        sub = grants.owner(world, str(token))
    if sub:
        grants.revoke(world, str(sub))
    return empty(200)


def _problem(world: World) -> str | None:
    """What is wrong with the request, when it is not safe to send the person back."""
    args = request.args
    if args.get("client_id") != world.client_id:
        return (
            "The client_id is not the one that the sandbox gave out. Take it from the ready-file."
        )
    if not urlsplit(args.get("redirect_uri", "")).scheme:
        return "The redirect_uri is missing or relative. Send an absolute URL."
    if args.get("response_type") != "code":
        return "The response_type must be code."
    if args.get("provider_name") and args["provider_name"] not in modes.PROVIDERS:
        return (
            f"No provider is known by this provider_name. Send one of {', '.join(modes.PROVIDERS)},"
            " or none."
        )
    return None


def _chosen(world: World) -> SandboxProfile:
    chosen = request.form.get("profile") or "new"
    if chosen == "new":
        profile = _new(world)
    else:
        profile = _known(world, chosen)
    _check_mode(profile.provider)
    profile.revoked = False
    # Who has just logged in has also repaired the login.
    accounts.relink(world, profile)
    return profile


def _check_mode(provider: str) -> None:
    if not modes.offered(provider, request.args.get("scope", "")):
        raise ControlError(
            f"{provider} is an access mode, which people are offered by an application that asks"
            f" for the scope {modes.NEEDED}. Choose another provider, or ask for that."
        )


def _known(world: World, chosen: str) -> SandboxProfile:
    for profile in world.profiles():
        if chosen in (profile.id, profile.account.sub):
            return profile
    raise ControlError(
        f"There is no profile or account {chosen}. Choose one of the page's, or new."
    )


def _new(world: World) -> SandboxProfile:
    form = request.form
    provider = form.get("provider") or request.args.get("provider_name") or "google"
    _check_mode(provider)
    email = form.get("email") or "new.coach@school.example"
    # The same calendar again is the same account: a `sub` is never new for one that was seen.
    for profile in world.profiles():
        if (profile.provider, profile.name) == (provider, email):
            return profile
    account = _linked_account(world) or accounts.add_account(
        world,
        name=form.get("name") or email.partition("@")[0],
        email=email,
        zone=form.get("zone") or "Europe/London",
    )
    profile = accounts.add_profile(account, provider=provider, name=email)
    accounts.add_calendar(profile, form.get("name") or "Calendar", primary=True)
    return profile


def _linked_account(world: World) -> SandboxAccount | None:
    seen = request.cookies.get(COOKIE)
    if seen is None or flag("avoid_linking"):
        return None
    return world.accounts.get(seen)


def _callback(**answered: str) -> str:
    # Untouched, whatever it is; the Python client sends an empty one, which is none.
    if state := request.args.get("state"):
        answered["state"] = state
    uri = request.args["redirect_uri"]
    separator = "?"
    if urlsplit(uri).query:
        separator = "&"
    return f"{uri}{separator}{urlencode(answered)}"


def _check_client(world: World, asked: dict[str, Any]) -> None:
    if asked.get("client_id") != world.client_id or asked.get("client_secret") not in world.secrets:
        raise grants.refused("invalid_client")
