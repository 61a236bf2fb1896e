"""What the application writes: upserts and deletions of its own events, and batches of them. Never
a push.

Vendor's habits kept here: 202 means accepted, not visible; `event_id` wins over `event_uid`; a
deletion of what is not there is no error; one entry's failure does not stop a batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from workers.cronofy.sandbox import accounts, conferencing, grants, identifiers
from workers.cronofy.sandbox.errors import ProtocolError, invalid, missing
from workers.cronofy.sandbox.modes import Invitation
from workers.cronofy.sandbox.responses import mapping, truth
from workers.cronofy.sandbox.times import Moment, floats, instant, read_moment, zone_named
from workers.cronofy.sandbox.world import (
    Access,
    FreeBusy,
    SandboxAccount,
    SandboxCalendar,
    SandboxEvent,
    World,
)

LONGEST = {"summary": 1024, "description": 4096}
BATCH_MOST = 50
PARTICIPATION = ("accepted", "tentative", "declined")
KEPT = (
    "description",
    "location",
    "event_private",
    "url",
    "color",
    "reminders",
    "meeting_url",
    "extended_transparency",
)
CLEARED = ("location", "url", "conferencing")


def upsert(world: World, access: Access, calendar_id: str, data: Mapping[str, Any]) -> None:
    """Create or change an event. Raises ProtocolError 403, 404, 422, 423."""
    calendar = _writable(world, access, calendar_id, "create_event")
    _check(data)
    conferencing.check(world, calendar.profile.account, data)
    # If both are given `event_id` wins, and an event is made anew: so Cronofy does it.
    if data.get("event_id"):
        event_id = str(data["event_id"])
        old = calendar.managed(event_id)
    else:
        event_id, old = None, _external(calendar, str(data["event_uid"]))
    start, end = _moment(data, "start"), _moment(data, "end")
    now = world.clock.second()
    event = old or SandboxEvent(
        identifiers.managed_event(), start, end, event_id=event_id, created=now
    )
    been = event.earlier
    if (start, end) != (event.start, event.end):
        been = (*been, (event.start, event.end))
    # One that was deleted is there again: calendar and id are the key, whatever it was before.
    written = replace(
        event,
        start=start,
        end=end,
        summary=str(data["summary"]),
        free_busy=_free_busy(data),
        tzid=_tzid(data) or event.tzid,
        updated=now,
        deleted=False,
        invitation=_invitation(calendar, event, been),
        earlier=been,
        details={**_kept(event, data), **_details(data)},
    )
    _store(calendar, written)
    conferencing.follow(world, calendar, written.uid, data)


def participate(
    world: World, access: Access, calendar_id: str, uid: str, data: Mapping[str, Any]
) -> None:
    """Accept or decline an event for the account's owner.
    Raises ProtocolError 403, 404, 422, 423.
    """
    calendar = _writable(world, access, calendar_id, "create_event")
    if data.get("status") not in PARTICIPATION:
        raise invalid(status="errors.invalid_status")
    event = calendar.events.get(uid)
    if event is None or event.deleted:
        raise ProtocolError(404)
    details = {**event.details, "participation_status": data["status"]}
    _store(calendar, replace(event, details=details, updated=world.clock.second()))


def _invitation(
    calendar: SandboxCalendar, before: SandboxEvent, been: Sequence[object]
) -> Invitation | None:
    """What the person has said to the event as it is written now."""
    if calendar.profile.mode == "read_write":
        return None
    # To another time they are asked anew; whether Cronofy does so for another text is not known.
    if before.deleted or len(been) > len(before.earlier):
        return "needs_action"
    return before.invitation or "needs_action"


def delete(world: World, access: Access, calendar_id: str, data: Mapping[str, Any]) -> None:
    """Delete by `event_id` (own) or `event_uid` (external).
    Raises ProtocolError 403, 404, 422, 423.
    """
    calendar = _writable(world, access, calendar_id, "delete_event")
    if data.get("event_id"):
        old = calendar.managed(str(data["event_id"]))
    elif data.get("event_uid"):
        old = _external(calendar, str(data["event_uid"]))
    else:
        raise invalid(event_id="errors.required")
    # What is not there is taken for deleted: a client whose first answer was cut tries again.
    if old is not None:
        _store(calendar, replace(old, deleted=True, updated=world.clock.second()))


def _kept(event: SandboxEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    """What a write leaves of an event: that its owner declined it, but not that it was cancelled;
    and what it does not name, but not what it names and has empty. One that was deleted begins
    anew. Inferred: Cronofy documents none of it.
    """
    left = dict(event.details)
    left.pop("status", None)
    emptied = [name for name in CLEARED if name in data and _is_empty(data[name])]
    for name in emptied:
        left.pop(name, None)
    if "conferencing" in emptied:
        left.pop("meeting_url", None)
    if event.deleted:
        left.pop("participation_status", None)
    return left


def _is_empty(value: object) -> bool:
    return not value or value == {"description": ""}


def delete_all(world: World, account: SandboxAccount, asked: Mapping[str, Any]) -> None:
    """Delete all own events: `{delete_all: true}` or `{calendar_ids: […]}`, exactly one.
    Raises ProtocolError 422.
    """
    now = world.clock.second()
    for calendar in _chosen(account, asked):
        for event in list(calendar.events.values()):
            if event.event_id is not None:
                _store(calendar, replace(event, deleted=True, updated=now))


def _chosen(account: SandboxAccount, asked: Mapping[str, Any]) -> list[SandboxCalendar]:
    ids = set(asked.get("calendar_ids") or ())
    everything = truth(asked.get("delete_all"), "delete_all")
    if everything and ids:
        raise invalid(delete_all="errors.must_be_boolean")
    if everything:
        return account.calendars()
    if not ids:
        raise invalid(delete_all="errors.required")
    calendars = [calendar for calendar in account.calendars() if calendar.id in ids]
    if len(calendars) != len(ids):
        raise invalid(calendar_ids="errors.invalid_calendar_ids")
    return calendars


def batch(world: World, access: Access, entries: object) -> list[dict[str, Any]]:
    """The outcomes `{status[, data]}` of up to 50 upserts and deletions, in order.
    Raises ProtocolError 422.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise invalid(batch="errors.required")
    if len(entries) > BATCH_MOST:
        raise invalid(batch="errors.too_many_entries")
    return [_entry(world, access, entry) for entry in entries]


def _entry(world: World, access: Access, entry: object) -> dict[str, Any]:
    # Each entry has an outcome of its own: one that is refused does not stop the others.
    try:
        return _act(world, access, mapping(entry, "batch"))
    except ProtocolError as error:
        if error.body:
            return {"status": error.status, "data": error.body}
        return {"status": error.status}


def _act(world: World, access: Access, entry: Mapping[str, Any]) -> dict[str, Any]:
    method = str(entry.get("method")).upper()
    parts = urlsplit(str(entry.get("relative_url"))).path.split("/")
    act = {"POST": upsert, "DELETE": delete}.get(method)
    if act is None or parts[:3] != ["", "v1", "calendars"] or parts[4:] != ["events"]:
        return {"status": 404}
    act(world, access, unquote(parts[3]), mapping(entry.get("data"), "data"))
    return {"status": 202}


def _writable(world: World, access: Access, calendar_id: str, need: str) -> SandboxCalendar:
    if not grants.allows(access.scope, need):
        raise ProtocolError(403)
    calendar = _own_calendar(world.account(access.sub), calendar_id)
    # A write is an access attempt: it is what finds out that a login is broken.
    accounts.notice(world, calendar.profile)
    if not calendar.profile.connected:
        raise ProtocolError(423)
    # With which status Cronofy refuses such a calendar is not documented: 422 is inferred.
    if calendar.readonly or calendar.deleted:
        raise invalid(calendar_id="errors.calendar_not_writable")
    return calendar


def _own_calendar(account: SandboxAccount, calendar_id: str) -> SandboxCalendar:
    for calendar in account.calendars():
        if calendar.id == calendar_id:
            return calendar
    raise ProtocolError(404)


def _check(data: Mapping[str, Any]) -> None:
    wrong: dict[str, str] = {}
    for name, most in LONGEST.items():
        if len(str(data.get(name) or "")) > most:
            wrong[name] = "errors.too_long"
    wrong |= missing(data, "summary", "start", "end")
    if not data.get("event_id") and not data.get("event_uid"):
        wrong["event_id"] = "errors.required"
    if wrong:
        raise invalid(**wrong)


def _external(calendar: SandboxCalendar, uid: str) -> SandboxEvent:
    if not uid.startswith("evt_external_"):
        raise invalid(event_uid="errors.must_be_external_event_uid")
    if calendar.permission_level != "unrestricted":
        raise ProtocolError(403)
    if uid not in calendar.events:
        raise ProtocolError(404)
    return calendar.events[uid]


def _moment(data: Mapping[str, Any], name: str) -> Moment:
    try:
        moment = read_moment(data[name])
        # A wall time without an offset means the zone that is given beside it.
        if floats(moment):
            return instant(moment, zone_named(str(data["tzid"])))
    except (ValueError, KeyError) as error:
        raise invalid(**{name: "errors.invalid_time"}) from error
    return moment


def _tzid(data: Mapping[str, Any]) -> str | None:
    tzid = data.get("tzid")
    start = data["start"]
    # A zone inside the time is nearer to it than the one beside it.
    if isinstance(start, Mapping) and start.get("tzid"):
        tzid = start["tzid"]
    if not tzid:
        return None
    try:
        return zone_named(str(tzid)).key
    except ValueError as error:
        raise invalid(tzid="errors.invalid_tzid") from error


def _free_busy(data: Mapping[str, Any]) -> FreeBusy:
    if data.get("transparency") == "transparent":
        return "free"
    return "busy"


def _details(data: Mapping[str, Any]) -> dict[str, Any]:
    details = {}
    for name in KEPT:
        if data.get(name) is not None and not (name in CLEARED and _is_empty(data[name])):
            details[name] = data[name]
    invited = mapping(data.get("attendees"), "attendees").get("invite") or []
    # Nobody answers in here: invited people stay undecided.
    attendees = [{**mapping(one, "attendees"), "status": "needs_action"} for one in invited]
    if attendees:
        details["attendees"] = attendees
    return details


def _store(calendar: SandboxCalendar, event: SandboxEvent) -> None:
    calendar.events[event.uid] = event
    # While the first sync is still running Cronofy knows what it wrote itself.
    if calendar.held is not None:
        calendar.held[event.uid] = event
