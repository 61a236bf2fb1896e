"""Our sessions in the coach's own calendar: written by our id, moved and deleted with the session,
and read back.

A row says that the calendar has to be brought up to date, not with what: that is the session as it
is now. So a row that comes late or twice does no harm, and the last one leaves the truth. Cronofy's
202 is no proof: a row is done when the event is seen where it belongs, or no longer seen.

What the coach does to the event is theirs: the session stays, and its event is put right with its
next change.

A write may be carried out long after its row is done. Where one may, looks are owed
(workers.delivery.looks): rows that read first, and write only where the calendar is not as the
session is.
"""

from collections.abc import Sequence

import structlog

from domain.mail.safety import one_line
from storage.rows import push_marks
from storage.transactions import looks as look_rows
from storage.transactions import write_back
from storage.transactions.write_back import CalendarEntry, TargetCalendar
from workers.cronofy.errors import CronofyError, Forbidden, InvalidGrant, Locked, NotFound, Rejected
from workers.cronofy.wire import ManagedEvent, Written
from workers.delivery import looks
from workers.delivery.delivery import Dead, Later, Outcome, Sent, Skipped, Turn
from workers.jobs import tokens
from workers.services import Services

log = structlog.get_logger()

PREFIX = "coachcal-"
# What is wrong with an account and not with a call: its login, or its list of calendars, has to be
# looked at again.
ITS_ACCOUNT = (NotFound, Forbidden, InvalidGrant, Locked)
FIRST_LOOK_MS = 1_000
LONGEST_WAIT_MS = 300_000
ROUNDS = 3


def deliver(services: Services, turn: Turn) -> Outcome:
    """Bring the coach's calendar up to date with one session.

    The session is looked at again afterwards: a worker that was held up may have written an older
    state over a newer one, or into a calendar that it was moved out of, and whose row is done. Then
    it puts that right itself, although its own row is somebody else's by now.
    """
    entry = _entry(services, turn)
    for _ in range(ROUNDS):
        if entry is None:
            return Skipped("the session is gone", "discarded")
        outcome = _bring(services, turn, entry)
        before, entry = entry, _entry(services, turn)
        if outcome and entry is not None and _shown(entry) == _shown(before):
            return outcome
    return Later("the session changes faster than it is written", 0)


def event_of(entry: CalendarEntry) -> ManagedEvent:
    """What the coach sees: who, or which group, and what it belongs to. A name that is a mail
    address is left out.
    """
    session = entry.session
    subject = (
        session.title or entry.programme_name or ("Group session" if session.pod else "Session")
    )
    people = (
        ""
        if session.pod
        else ", ".join(one_line(name) for name in entry.people if name and "@" not in name)
    )
    return ManagedEvent(
        id=PREFIX + session.id,
        summary=f"{one_line(subject)}: {people}" if people else one_line(subject),
        description=one_line(entry.programme_name or ""),
        start=session.starts,
        end=session.ends,
        zone=entry.zone,
    )


def _entry(services: Services, turn: Turn) -> CalendarEntry | None:
    with services.database.read() as tx:
        return write_back.entry(tx, turn.held.session_id or "")


def _shown(entry: CalendarEntry) -> ManagedEvent | None:
    return event_of(entry) if entry.session.active else None


def _bring(services: Services, turn: Turn, entry: CalendarEntry) -> Outcome | None:
    """None: it was moved to another calendar meanwhile."""
    with services.database.read() as tx:
        places = write_back.places(tx, entry.session.coach_id)
    if turn.held.topic == look_rows.LOOK:
        return _look(services, turn, entry, places)
    over = services.now().timestamp() >= entry.session.ends
    outcome: Outcome | None = Later("it was not seen in a calendar before")
    if not entry.session.active:
        outcome = _remove(services, turn, entry, places)
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
    for look in owed:
        place = _place(places, look.calendar_id)
        if place is None or not place.open:
            continue
        reached = True
        try:
            if not looks.is_right(services, entry, event, look):
                wrong.append(place)
        except CronofyError as error:
            return _failed(services, error, place)
    if wrong:
        log.warning("late_write_found", session=entry.session.id, calendars=len(wrong))
        return _put_right(services, turn, entry, wrong, places)
    return Sent() if reached else Skipped("no calendar can be looked at")


def _put_right(
    services: Services,
    turn: Turn,
    looked: CalendarEntry,
    wrong: Sequence[TargetCalendar],
    places: Sequence[TargetCalendar],
) -> Outcome | None:
    """Write into, or take out of, the calendars that do not show what they should. None: as
    `_bring`.
    """
    session_id = looked.session.id
    with services.database.write() as tx:
        for place in wrong:
            if place.calendar_id != looked.calendar_id:
                write_back.stray(tx, session_id, place.calendar_id)
        entry = write_back.entry(tx, session_id)
    if entry is None:
        return None
    if not entry.session.active:
        return _remove(services, turn, entry, places)
    outcome: Outcome | None = Sent()
    if standing := _place(wrong, entry.calendar_id):
        try:
            outcome = _put(services, turn, entry, standing)
        except CronofyError as error:
            outcome = _failed(services, error, standing)
    return _tidy(services, turn, entry, places) if isinstance(outcome, Sent) else outcome


def _write(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome | None:
    """Into the first calendar that takes it; one that it was written into before keeps it, as long
    as it is there.
    """
    stood = _place(places, entry.calendar_id)
    if stood is not None and not stood.connected:
        # Another calendar would show it twice as soon as this one is linked again.
        return Later(
            "the calendar it stands in has lost its login; the coach has to relink it",
            LONGEST_WAIT_MS,
        )
    failure: CronofyError | None = None
    for place in sorted((each for each in places if each.open), key=lambda each: each != stood):
        if failure and turn.late:
            return Later(str(failure), 0)
        try:
            outcome = _put(services, turn, entry, place)
        except CronofyError as error:
            if not _elsewhere(error, place, stood):
                return _failed(services, error, place)
            failure = error
            _not_taken(services, entry, place)
            log.warning(
                "calendar_takes_no_events", connection=place.connection_id, error=str(error)
            )
        else:
            return _tidy(services, turn, entry, places) if isinstance(outcome, Sent) else outcome
    return Later(str(failure or "the coach has no calendar that takes events"), LONGEST_WAIT_MS)


def _place(places: Sequence[TargetCalendar], calendar_id: str | None) -> TargetCalendar | None:
    return next((place for place in places if place.calendar_id == calendar_id), None)


def _elsewhere(error: CronofyError, place: TargetCalendar, stood: TargetCalendar | None) -> bool:
    """Whether to try another calendar: this one surely did not take the event, and does not show an
    older state.
    """
    return _takes_no_events(error) or (place is not stood and isinstance(error, ITS_ACCOUNT))


def _takes_no_events(error: CronofyError) -> bool:
    return isinstance(error, Rejected) and any(key.startswith("calendar_id") for key in error.keys)


def _not_taken(services: Services, entry: CalendarEntry, place: TargetCalendar) -> None:
    with services.database.write() as tx:
        write_back.put_back(tx, entry.session.id, entry.calendar_id, out_of=place.calendar_id)
    _owe_a_look(services, place)


def _put(
    services: Services, turn: Turn, entry: CalendarEntry, place: TargetCalendar
) -> Outcome | None:
    session_id = entry.session.id
    if entry.calendar_id != place.calendar_id:
        with services.database.write() as tx:
            if not write_back.put(tx, session_id, place.calendar_id, instead_of=entry.calendar_id):
                return None
    event = event_of(entry)
    since, until = looks.day(event.start) - looks.DAY, looks.day(event.end) + 2 * looks.DAY
    with looks.owed_until_known(services, entry, place) as write:

        def upsert(access: str) -> None:
            services.cronofy.upsert_event(
                access, place.calendar_id, event, unanswered=write.unanswered
            )

        tokens.authorised(services, place.connection_id, upsert)
        write.accepted = True
        seen = looks.seen(services, place.connection_id, since, until)
        write.seen = any(
            each.shows(event) for each in seen if each.calendar_id == place.calendar_id
        )
    now = _entry(services, turn)
    if now is not None and now.calendar_id != place.calendar_id:
        # It was moved while we wrote; who moved it may be done by now, and does not look here
        # again.
        with services.database.write() as tx:
            write_back.stray(tx, session_id, place.calendar_id)
        return None
    if Written(event.id, place.calendar_id, event.start, event.end) in seen:
        return Sent()
    return Later("accepted, but not yet seen in the calendar", _look_again_ms(turn))


def _tidy(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome:
    """Take it out of the calendars that it stood in before. One that cannot be written is not
    waited for, its login may never come back: that is owed again once its account was read without
    trouble.
    """
    now = _entry(services, turn)
    for calendar_id in now.strays if now else ():
        place = _place(places, calendar_id)
        if place is None or place.open:
            outcome = Sent() if place is None else _take_away(services, turn, entry, place)
            if not isinstance(outcome, Sent):
                return outcome
            with services.database.write() as tx:
                write_back.taken_away(tx, entry.session.id, calendar_id)
    return Sent()


def _remove(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome:
    if entry.calendar_id is None and not entry.strays:
        return Skipped("it was never written into a calendar", "never_announced")
    standing = [
        place for place in places if place.calendar_id in (entry.calendar_id, *entry.strays)
    ]
    for place in sorted(standing, key=lambda each: not each.open):
        if not place.open:
            return Later(
                "a calendar it stands in cannot be written; the coach has to see to it",
                LONGEST_WAIT_MS,
            )
        outcome = _take_away(services, turn, entry, place)
        if not isinstance(outcome, Sent):
            return outcome
    return Sent() if standing else Skipped("the calendar it stood in is gone")


def _take_away(
    services: Services, turn: Turn, entry: CalendarEntry, place: TargetCalendar
) -> Outcome:
    """Delete it, and see that it is gone: on any day, since it may have moved without being written
    there.
    """
    event_id = PREFIX + entry.session.id
    try:
        with looks.owed_until_known(services, entry, place, deletes=True) as write:

            def delete(access: str) -> None:
                services.cronofy.delete_event(
                    access, place.calendar_id, event_id, unanswered=write.unanswered
                )

            tokens.authorised(services, place.connection_id, delete)
            write.accepted = True
            seen = looks.seen(services, place.connection_id, *looks.window(services, entry))
            write.seen = all(
                (each.id, each.calendar_id) != (event_id, place.calendar_id) for each in seen
            )
    except CronofyError as error:
        return _failed(services, error, place)
    return (
        Sent()
        if write.seen
        else Later("accepted, but still seen in the calendar", _look_again_ms(turn))
    )


def _failed(services: Services, error: CronofyError, place: TargetCalendar) -> Outcome:
    if _takes_no_events(error) or isinstance(error, NotFound):
        # Its account's list of calendars tells for sure; after that another calendar is chosen, or
        # none is missed.
        _owe_a_look(services, place)
        return Later(str(error))
    if isinstance(error, Rejected):
        return Dead(str(error))
    if isinstance(error, ITS_ACCOUNT):
        _owe_a_look(services, place)
    if error.permanent:
        return Later(str(error), LONGEST_WAIT_MS)
    return Later(str(error), None if error.retry_after is None else round(error.retry_after * 1000))


def _owe_a_look(services: Services, place: TargetCalendar) -> None:
    """What we know of this account is wrong: have its profiles and calendars read. The sweeper
    wakes the reader.
    """
    with services.database.write() as tx:
        push_marks.mark_dirty(tx, place.connection_id, userinfo=True)


def _look_again_ms(turn: Turn) -> int:
    return min(FIRST_LOOK_MS << min(turn.held.attempts - 1, 10), LONGEST_WAIT_MS)
