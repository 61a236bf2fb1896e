"""What the sandbox shows of itself:
a ready account with tokens, and the dump of everything without them.
"""

from dataclasses import asdict
from typing import Any

from workers.cronofy.sandbox import grants
from workers.cronofy.sandbox.times import Moment, floats, utc_text, whole_day
from workers.cronofy.sandbox.world import (
    SandboxAccount,
    SandboxCalendar,
    SandboxEvent,
    SandboxProfile,
    World,
)


def ready(world: World, account: SandboxAccount, scope: str = "read_write") -> dict[str, Any]:
    """`{sub, access_token, refresh_token, calendars: [id], profiles: [id], name, email, zone}`,
    tokens fresh.
    """
    # Without the OAuth round: tests want somebody who is connected, not the consent page.
    token = grants.give(world, account.sub, scope)
    return {
        "sub": account.sub,
        "access_token": token["access_token"],
        "refresh_token": token["refresh_token"],
        "calendars": [calendar.id for calendar in account.calendars()],
        "profiles": [profile.id for profile in account.profiles],
        "name": account.name,
        "email": account.email,
        "zone": account.zone,
    }


def dump(world: World) -> dict[str, Any]:
    """Everything but tokens and secrets."""
    # How many secrets there are, and none of them: this ends in the logs of whoever tests.
    return {
        "origin": world.origin,
        "client_id": world.client_id,
        "secrets": len(world.secrets),
        "now": utc_text(world.clock.now()),
        "page_size": world.page_size,
        "accounts": [_account(account) for account in world.accounts.values()],
        "channels": [asdict(channel) for channel in world.channels.values()],
        "faults": world.faults.show(),
        "conferencing": world.conferencing.show(),
        **world.pushes.show(),
        **world.traffic.show(),
    }


def moment_text(moment: Moment) -> str:
    """UTC with Z; a floating time without; a date as it is."""
    if whole_day(moment) or floats(moment):
        return moment.isoformat()
    return moment.isoformat().replace("+00:00", "Z")


def _account(account: SandboxAccount) -> dict[str, Any]:
    return {
        "sub": account.sub,
        "name": account.name,
        "email": account.email,
        "zone": account.zone,
        "profiles": [_profile(profile) for profile in account.profiles],
    }


def _profile(profile: SandboxProfile) -> dict[str, Any]:
    return {
        "profile_id": profile.id,
        "provider": profile.provider,
        "name": profile.name,
        "connected": profile.connected,
        "broken": profile.broken,
        "syncing": profile.syncing,
        "revoked": profile.revoked,
        "calendars": [_calendar(calendar) for calendar in profile.calendars],
    }


def _calendar(calendar: SandboxCalendar) -> dict[str, Any]:
    return {
        "calendar_id": calendar.id,
        "name": calendar.name,
        "readonly": calendar.readonly,
        "deleted": calendar.deleted,
        "primary": calendar.primary,
        "permission_level": calendar.permission_level,
        "events": [_event(event) for event in calendar.events.values()],
    }


def _event(event: SandboxEvent) -> dict[str, Any]:
    return {
        "event_uid": event.uid,
        "event_id": event.event_id,
        "summary": event.summary,
        "start": moment_text(event.start),
        "end": moment_text(event.end),
        "status": event.free_busy,
        "tzid": event.tzid,
        "deleted": event.deleted,
        "conferencing": event.details.get("conferencing"),
        "participation_status": event.details.get("participation_status", "accepted"),
        "invitation": event.invitation,
    }
