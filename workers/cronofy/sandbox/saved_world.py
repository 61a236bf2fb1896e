"""The whole sandbox as one JSON document, and back: what a restart must not forget.

Kept: people and their calendars, the application's id and secrets, tokens, channels, pushes and
links that are still on their way, conferencing, the clock, and the bad luck that was ordered. Not
kept: the pages of a read that is under way, the logs of calls and deliveries, and writes that a
fault postpones.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from workers.cronofy.sandbox.conferencing_state import ComingLink, SandboxService
from workers.cronofy.sandbox.faults import Fault
from workers.cronofy.sandbox.pushes import Switches
from workers.cronofy.sandbox.saved_people import moment_or_none, restore_account, save_account
from workers.cronofy.sandbox.world import (
    Access,
    Code,
    SandboxChannel,
    SandboxEvent,
    SandboxGrant,
    World,
)

REMEMBERED = timedelta(days=90)
"""Events that ended and were not touched for so long are let go: weeks of use would only grow."""
PAGES_KEPT = 1000
"""Pages where a person connects a conferencing service, that were asked for and may be opened."""


def save(world: World) -> dict[str, Any]:
    """The document. Whoever calls holds the world's lock."""
    _let_go(world)
    return {
        "client_id": world.client_id,
        "secrets": world.secrets,
        "page_size": world.page_size,
        "clock": world.clock.offset.total_seconds(),
        "accounts": [save_account(each) for each in world.accounts.values()],
        "channels": [asdict(each) for each in world.channels.values()],
        "codes": _dated(world.codes),
        "access": _dated(world.access),
        "grants": {token: asdict(each) for token, each in world.grants.items()},
        "conferencing": _conferencing(world),
        "faults": world.faults.show(),
        "switches": asdict(world.pushes.switches),
        "pushes": world.pushes.waiting(),
    }


def restore(world: World, saved: dict[str, Any]) -> None:
    """Make a new world the saved one.
    Raises KeyError, TypeError and ValueError for what `save` did not write.
    """
    world.client_id, world.secrets = str(saved["client_id"]), list(saved["secrets"])
    world.page_size = int(saved["page_size"])
    world.clock.offset = timedelta(seconds=saved["clock"])
    for account in map(restore_account, saved["accounts"]):
        world.accounts[account.sub] = account
    for each in saved["channels"]:
        world.channels[each["id"]] = SandboxChannel(**each)
    world.codes.update(_undated(saved["codes"], Code))
    world.access.update(_undated(saved["access"], Access))
    for token, each in saved["grants"].items():
        world.grants[token] = SandboxGrant(**each)
    _restore_conferencing(world, dict(saved["conferencing"]))
    for each in saved["faults"]:
        world.faults.order(Fault(**each))
    world.pushes.switches = Switches(**saved["switches"])
    world.pushes.resume(saved["pushes"])


def _conferencing(world: World) -> dict[str, Any]:
    saved = asdict(world.conferencing)
    for each in saved["coming"]:
        each["due"] = world.clock.date_of(each["due"])
    return saved


def _restore_conferencing(world: World, saved: dict[str, Any]) -> None:
    ours = world.conferencing
    ours.way, ours.seconds, ours.wanted = saved["way"], saved["seconds"], saved["wanted"]
    for token, (sub, redirect_uri) in saved["asked"].items():
        ours.asked[token] = (sub, redirect_uri)
    for name, each in saved["profiles"].items():
        ours.profiles[name] = SandboxService(**each)
    for each in saved["coming"]:
        ours.coming.append(ComingLink(**each | {"due": world.clock.due_at(each["due"])}))


def _let_go(world: World) -> None:
    """Forget what nobody can ask for any more."""
    # A date that was turned ahead may be turned back, to a day on which all of it is good.
    now = world.clock.surely()
    for held in (world.codes, world.access):
        for token in [token for token, each in held.items() if each.expires_at <= now]:
            del held[token]
    for channel in [each for each in world.channels.values() if each.closed]:
        del world.channels[channel.id]
    # The oldest come first.
    asked = world.conferencing.asked
    for token in list(asked)[:-PAGES_KEPT]:
        del asked[token]
    uids: set[str] = set()
    for calendar in world.calendars():
        for event in list(calendar.events.values()):
            if _is_over(event, now - REMEMBERED):
                del calendar.events[event.uid]
        uids |= calendar.events.keys()
    wanted = world.conferencing.wanted
    for uid in wanted.keys() - uids:
        del wanted[uid]


def _is_over(event: SandboxEvent, before: datetime) -> bool:
    # To the day: a floating time or a date has no instant of its own.
    last = max(event.end.isoformat()[:10], (event.updated or before).isoformat()[:10])
    return last < before.isoformat()[:10]


def _dated(held: dict[str, Any]) -> dict[str, Any]:
    return {
        token: asdict(each) | {"expires_at": each.expires_at.isoformat()}
        for token, each in held.items()
    }


def _undated(saved: dict[str, Any], kind: Callable[..., Any]) -> dict[str, Any]:
    found = {}
    for token, each in saved.items():
        found[token] = kind(**each | {"expires_at": moment_or_none(each["expires_at"])})
    return found
