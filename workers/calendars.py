"""Our sessions in the coach's own calendar: written by our id, moved and deleted with the session, and read back.

A row says that the calendar has to be brought up to date, not with what: that is the session as it is now. So a row
that comes late or twice does no harm, and the last one leaves the truth. Cronofy's 202 is no proof: a row is done when
the event is seen where it belongs, or no longer seen.

What the coach does to the event is theirs: the session stays, and its event is put right with its next change.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import structlog

from domain.mail_safety import one_line
from storage import calendars, connections
from storage.calendars import Entry, Place
from workers import tokens
from workers.cronofy.errors import CronofyError, Forbidden, InvalidGrant, Locked, NotFound, Rejected
from workers.cronofy.wire import Event, Written
from workers.services import Services
from workers.turn import Dead, Later, Outcome, Sent, Skipped, Turn

log = structlog.get_logger()

PREFIX = "coachcal-"
DAY = timedelta(days=1)
# What is wrong with an account and not with a call: its login, or its list of calendars, has to be looked at again.
ITS_ACCOUNT = (NotFound, Forbidden, InvalidGrant, Locked)
FIRST_LOOK_MS = 1_000
LONGEST_WAIT_MS = 300_000
ROUNDS = 3


def deliver(services: Services, turn: Turn) -> Outcome:
    """Bring the coach's calendar up to date with one session.

    The session is looked at again afterwards: a worker that was held up may have written an older state over a newer
    one, whose row is done. Then it puts that right itself, although its own row is somebody else's by now.
    """
    entry = _entry(services, turn)
    for _ in range(ROUNDS):
        if entry is None:
            return Skipped("the session is gone")
        outcome = _bring(services, turn, entry)
        before, entry = entry, _entry(services, turn)
        if entry is not None and _shown(entry) == _shown(before):
            return outcome
    return Later("the session changes faster than it is written", 0)


def event_of(entry: Entry) -> Event:
    """What the coach sees: who, or which group, and what it belongs to. A name that is a mail address is left out."""
    session = entry.session
    subject = session.title or entry.programme_name or ("Group session" if session.pod else "Session")
    people = "" if session.pod else ", ".join(one_line(name) for name in entry.people if name and "@" not in name)
    return Event(
        id=PREFIX + session.id,
        summary=f"{one_line(subject)}: {people}" if people else one_line(subject),
        description=one_line(entry.programme_name or ""),
        start=session.starts,
        end=session.ends,
        zone=entry.zone,
    )


def _entry(services: Services, turn: Turn) -> Entry | None:
    with services.database.read() as tx:
        return calendars.entry(tx, turn.held.session_id or "")


def _shown(entry: Entry) -> Event | None:
    return event_of(entry) if entry.session.active else None


def _bring(services: Services, turn: Turn, entry: Entry) -> Outcome:
    with services.database.read() as tx:
        places = calendars.places(tx, entry.session.coach_id)
    stood = next((place for place in places if place.calendar_id == entry.calendar_id), None)
    over = services.now().timestamp() >= entry.session.ends
    if not entry.session.active:
        outcome = _remove(services, turn, entry, stood)
    elif over:
        return Dead("the session was over before it was seen in a calendar") if places else Skipped("no calendar")
    else:
        outcome = _write(services, turn, entry, places, stood)
    if over and isinstance(outcome, Later):
        return Dead(f"the session is over: {outcome.error}")
    return outcome


def _write(services: Services, turn: Turn, entry: Entry, places: Sequence[Place], stood: Place | None) -> Outcome:
    """Into the first calendar that takes it; one that it was written into before keeps it, as long as it is there."""
    if stood is not None and not stood.connected:
        # Another calendar would show it twice as soon as this one is linked again.
        return Later("the calendar it stands in has lost its login; the coach has to relink it", LONGEST_WAIT_MS)
    failure: CronofyError | None = None
    for place in sorted((each for each in places if each.connected and each.writable), key=lambda each: each != stood):
        if failure and turn.late:
            return Later(str(failure), 0)
        try:
            return _put(services, turn, entry, place)
        except CronofyError as error:
            if not _elsewhere(error, place, stood):
                return _failed(services, error, place)
            failure = error
            _owe_a_look(services, place)
            log.warning("calendar_takes_no_events", connection=place.connection_id, error=str(error))
    return Later(str(failure or "the coach has no calendar that takes events"), LONGEST_WAIT_MS)


def _elsewhere(error: CronofyError, place: Place, stood: Place | None) -> bool:
    """Whether to try another calendar: this one surely did not take the event, and does not show an older state."""
    return _takes_no_events(error) or (place is not stood and isinstance(error, ITS_ACCOUNT))


def _takes_no_events(error: CronofyError) -> bool:
    return isinstance(error, Rejected) and any(key.startswith("calendar_id") for key in error.keys)


def _put(services: Services, turn: Turn, entry: Entry, place: Place) -> Outcome:
    if entry.calendar_id != place.calendar_id:
        with services.database.write() as tx:
            calendars.put(tx, entry.session.id, place.calendar_id)
    event = event_of(entry)
    since, until = _day(event.start) - DAY, _day(event.end) + 2 * DAY

    def written(access: str) -> tuple[Written, ...]:
        services.cronofy.upsert_event(access, place.calendar_id, event)
        seen = services.cronofy.managed_events(access, since=since, until=until)
        _tidy(services, access, [one for one in seen if one.id == event.id and one.calendar_id != place.calendar_id])
        return seen

    seen = tokens.authorised(services, place.connection_id, written)
    if Written(event.id, place.calendar_id, event.start, event.end) in seen:
        return Sent()
    return Later("accepted, but not yet seen in the calendar", _look_again_ms(turn))


def _remove(services: Services, turn: Turn, entry: Entry, stood: Place | None) -> Outcome:
    if entry.calendar_id is None:
        return Skipped("it was never written into a calendar")
    if stood is None:
        return Skipped("the calendar it stood in is gone")
    if not stood.connected or not stood.writable:
        return Later("the calendar it stands in cannot be written; the coach has to see to it", LONGEST_WAIT_MS)
    try:
        seen = _taken_away(services, entry, stood)
    except CronofyError as error:
        return _failed(services, error, stood)
    if any(event.calendar_id == stood.calendar_id for event in seen):
        return Later("accepted, but still seen in the calendar", _look_again_ms(turn))
    return Sent()


def _taken_away(services: Services, entry: Entry, stood: Place) -> list[Written]:
    """Delete it, and answer where it is still seen: on any day, since it may have moved without being written there."""
    event_id, session = PREFIX + entry.session.id, entry.session
    today = services.now().date()
    since = min(today, _day(session.starts)) - DAY
    until = max(today + entry.horizon_days * DAY, _day(session.ends)) + 2 * DAY

    def deleted(access: str) -> list[Written]:
        services.cronofy.delete_event(access, stood.calendar_id, event_id)
        seen = services.cronofy.managed_events(access, since=since, until=until)
        ours = [event for event in seen if event.id == event_id]
        _tidy(services, access, [event for event in ours if event.calendar_id != stood.calendar_id])
        return ours

    return tokens.authorised(services, stood.connection_id, deleted)


def _tidy(services: Services, access: str, strays: Sequence[Written]) -> None:
    """Take a session's event out of calendars that it was in before another was chosen, where that can be done."""
    for stray in strays:
        try:
            services.cronofy.delete_event(access, stray.calendar_id, stray.id)
        except CronofyError as error:
            log.warning("event_left_behind", event_id=stray.id, error=str(error))


def _failed(services: Services, error: CronofyError, place: Place) -> Outcome:
    if _takes_no_events(error) or isinstance(error, NotFound):
        # Its account's list of calendars tells for sure; after that another calendar is chosen, or none is missed.
        _owe_a_look(services, place)
        return Later(str(error))
    if isinstance(error, Rejected):
        return Dead(str(error))
    if isinstance(error, ITS_ACCOUNT):
        _owe_a_look(services, place)
    if error.permanent:
        return Later(str(error), LONGEST_WAIT_MS)
    return Later(str(error), None if error.retry_after is None else round(error.retry_after * 1000))


def _owe_a_look(services: Services, place: Place) -> None:
    """What we know of this account is wrong: have its profiles and calendars read. The sweeper wakes the reader."""
    with services.database.write() as tx:
        connections.mark_dirty(tx, place.connection_id, userinfo=True)


def _look_again_ms(turn: Turn) -> int:
    return min(FIRST_LOOK_MS << min(turn.held.attempts - 1, 10), LONGEST_WAIT_MS)


def _day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
