"""The control API's part that acts as a person:
accounts, profiles, calendars and the events in them.
"""

from collections.abc import Callable
from typing import Any

from flask import Response

from workers.cronofy.sandbox import accounts, channels, grants, imports, person_actions, state
from workers.cronofy.sandbox.control_requests import (
    checked,
    done,
    instant_in,
    moment_in,
    reply_in,
    status_in,
)
from workers.cronofy.sandbox.responses import answer, body, current_world
from workers.cronofy.sandbox.times import zone_named
from workers.cronofy.sandbox.world import SandboxProfile


def create_account() -> Response:
    """POST accounts `{name, email?, zone?, provider?, calendars?: [name], scope?}` -> a ready
    account with tokens.
    """
    world, asked = current_world(), body()
    name = str(asked.get("name") or "Coach")
    email = str(asked.get("email") or f"{name.split(maxsplit=1)[0].lower()}@school.example")
    account = accounts.add_account(
        world, name=name, email=email, zone=str(asked.get("zone") or "Europe/London")
    )
    profile = accounts.add_profile(
        account, provider=str(asked.get("provider") or "google"), name=email
    )
    for number, calendar in enumerate(asked.get("calendars") or ["Calendar"]):
        accounts.add_calendar(profile, str(calendar), primary=number == 0)
    return answer(state.ready(world, account, str(asked.get("scope") or "read_write")))


def change_account(sub: str) -> Response:
    """PATCH accounts/{sub} `{zone?, name?, email?}`."""
    account, asked = current_world().account(sub), body()
    if "zone" in asked:
        checked(zone_named, str(asked["zone"]))
    # No push comes of it, though floating times and days move along: nothing says that Cronofy
    # sends one.
    for name in ("zone", "name", "email"):
        setattr(account, name, str(asked.get(name, getattr(account, name))))
    return answer({"sub": sub, "zone": account.zone})


def grant(sub: str) -> Response:
    """POST accounts/{sub}/grant `{scope?}`: tokens without the OAuth round."""
    world = current_world()
    return answer(state.ready(world, world.account(sub), str(body().get("scope") or "read_write")))


def expire_tokens(sub: str) -> Response:
    """POST accounts/{sub}/expire: access tokens are too old from now on."""
    grants.expire(current_world(), sub)
    return done()


def revoke_tokens(sub: str) -> Response:
    """POST accounts/{sub}/revoke: the person takes the permission back."""
    grants.revoke(current_world(), sub)
    return done()


def notify(sub: str) -> Response:
    """POST accounts/{sub}/notify `{type, …}`: push any type of notification, unknown ones too."""
    extra = body()
    world = current_world()
    channels.notify(world, world.account(sub), str(extra.pop("type", "change")), extra)
    return done()


def create_profile(sub: str) -> Response:
    """POST accounts/{sub}/profiles `{provider?, name?}`."""
    asked, account = body(), current_world().account(sub)
    profile = accounts.add_profile(
        account,
        provider=str(asked.get("provider") or "google"),
        name=str(asked.get("name") or account.email),
    )
    return answer({"profile_id": profile.id})


def create_calendar(profile_id: str) -> Response:
    """POST profiles/{id}/calendars `{name, primary?, readonly?}`."""
    asked, profile = body(), current_world().profile(profile_id)
    calendar = accounts.add_calendar(
        profile,
        str(asked.get("name") or "Calendar"),
        primary=bool(asked.get("primary")),
        readonly=bool(asked.get("readonly")),
    )
    return answer({"calendar_id": calendar.id})


def break_profile(profile_id: str) -> Response:
    """POST profiles/{id}/break `{noticed?: true}`."""
    noticed = bool(body().get("noticed", True))
    return _with_profile(
        profile_id, lambda one: accounts.break_profile(current_world(), one, noticed=noticed)
    )


def relink_profile(profile_id: str) -> Response:
    """POST profiles/{id}/relink."""
    return _with_profile(profile_id, lambda one: accounts.relink(current_world(), one))


def begin_sync(profile_id: str) -> Response:
    """POST profiles/{id}/begin_sync."""
    return _with_profile(profile_id, accounts.begin_sync)


def finish_sync(profile_id: str) -> Response:
    """POST profiles/{id}/finish_sync."""
    return _with_profile(profile_id, lambda one: accounts.finish_sync(current_world(), one))


def change_calendar(calendar_id: str) -> Response:
    """PATCH calendars/{id} `{name?, readonly?, deleted?, primary?, permission_level?}`; pushes a
    change.
    """
    world, asked = current_world(), body()
    calendar = world.calendar(calendar_id)
    for name in ("name", "readonly", "deleted", "primary", "permission_level"):
        setattr(calendar, name, asked.get(name, getattr(calendar, name)))
    channels.notify_change(world, calendar.profile.account, [calendar])
    return done()


def import_ics(calendar_id: str) -> Response:
    """POST calendars/{id}/import `{ics, zone?, since?, until?, notify?, replace?}`."""
    world, asked = current_world(), body()
    calendar = world.calendar(calendar_id)
    if asked.get("replace"):
        imports.clear(world, calendar)
    report = imports.load(
        world,
        calendar,
        str(asked.get("ics", "")).encode(),
        zone=asked.get("zone"),
        since=instant_in(asked, "since"),
        until=instant_in(asked, "until"),
        notify=bool(asked.get("notify", True)),
    )
    return answer(report)


def add_event(calendar_id: str) -> Response:
    """POST calendars/{id}/events `{start, end, summary?, status?, tzid?, notify?, fields?}`.

    `status` is busy, tentative, free or unknown. A time without Z or offset floats unless `tzid` is
    given.
    """
    world, asked = current_world(), body()
    tzid = None
    if asked.get("tzid"):
        tzid = checked(zone_named, str(asked["tzid"])).key
    draft = person_actions.Draft(
        moment_in(asked, "start"),
        moment_in(asked, "end"),
        summary=str(asked.get("summary") or "Busy"),
        free_busy=status_in(asked.get("status") or "busy"),
        tzid=tzid,
        details=dict(asked.get("fields") or {}),
    )
    [event] = person_actions.add(
        world, world.calendar(calendar_id), [draft], notify=bool(asked.get("notify", True))
    )
    return answer({"event_uid": event.uid})


def change_event(event_uid: str) -> Response:
    """PATCH events/{uid} `{start, end}` moves it; `{status?, summary?}` changes it; `{declined:
    true}` declines it, `{fields: {…}}` sets further wire fields. The application's own events too.
    """
    world, asked = current_world(), body()
    changes: dict[str, Any] = {}
    if asked.get("summary"):
        changes["summary"] = str(asked["summary"])
    if asked.get("status"):
        changes["free_busy"] = status_in(asked["status"])
    if asked.get("start"):
        person_actions.move(world, event_uid, moment_in(asked, "start"), moment_in(asked, "end"))
    if changes:
        person_actions.change(world, event_uid, **changes)
    if asked.get("declined") is not None:
        person_actions.answer(world, event_uid, declined=bool(asked["declined"]))
    if asked.get("fields"):
        person_actions.set_fields(world, event_uid, dict(asked["fields"]))
    return done()


def delete_event(event_uid: str) -> Response:
    """DELETE events/{uid}."""
    person_actions.delete(current_world(), event_uid)
    return done()


def reply_event(event_uid: str) -> Response:
    """POST events/{uid}/reply `{reply}`: accepted, tentative or declined, to an invitation."""
    person_actions.reply(current_world(), event_uid, reply_in(body().get("reply")))
    return done()


def _with_profile(profile_id: str, act: Callable[[SandboxProfile], None]) -> Response:
    act(current_world().profile(profile_id))
    return done()
