"""Codes and tokens: what the application holds for an account, and how that ends.

Vendor's habits kept here: a code lives five minutes and works once; a refresh gives the same
refresh token back and leaves the old access token alive; revoking any token of an account ends all
of them, and its channels.
"""

from datetime import timedelta
from typing import Any

from workers.cronofy.sandbox import identifiers
from workers.cronofy.sandbox.errors import ProtocolError
from workers.cronofy.sandbox.world import Access, Code, SandboxGrant, SandboxProfile, World

LIFE = timedelta(hours=1)
# Short, says Cronofy, and no number: this one is ours.
CODE_LIFE = timedelta(minutes=5)

READING = {"read_account", "list_calendars", "read_events", "read_free_busy"}
WRITING = {
    "create_calendar",
    "create_event",
    "delete_event",
    "change_participation_status",
    "event_reminders",
}
CONTAINS = {
    "read_write": READING | WRITING,
    "read_only": READING,
    "write_only": WRITING,
    "free_busy": {"read_free_busy"},
    "free_busy_write": {"read_free_busy"} | WRITING,
    "read_events": {"read_free_busy"},
}
"""What the aggregated scopes stand for."""


def issue_code(world: World, profile: SandboxProfile, redirect_uri: str, scope: str) -> str:
    """A code for the profile that the person has just authorised."""
    code = identifiers.token("code")
    expires_at = world.clock.now() + CODE_LIFE
    world.codes[code] = Code(profile.account.sub, profile.id, redirect_uri, scope, expires_at)
    return code


def redeem(world: World, code: str, redirect_uri: str) -> dict[str, Any]:
    """The token answer for a code. Raises ProtocolError 400 invalid_grant."""
    # Taken out before it is looked at: a code is spent by the first try, whatever comes of it.
    found = world.codes.pop(code, None)
    if found is None or found.redirect_uri != redirect_uri or found.expires_at <= world.clock.now():
        raise refused("invalid_grant")
    profile = world.profile(found.profile_id)
    linking = {
        **profile.names,
        "profile_id": profile.id,
        "profile_name": profile.name,
    }
    return give(world, found.sub, found.scope) | {"linking_profile": linking}


def renew(world: World, refresh_token: str) -> dict[str, Any]:
    """The token answer for a refresh. Raises ProtocolError 400 invalid_grant, which is final."""
    grant = world.grants.get(refresh_token)
    if grant is None:
        raise refused("invalid_grant")
    return give(world, grant.sub, grant.scope)


def give(world: World, sub: str, scope: str) -> dict[str, Any]:
    """A fresh access token for the account, and its one refresh token."""
    access_token = identifiers.token("at")
    # The older ones stay alive until they expire: Cronofy ends none at a refresh.
    world.access[access_token] = Access(sub, scope, world.clock.now() + LIFE)
    refresh_token = _refresh_token(world, sub)
    world.grants[refresh_token] = SandboxGrant(sub, scope)
    return {
        "token_type": "bearer",
        "access_token": access_token,
        "expires_in": int(LIFE.total_seconds()),
        "refresh_token": refresh_token,
        "scope": scope,
        "account_id": sub,
        "sub": sub,
    }


def _refresh_token(world: World, sub: str) -> str:
    """The one that the account has, or its first."""
    for token, grant in world.grants.items():
        if grant.sub == sub:
            return token
    return identifiers.token("rt")


def owner(world: World, token: str) -> str | None:
    """The account that an access or refresh token belongs to."""
    found = world.grants.get(token) or world.access.get(token)
    if found is None:
        return None
    return found.sub


def revoke(world: World, sub: str) -> None:
    """End all access to the account: tokens, codes in flight, channels."""
    for held in (world.grants, world.access, world.codes):
        _drop(held, sub)
    # Without tokens there is nothing to push about any more; that Cronofy closes them is inferred.
    for channel in world.channels.values():
        if channel.sub == sub:
            channel.closed = True


def _drop(held: dict[str, Any], sub: str) -> None:
    for key, each in list(held.items()):
        if each.sub == sub:
            del held[key]


def expire(world: World, sub: str) -> None:
    """Let the account's access tokens be too old; its refresh token stays good."""
    for access in world.access.values():
        if access.sub == sub:
            access.expires_at = world.clock.now()


def allows(scope: str, need: str) -> bool:
    """Whether a scope string contains what a call needs."""
    return any(need == word or need in CONTAINS.get(word, ()) for word in scope.split())


def refused(error: str) -> ProtocolError:
    """The token endpoint's own way to say no."""
    return ProtocolError(400, {"error": error})
