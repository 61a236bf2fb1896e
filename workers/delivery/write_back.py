"""Our sessions in the coach's own calendar: written by our id, moved and deleted with the session,
and read back.

A row says that the calendar has to be brought up to date, not with what: that is the session as it
is now. So a row that comes late or twice does no harm, and the last one leaves the truth. Cronofy's
202 is no proof: a row is done when the event is seen where it belongs, or no longer seen.

What the coach does to the event is theirs: the session stays, and its event too, until somebody has
settled the difference (storage.transactions.event_differences). Its text is written meanwhile.

A write may be carried out long after its row is done. Where one may, looks are owed
(workers.delivery.looks): rows that read first, and write only where the calendar is not as the
session is.
"""

from collections.abc import Sequence

import structlog

from domain.conferencing import is_assigned_later
from storage.rows import calendars
from storage.rows.calendars import TargetCalendar
from storage.transactions import looks as look_rows
from storage.transactions import write_back
from storage.transactions.write_back import CalendarEntry
from workers.cronofy.errors import CronofyError
from workers.delivery import conferencing, looks
from workers.delivery.calendar_writes import (
    ITS_ACCOUNT,
    LONGEST_WAIT_MS,
    event_of,
    failed,
    not_taken,
    place_of,
    put,
    read_entry,
    remove,
    shown,
    takes_no_events,
    tidy,
)
from workers.delivery.delivery import Dead, Later, Outcome, Sent, Skipped, Turn
from workers.services import Services

log = structlog.get_logger()

ROUNDS = 3


def deliver(services: Services, turn: Turn) -> Outcome:
    """Bring the coach's calendar up to date with one session.

    The session is looked at again afterwards: a worker that was held up may have written an older
    state over a newer one, or into a calendar that it was moved out of, and whose row is done. Then
    it puts that right itself, although its own row is somebody else's by now.
    """
    entry = read_entry(services, turn)
    # The race: a booking that changes while its older state is written. Each round reads the
    # session again after it wrote, and ends only where both are the same.
    for _ in range(ROUNDS):
        if entry is None:
            return Skipped("the session is gone", "discarded")
        outcome = _bring(services, turn, entry)
        before, entry = entry, read_entry(services, turn)
        if outcome and entry is not None and shown(entry) == shown(before):
            return outcome
    return Later("the session changes faster than it is written", 0)


def _bring(services: Services, turn: Turn, entry: CalendarEntry) -> Outcome | None:
    """None: it was moved to another calendar meanwhile."""
    with services.database.read() as tx:
        places = calendars.targets(tx, entry.session.coach_id)
    if turn.held.topic == look_rows.LOOK:
        return _look(services, turn, entry, places)
    # Nor is it put where it is not wanted: it is written again once that is settled.
    if entry.session.active and entry.taken_out:
        return tidy(services, turn, entry, places)
    over = services.now().timestamp() >= entry.session.ends
    outcome: Outcome | None = Later("it was not seen in a calendar before")
    if not entry.session.active:
        # Also when it is over: an event that nobody takes away would stay there for good.
        outcome = remove(services, turn, entry, places)
    elif over and not places:
        return Skipped("no calendar", "too_late")
    elif not over:
        outcome = _write(services, turn, entry, places)
    if over and isinstance(outcome, Later):
        # Nobody waits for it, but what stands there must not stay: that is a look's to find and to
        # put right.
        looks.owe(services, entry, places)
        return Dead(f"the session is over: {outcome.error}")
    return outcome


def _look(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome | None:
    """Look at each calendar into which a write may still land, and put right what is not. One that
    cannot be reached stays owed the look. None: as `_bring`.
    """
    with services.database.read() as tx:
        owed = look_rows.of_session(tx, entry.session.id)
    event = event_of(entry)
    reached, wrong = False, list[TargetCalendar]()
    if entry.calendar_id not in {look.calendar_id for look in owed}:
        found = _look_for_link(services, entry, places)
        reached = isinstance(found, Sent)
        if found is not None and not reached:
            return found
    for look in owed:
        place = place_of(places, look.calendar_id)
        if place is None or not place.open:
            continue
        reached = True
        try:
            if not looks.is_right(services, entry, event, look, place):
                wrong.append(place)
        except CronofyError as error:
            return failed(services, error, place)
    if wrong:
        log.warning("late_write_found", session=entry.session.id, calendars=len(wrong))
        return _put_right(services, turn, entry, wrong, places)
    if not reached:
        return Skipped("no calendar can be looked at")
    return Sent()


def _look_for_link(
    services: Services, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome | None:
    """Cronofy called about the link of this session, whose event is where it should be. None: there
    is nothing to look for.
    """
    place = place_of(places, entry.calendar_id)
    if place is None or not place.open or not is_assigned_later(entry.session):
        return None
    try:
        seen = looks.seen(services, place.connection_id, *looks.around(entry))
    except CronofyError as error:
        return failed(services, error, place)
    event = event_of(entry)
    here = [each for each in seen if each.is_at(place.calendar_id, event.id)]
    conferencing.keep_link(services, entry.session, place.calendar_id, here)
    return Sent()


def _put_right(
    services: Services,
    turn: Turn,
    looked: CalendarEntry,
    wrong: Sequence[TargetCalendar],
    places: Sequence[TargetCalendar],
) -> Outcome | None:
    """Write into, or take out of, the calendars that do not show what they should.
    None: as `_bring`.
    """
    session_id = looked.session.id
    with services.database.write() as tx:
        for place in wrong:
            if place.calendar_id != looked.calendar_id:
                write_back.stray(tx, session_id, place.calendar_id)
        entry = write_back.entry(tx, session_id)
    # The race: the session changed while we looked. What is put right is what it says now.
    if entry is None:
        return None
    if not entry.session.active:
        return remove(services, turn, entry, places)
    outcome: Outcome | None = Sent()
    if standing := place_of(wrong, entry.calendar_id):
        try:
            outcome = put(services, turn, entry, standing)
        except CronofyError as error:
            outcome = failed(services, error, standing)
    if not isinstance(outcome, Sent):
        return outcome
    return tidy(services, turn, entry, places)


def _write(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome | None:
    """Into the first calendar that takes it;
    one that it was written into before keeps it, as long as it is there.
    """
    stood = place_of(places, entry.calendar_id)
    if stood is not None and not stood.connected:
        # Another calendar would show it twice as soon as this one is linked again.
        return Later(
            "the calendar it stands in has lost its login; the coach has to relink it",
            LONGEST_WAIT_MS,
            trouble="unlinked",
        )
    failure: CronofyError | None = None
    writable = [place for place in places if place.open]
    # The one that it stands in first; the others stay in the coach's order.
    for place in sorted(writable, key=lambda each: each != stood):
        if failure and turn.late:
            return Later(str(failure), 0)
        try:
            outcome = put(services, turn, entry, place)
        except CronofyError as error:
            if not _elsewhere(error, place, stood):
                return failed(services, error, place)
            failure = error
            not_taken(services, entry, place)
            log.warning(
                "calendar_takes_no_events", connection=place.connection_id, error=str(error)
            )
        else:
            if not isinstance(outcome, Sent):
                return outcome
            return tidy(services, turn, entry, places)
    if failure:
        return Later(str(failure), LONGEST_WAIT_MS)
    return _nowhere(places)


def _nowhere(places: Sequence[TargetCalendar]) -> Outcome:
    """None of the coach's calendars takes the event now."""
    # Nothing waits for a calendar that may never be: as soon as one is read that takes events, what
    # is written nowhere yet is owed again.
    if not any(place.writable for place in places):
        return Skipped("the coach has no calendar that takes events", "no_calendar")
    return Later(
        "no calendar that takes events can be reached; the coach has to relink one",
        LONGEST_WAIT_MS,
        trouble="unlinked",
    )


def _elsewhere(error: CronofyError, place: TargetCalendar, stood: TargetCalendar | None) -> bool:
    """Whether to try another calendar:
    this one surely did not take the event, and does not show an older state.
    """
    # Not after a time-out: the event may stand there yet, and a second calendar would show it
    # twice.
    return takes_no_events(error) or (place is not stood and isinstance(error, ITS_ACCOUNT))
