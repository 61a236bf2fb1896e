"""Coaches over HTTP: what they set, in whole or in part, and how their calendars stand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from domain.accounts import Calendar, Profile
from domain.coaches import Coach, Policy
from domain.hours import Hours
from domain.places import kinds_of
from storage.reports import coach_states, samples
from storage.reports.coach_states import CoachState
from storage.rows import coaches, connections
from storage.rows.connections import Connected
from storage.slots.absences import SessionInside, sessions_inside
from storage.transactions import coach_settings
from storage.transactions.coach_settings import CoachChange
from webhooks.api import absences
from webhooks.api.places import check_deployment, place_of
from webhooks.api.schemas.booking_responses import place_fields
from webhooks.api.schemas.picked import picker
from webhooks.api.schemas.requests import CoachIn, HoursIn, OverridesIn, PolicyIn
from webhooks.api.schemas.responses import (
    CalendarOut,
    CoachOut,
    HoursOut,
    OverridesOut,
    ProfileOut,
    PushWaitsOut,
)
from webhooks.http import after_change
from webhooks.http.context import runtime
from webhooks.http.entity_tags import expected_version
from webhooks.http.problems import unknown_coach
from webhooks.http.times import iso_or_none

Change = Callable[[Coach | None], Coach]

ABSENCES = ("away", "travel", "holidays")
CHOSEN = ("place", "place_kinds", "event_policy")
"""What coaches choose on "More settings", too: a platform that leaves it out does not undo it."""


def show(coach_id: str) -> CoachOut:
    """A coach: what was set, and how the calendars stand."""
    services = runtime().services
    with services.database.read() as tx:
        coach = coaches.get(tx, coach_id)
        if coach is None:
            raise unknown_coach(coach_id)
        now, stale_after = services.now(), services.stale_after()
        connected = connections.of_coach(tx, coach_id)
        stands = coach_states.by_connections(coach_id, connected, now=now, stale_after=stale_after)
        inside = sessions_inside(tx, coach, now=now)
    return CoachOut.model_validate(coach_fields(coach, stands, connected, inside))


def put(coach_id: str, body: CoachIn) -> tuple[CoachOut, int]:
    """Set all of a coach, but for what says "as before if absent"; 201 when there was none.

    The slot set follows in the same transaction: whoever lists slots after the answer sees what was
    set.
    """
    changed = _change(coach_id, change_of(coach_id, body), body.version)
    status = 200
    if changed.created:
        status = 201
    return show(coach_id), status


def change_of(coach_id: str, body: CoachIn) -> Change:
    """What a PUT makes of the coach that is there. Raises Invalid and RefusedRequest; what it gives
    raises Invalid.
    """
    hours = Hours.parse(body.zone, body.hours, body.overrides)
    apart = {"zone", "hours", "overrides", "durations", "policy", "version", *ABSENCES}
    settings = body.model_dump(exclude=apart | {"id", "place", "place_kinds"})
    place = place_of(body.place)
    check_deployment(place)
    coach = Coach(
        id=coach_id,
        hours=hours,
        durations=tuple(body.durations),
        place=place,
        place_kinds=kinds_of(body.place_kinds),
        policy=_policy(body.policy),
        version=0,
        **settings,
    )
    # Before the transaction: looking holidays up takes longer than a lock may.
    sent = absences.sent_of(body)
    left_out = [name for name in CHOSEN if name not in body.model_fields_set]

    def change(before: Coach | None) -> Coach:
        stored = before or coach
        kept = {name: getattr(stored, name) for name in left_out}
        return replace(absences.changed(coach, sent, before), **kept)

    return change


def show_hours(coach_id: str) -> HoursOut:
    """A coach's weekly hours."""
    return _hours(_stored(coach_id))


def put_hours(coach_id: str, body: HoursIn) -> HoursOut:
    """Set a coach's weekly hours, and the zone if one is sent."""

    def change(coach: Coach | None) -> Coach:
        coach = _there(coach, coach_id)
        hours = Hours.parse(body.zone or coach.hours.zone, body.hours, coach.hours.overrides_json())
        return replace(coach, hours=hours)

    return _hours(_change(coach_id, change, body.version).coach)


def show_overrides(coach_id: str) -> OverridesOut:
    """The dates on which a coach's hours are others."""
    return _overrides(_stored(coach_id))


def put_overrides(coach_id: str, body: OverridesIn) -> OverridesOut:
    """Set the dates on which a coach's hours are others; those not sent are usual again."""

    def change(coach: Coach | None) -> Coach:
        coach = _there(coach, coach_id)
        hours = Hours.parse(coach.hours.zone, coach.hours.weekly_json(), body.overrides)
        return replace(coach, hours=hours)

    return _overrides(_change(coach_id, change, body.version).coach)


def _change(coach_id: str, change: Change, version: int | None) -> CoachChange:
    return store(coach_id, change, expected_version(version))


def store(coach_id: str, change: Change, expected: int | None) -> CoachChange:
    """One transaction, then the wake-ups. Raises StaleVersion, Refused and Invalid; then nothing
    was written.
    """
    services = runtime().services
    changed = services.database.transact(
        lambda tx: coach_settings.put_coach(
            tx, coach_id, change, expected=expected, now=services.now()
        )
    )
    after_change.follow(coach_id, wake=changed.wake, conflicts=changed.conflicts)
    return changed


def _policy(sent: PolicyIn | None) -> Policy:
    settings = runtime().settings
    if sent is None:
        return Policy(settings.policy, settings.last_known_hours)
    return Policy(sent.kind, sent.last_known_hours or settings.last_known_hours)


def _stored(coach_id: str) -> Coach:
    with runtime().services.database.read() as tx:
        return _there(coaches.get(tx, coach_id), coach_id)


def _there(coach: Coach | None, coach_id: str) -> Coach:
    if coach is None:
        raise unknown_coach(coach_id)
    return coach


def _hours(coach: Coach) -> HoursOut:
    return HoursOut(
        coach_id=coach.id,
        version=coach.version,
        zone=coach.hours.zone,
        hours=coach.hours.weekly_json(),
    )


def _overrides(coach: Coach) -> OverridesOut:
    return OverridesOut(
        coach_id=coach.id, version=coach.version, overrides=coach.hours.overrides_json()
    )


def coach_fields(
    coach: Coach,
    stands: CoachState,
    connected: list[Connected],
    inside: list[SessionInside],
) -> dict[str, Any]:
    """What a CoachOut says, as JSON takes it: lists have no time for models."""
    pushes = samples.pushes_of(connected)
    return {
        "id": coach.id,
        "version": coach.version,
        "name": coach.name,
        "email": coach.email,
        "language": coach.language,
        "zone": coach.hours.zone,
        "hours": coach.hours.weekly_json(),
        "overrides": coach.hours.overrides_json(),
        "durations": coach.durations,
        "pre": coach.pre,
        "post": coach.post,
        "notice": coach.notice,
        "horizon_days": coach.horizon_days,
        "mode": coach.mode,
        "per_day": coach.per_day,
        "per_week": coach.per_week,
        "tentative_blocks": coach.tentative_blocks,
        "place": place_fields(coach.place),
        "place_kinds": coach.place_kinds,
        "event_policy": coach.event_policy,
        "policy": {
            "kind": coach.policy.kind,
            "last_known_hours": coach.policy.last_known_hours,
        },
        "synced": stands.synced,
        "state": stands.state,
        "as_of": iso_or_none(stands.as_of),
        "push_to_visible": _waits(pushes.waits),
        "missed_pushes": pushes.missed,
        "connections": list(map(_connection, connected)),
    } | absences.fields(coach, inside)


def _connection(connected: Connected) -> dict[str, Any]:
    return {
        "id": connected.id,
        "trouble": connected.trouble,
        "last_read_at": iso_or_none(connected.last_ok_at),
        "last_error": connected.last_error,
        "profiles": [_profile(each, connected) for each in connected.profiles],
    }


def _profile(profile: Profile, connected: Connected) -> dict[str, Any]:
    listed = [_calendar(each, connected) for each in profile.calendars]
    return _of_profile(profile) | {"calendars": listed}


def _calendar(calendar: Calendar, connected: Connected) -> dict[str, Any]:
    return _of_calendar(calendar) | {
        "blocks": calendar.id in connected.blocking,
        "receives": calendar.id == connected.receives,
    }


_waits = picker(PushWaitsOut)
_of_profile = picker(ProfileOut, apart=("calendars",))
_of_calendar = picker(CalendarOut, apart=("blocks", "receives"))
