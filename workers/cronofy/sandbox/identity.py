"""Who is connected: userinfo, account, profiles, calendars."""

from typing import Any

from flask import Response

from workers.cronofy.sandbox import accounts, conferencing
from workers.cronofy.sandbox.caller import caller
from workers.cronofy.sandbox.errors import ProtocolError, invalid, require
from workers.cronofy.sandbox.fault_injection import vanished
from workers.cronofy.sandbox.responses import answer, body, current_world, empty
from workers.cronofy.sandbox.world import SandboxCalendar, SandboxProfile, World


def userinfo() -> Response:
    """GET /v1/userinfo."""
    access, account = caller()
    world = current_world()
    profiles = []
    for profile in account.linked():
        calendars = [_shown_calendar(one) for one in profile.calendars if one.id != vanished()]
        profiles.append(shown_profile(world, profile) | {"profile_calendars": calendars})
    return answer(
        {
            "sub": account.sub,
            "email": account.email,
            "name": account.name,
            "zoneinfo": account.zone,
            "cronofy.type": "account",
            "cronofy.data": {
                "authorization": {"scope": access.scope, "status": "active"},
                "profiles": profiles,
                "conferencing_profiles": conferencing.shown(world, account),
            },
        }
    )


def account() -> Response:
    """GET /v1/account."""
    access, person = caller()
    shown = {
        "account_id": person.sub,
        "email": person.email,
        "name": person.name,
        "scope": access.scope,
        "default_tzid": person.zone,
    }
    return answer({"account": shown, "sub": person.sub})


def profiles() -> Response:
    """GET /v1/profiles."""
    _, person = caller()
    world = current_world()
    return answer({"profiles": [shown_profile(world, profile) for profile in person.linked()]})


def revoke_profile(profile_id: str) -> Response:
    """POST /v1/profiles/{id}/revoke:
    the profile leaves the account until it is authorised again.
    """
    _, person = caller()
    _own_profile(person.linked(), profile_id).revoked = True
    return empty(202)


def calendars() -> Response:
    """GET /v1/calendars: read-only and deleted ones are in the list."""
    _, person = caller()
    shown = []
    for one in person.calendars():
        if one.id != vanished():
            shown.append(_owner(one.profile) | _shown_calendar(one))
    return answer({"sub": person.sub, "calendars": shown})


def create_calendar() -> Response:
    """POST /v1/calendars: not idempotent, but a duplicate name is told."""
    _, person = caller("create_calendar")
    asked = body()
    require(asked, "profile_id", "name")
    profile = _own_profile(person.linked(), str(asked["profile_id"]))
    # A write is an access attempt, which finds out whether the login still works.
    accounts.notice(current_world(), profile)
    if not profile.connected:
        raise ProtocolError(423)
    if any(one.name == asked["name"] and not one.deleted for one in profile.calendars):
        raise invalid(name="errors.duplicate_calendar_name")
    calendar = accounts.add_calendar(profile, str(asked["name"]))
    return answer({"calendar": _owner(profile) | _shown_calendar(calendar)})


def shown_profile(world: World, profile: SandboxProfile) -> dict[str, Any]:
    """A profile; the relink URL is there only while it is disconnected."""
    shown: dict[str, Any] = {
        **profile.names,
        "profile_id": profile.id,
        "profile_name": profile.name,
        "profile_connected": profile.connected,
        "profile_initial_sync_required": profile.syncing,
    }
    # Source: docs.cronofy.com, User Info: only present while the profile is disconnected.
    if not profile.connected:
        shown["profile_relink_url"] = f"{world.origin}/relink/{profile.id}"
    return shown


def _own_profile(mine: list[SandboxProfile], profile_id: str) -> SandboxProfile:
    for profile in mine:
        if profile.id == profile_id:
            return profile
    raise ProtocolError(404)


def _owner(profile: SandboxProfile) -> dict[str, str]:
    return {
        "provider_name": profile.names["provider_name"],
        "profile_id": profile.id,
        "profile_name": profile.name,
    }


def _shown_calendar(calendar: SandboxCalendar) -> dict[str, Any]:
    return {
        "calendar_id": calendar.id,
        "calendar_name": calendar.name,
        "calendar_readonly": calendar.readonly,
        "calendar_deleted": calendar.deleted,
        "calendar_primary": calendar.primary,
        "calendar_integrated_conferencing_available": (
            not calendar.readonly and calendar.profile.mode == "read_write"
        ),
        "calendar_attachments_available": False,
        "permission_level": calendar.permission_level,
    }
