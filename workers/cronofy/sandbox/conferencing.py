"""Conferencing: links that come to events after they were written, the calls that say so, and the
profiles they come from.

Source: docs.cronofy.com, Conferencing services and their subscriptions: details are assigned
asynchronously; when the first try fails the event is written all the same, and Cronofy goes on
trying; an upsert may subscribe a webhook to `conferencing_assigned` and `conferencing_failing`.

Inferred, since no source says it: the body of these calls, and that they are signed as pushes are
and tried as often; that `default` is the person's first service, and without one what the calendar
brings along; that what cannot be used is `conferencing_failing`, and an unknown profile 422; that
a later write with the same profile keeps its link; that a link makes no `change`; how links look.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any

from workers.cronofy.sandbox import channels, identifiers
from workers.cronofy.sandbox.conferencing_state import ComingLink, SandboxService
from workers.cronofy.sandbox.errors import ControlError, ProtocolError, invalid
from workers.cronofy.sandbox.responses import mapping
from workers.cronofy.sandbox.world import SandboxAccount, SandboxCalendar, World

ASSIGNED, FAILING = "conferencing_assigned", "conferencing_failing"
LINK = "the link"
# What happens, and whether it waits for the seconds that were ordered.
COURSES: dict[str, tuple[tuple[str, bool], ...]] = {
    "assigned": ((LINK, True), (ASSIGNED, True)),
    "failing_then_assigned": ((FAILING, False), (LINK, True), (ASSIGNED, True)),
    "failing": ((FAILING, True),),
    "late": ((LINK, True), (ASSIGNED, True)),
    "twice": ((LINK, True), (ASSIGNED, True), (ASSIGNED, True)),
    "never": ((LINK, True),),
}
EXPLICIT, INTEGRATED, DEFAULT = "explicit", "integrated", "default"
# Source: docs.cronofy.com, Access modes, FAQs: there is none of the calendar's own with these.
WITHOUT_THEIR_OWN = ("google_free_busy", "ms_graph_free_busy", "cronofy")


def check(world: World, account: SandboxAccount, data: Mapping[str, Any]) -> None:
    """Raises ProtocolError 422 for conferencing that there is not."""
    asked = mapping(data.get("conferencing"), "conferencing")
    profile_id = asked.get("profile_id")
    if not asked:
        return
    if profile_id == EXPLICIT:
        if not asked.get("join_url") or not asked.get("provider_description"):
            raise invalid(conferencing="errors.required")
        return
    known = {profile.id for profile in world.conferencing.of(account.sub)}
    if profile_id not in known | {INTEGRATED, DEFAULT}:
        raise invalid(**{"conferencing.profile_id": "errors.unknown_profile"})


def follow(world: World, calendar: SandboxCalendar, uid: str, data: Mapping[str, Any]) -> None:
    """An event was written: its link is on its way."""
    asked = mapping(data.get("conferencing"), "conferencing")
    if not asked:
        if "conferencing" in data:
            world.conferencing.wanted.pop(uid, None)
        return
    ours, profile_id = world.conferencing, str(asked["profile_id"])
    if profile_id == EXPLICIT:
        ours.wanted[uid] = profile_id
        _put(world, calendar, uid, str(asked["provider_description"]), str(asked["join_url"]))
        return
    if ours.wanted.get(uid) == profile_id:
        return
    ours.wanted[uid] = profile_id
    service, way = _service(world, calendar, profile_id), str(ours.way)
    if service is None:
        way = "failing"
    for what, waits in COURSES[way]:
        seconds = ours.seconds * waits
        if what == LINK:
            _link(world, calendar, uid, str(service), seconds)
        else:
            _call(world, calendar, uid, data, what, seconds)


def _service(world: World, calendar: SandboxCalendar, profile_id: str) -> str | None:
    """What the link comes from; None: it cannot be used."""
    its_own = None
    names = calendar.profile.names
    if not calendar.readonly and names["provider_name"] not in WITHOUT_THEIR_OWN:
        its_own = names["provider_service"]
    if profile_id == INTEGRATED:
        return its_own
    mine = world.conferencing.of(calendar.profile.account.sub)
    if profile_id == DEFAULT and not mine:
        return its_own
    chosen = [profile for profile in mine if profile_id in (DEFAULT, profile.id)]
    if not chosen or not chosen[0].connected:
        return None
    return chosen[0].provider


def _link(world: World, calendar: SandboxCalendar, uid: str, service: str, seconds: float) -> None:
    url = f"https://meet.example/{service}/{token_hex(12)}"
    if not seconds:
        _put(world, calendar, uid, service, url)
        return
    due = world.clock.elapsed() + seconds
    world.conferencing.coming.append(ComingLink(due, calendar.id, uid, service, url))


def bring(world: World) -> None:
    """Put the links that have come due."""
    ours, now = world.conferencing, world.clock.elapsed()
    coming, ours.coming = ours.coming, []
    for each in coming:
        if each.due > now:
            ours.coming.append(each)
            continue
        # The calendar may be gone by then.
        with suppress(ProtocolError):
            _put(world, world.calendar(each.calendar_id), each.uid, each.service, each.url)


def _put(world: World, calendar: SandboxCalendar, uid: str, provider: str, url: str) -> None:
    event = calendar.events.get(uid)
    if event is None or event.deleted:
        return
    link = {"conferencing": {"provider_name": provider, "join_url": url}, "meeting_url": url}
    event = replace(event, details={**event.details, **link}, updated=world.clock.second())
    calendar.events[uid] = event
    if calendar.held is not None:
        calendar.held[uid] = event


def _call(
    world: World,
    calendar: SandboxCalendar,
    uid: str,
    data: Mapping[str, Any],
    kind: str,
    seconds: float,
) -> None:
    content = {
        "notification": {"type": kind},
        "event": {"event_uid": uid, "event_id": data.get("event_id"), "calendar_id": calendar.id},
    }
    for subscription in data.get("subscriptions") or ():
        wanted = [each.get("type") for each in subscription.get("interactions") or ()]
        if subscription.get("type") == "webhook" and kind in wanted:
            world.pushes.call(str(subscription["uri"]), content, after=seconds)


def add_profile(world: World, sub: str, provider: str) -> SandboxService:
    """The person connects an account at a service; one that was lost is there again."""
    for profile in world.conferencing.of(sub):
        if profile.provider == provider:
            profile.connected = True
            return profile
    account = world.account(sub)
    profile = SandboxService(identifiers.profile(), sub, provider, account.email)
    world.conferencing.profiles[profile.id] = profile
    return profile


def profile_of(world: World, profile_id: str) -> SandboxService:
    """Raises ControlError 404."""
    if profile_id not in world.conferencing.profiles:
        raise ControlError(f"no conferencing profile {profile_id}; GET /sandbox/state", 404)
    return world.conferencing.profiles[profile_id]


def break_profile(world: World, profile_id: str) -> None:
    """The service refuses the person's login from now on."""
    profile = profile_of(world, profile_id)
    profile.connected = False
    channels.notify(world, world.account(profile.sub), "conferencing_profile_disconnected")


def relink(world: World, profile_id: str) -> None:
    """They have logged in again. As of calendars, there is no push for that."""
    profile_of(world, profile_id).connected = True


def shown(world: World, account: SandboxAccount) -> list[dict[str, Any]]:
    """`conferencing_profiles` of userinfo."""
    listed = []
    for profile in world.conferencing.of(account.sub):
        item: dict[str, Any] = {
            "provider_name": profile.provider,
            "profile_id": profile.id,
            "profile_name": profile.name,
            "profile_connected": profile.connected,
        }
        # Inferred: as of profiles of calendars.
        if not profile.connected:
            item["profile_relink_url"] = f"{world.origin}/conferencing/relink/{profile.id}"
        listed.append(item)
    return listed
