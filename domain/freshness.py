"""How far a coach's calendars can be believed, and what people see because of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from domain.accounts import Trouble
from domain.coaches import Policy

State = Literal[
    "fresh", "refreshing", "stale", "initial_sync", "disconnected", "no_access", "unconnected"
]
Effect = Literal["list", "hide", "hours_only"]


@dataclass(frozen=True, slots=True)
class Health:
    """What is known about one connection."""

    dirty: bool
    """A change is known that has not been read yet."""
    trouble: Trouble | None
    last_ok: int | None
    """When it was last read whole, epoch seconds; None for never."""


def state(healths: Sequence[Health], *, now: int, stale_after: int) -> State:
    """The state of a coach with these connections: the worst of theirs.
    `stale_after` in seconds.
    """
    if not healths:
        return "unconnected"
    # The worst first: of a coach whose account is lost it helps nobody to say that it is stale.
    troubles = {health.trouble for health in healths}
    if not troubles.isdisjoint(("disconnected", "revoked")):
        return "disconnected"
    # An account that nobody may read is so until its coach decides otherwise: before what passes.
    if "no_access" in troubles:
        return "no_access"
    # A connection that was never read whole is as one in its first sync: nothing is known of it.
    last_read = as_of(healths)
    if "initial_sync" in troubles or last_read is None:
        return "initial_sync"
    if last_read + stale_after < now:
        return "stale"
    if any(health.dirty for health in healths):
        return "refreshing"
    return "fresh"


def as_of(healths: Sequence[Health]) -> int | None:
    """When the calendars were last read, the oldest of them, epoch seconds;
    None while one of them never was.
    """
    # The oldest, because every calendar can close a time: the answer is as old as that read.
    read = []
    for health in healths:
        # A read without access succeeds and shows nothing of the calendar: it was none.
        if health.last_ok is None or health.trouble == "no_access":
            return None
        read.append(health.last_ok)
    return min(read, default=None)


def effect(state: State, policy: Policy, *, as_of: int | None, now: int) -> Effect:
    """What people see. `as_of`: when the oldest read of the calendars was, epoch seconds."""
    # While a known change is being read, the set before it is shown, and marked: that lasts for
    # seconds, and to hide it would make an outage of every push.
    if state in ("fresh", "refreshing"):
        return "list"
    if state == "initial_sync":
        return "hide"  # whatever the policy: an unfinished sync looks free all day
    if policy.kind == "hours_only":
        return "hours_only"
    # Of calendars that nobody reads there is no last known state, only our own sessions' times.
    has_last_known = state not in ("unconnected", "no_access") and policy.kind == "last_known"
    if has_last_known and now < _trusted_until(policy, as_of):
        return "list"
    return "hide"


def effect_until(
    healths: Sequence[Health], policy: Policy, *, as_of: int | None, now: int, stale_after: int
) -> int | None:
    """The first second after `now` at which time alone changes state or effect; None for never."""
    current = state(healths, now=now, stale_after=stale_after)
    # In the last second of the bound it is fresh, in the next one it is stale.
    if current in ("fresh", "refreshing") and as_of is not None:
        return as_of + stale_after + 1
    if current in ("stale", "disconnected") and policy.kind == "last_known":
        ends = _trusted_until(policy, as_of)
        if now < ends:
            return ends
    return None


def _trusted_until(policy: Policy, as_of: int | None) -> int:
    if as_of is None:
        return 0
    return as_of + 3600 * policy.last_known_hours
