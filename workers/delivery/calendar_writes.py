"""One write into a coach's calendar at Cronofy, and what its refusal means."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from domain.conferencing import asked, awaits_link
from domain.event_differences import event_id
from domain.mail.safety import LONGEST_URL, one_line
from domain.places import join_link, where
from domain.titles import calendar_title
from storage.rows import push_marks
from storage.rows.calendars import TargetCalendar
from storage.transactions import own_writes, write_back
from storage.transactions.write_back import CalendarEntry
from workers.backoff import doubling_ms
from workers.cronofy.errors import CronofyError, Forbidden, InvalidGrant, Locked, NotFound, Rejected
from workers.cronofy.wire import ManagedEvent, Written
from workers.delivery import conferencing, looks
from workers.delivery.delivery import Dead, Later, Outcome, Sent, Skipped, Turn, trouble_of
from workers.jobs import tokens
from workers.services import Services

# What is wrong with an account and not with a call: its login, or its list of calendars, has to be
# looked at again.
ITS_ACCOUNT = (NotFound, Forbidden, InvalidGrant, Locked)
FIRST_LOOK_MS = 1_000
LONGEST_WAIT_MS = 300_000


def event_of(entry: CalendarEntry) -> ManagedEvent:
    """What the coach sees: who, or which group, and what it belongs to.
    A name that is a mail address is left out.
    """
    session = entry.session
    starts, ends = entry.times
    # Without a link that Cronofy assigned: that stands there already, and would be one more write.
    return ManagedEvent(
        id=event_id(session.id),
        summary=calendar_title(session, entry.people, entry.programme_name),
        description=one_line(entry.programme_name or ""),
        start=starts,
        end=ends,
        zone=entry.zone,
        location=one_line(where(session.place, None), LONGEST_URL),
        url=join_link(session.place, None) or "",
        conferencing=asked(session.place),
        clears=entry.was_elsewhere,
    )


def read_entry(services: Services, turn: Turn) -> CalendarEntry | None:
    with services.database.read() as tx:
        return write_back.entry(tx, turn.held.session_id or "")


def shown(entry: CalendarEntry) -> ManagedEvent | None:
    if not entry.session.active or entry.taken_out:
        return None
    return event_of(entry)


def place_of(places: Sequence[TargetCalendar], calendar_id: str | None) -> TargetCalendar | None:
    for place in places:
        if place.calendar_id == calendar_id:
            return place
    return None


def takes_no_events(error: CronofyError) -> bool:
    """Read-only or deleted: Cronofy lists such calendars too, and refuses what is written there."""
    return isinstance(error, Rejected) and any(key.startswith("calendar_id") for key in error.keys)


def not_taken(services: Services, entry: CalendarEntry, place: TargetCalendar) -> None:
    with services.database.write() as tx:
        write_back.put_back(tx, entry.session.id, entry.calendar_id, out_of=place.calendar_id)
    _owe_a_look(services, place)


def put(
    services: Services, turn: Turn, entry: CalendarEntry, place: TargetCalendar
) -> Outcome | None:
    session_id = entry.session.id
    # Written down before the write: whoever dies in between knows where the event may stand.
    if entry.calendar_id != place.calendar_id:
        with services.database.write() as tx:
            if not write_back.put(tx, session_id, place.calendar_id, instead_of=entry.calendar_id):
                return None
        # What the coach did to it in the calendar before says nothing of this one.
        entry = replace(entry, calendar_id=place.calendar_id, difference=None)
    event = conferencing.fitted(event_of(entry), place)
    calls = conferencing.listen(services, entry)
    with looks.owed_until_known(services, entry, place) as write:

        def upsert(access: str) -> None:
            conferencing.upsert(
                services, access, place, event, calls=calls, unanswered=write.unanswered
            )

        tokens.authorised(services, place.connection_id, upsert)
        write.accepted = True
        stands = _stands(services, entry, place, event, write)
        write.lacks_link = calls is not None and _lacks_link(services, turn, stands)
    now = read_entry(services, turn)
    if now is not None and now.calendar_id != place.calendar_id:
        # The race: another worker moved it to another calendar while we wrote. It may be done by
        # now, and does not look here again: so this calendar is noted as one to take it out of.
        with services.database.write() as tx:
            write_back.stray(tx, session_id, place.calendar_id)
        return None
    if stands.there:
        with services.database.write() as tx:
            if place.by_invitation:
                own_writes.invited(tx, session_id, place.calendar_id)
            else:
                own_writes.written(tx, session_id, place.calendar_id, (event.start, event.end))
        return Sent()
    return Later("accepted, but not yet seen in the calendar", _look_again_ms(turn))


def _accept(
    services: Services, entry: CalendarEntry, place: TargetCalendar, here: Sequence[Written]
) -> bool:
    """What the coach declined stays declined when it is written anew: that is taken back, unless
    they are asked about it. Whether there was any.
    """
    declined = [each.uid for each in here if each.declined]
    if not declined or entry.difference is not None:
        return False

    def accept(access: str) -> None:
        for uid in declined:
            services.cronofy.accept_event(access, place.calendar_id, uid)

    # Where it cannot be taken back the next read finds it declined, and the coach is asked.
    with suppress(CronofyError):
        tokens.authorised(services, place.connection_id, accept)
    return True


@dataclass(frozen=True, slots=True)
class _Stands:
    """`there`: what was accepted is seen where it belongs, or is as good as that."""

    there: bool
    join_url: str | None = None


def _lacks_link(services: Services, turn: Turn, stands: _Stands) -> bool:
    """What stands there may be the link of the place where the session was before."""
    if stands.join_url is None:
        return True
    now = read_entry(services, turn)
    return now is not None and awaits_link(now.session)


def _stands(
    services: Services,
    entry: CalendarEntry,
    place: TargetCalendar,
    event: ManagedEvent,
    write: looks.Write,
) -> _Stands:
    """What a look at the calendar shows of a write that was accepted just now."""
    # An invitation is on its way to the coach, who accepts it or not: no read says whether it
    # stands in their calendar, and there is nothing to wait for.
    if place.by_invitation:
        write.seen = True
        return _Stands(there=True)
    # Cronofy's 202 says queued, not done, and no answer follows: the calendar is read back.
    seen = looks.seen(services, place.connection_id, *looks.around(entry))
    here = [each for each in seen if each.is_at(place.calendar_id, event.id)]
    write.seen = any(each.shows(event) for each in here)
    conferencing.keep_link(services, entry.session, place.calendar_id, here)
    # One that was declined may have stood there before, and be no proof of this write.
    write.doubtful |= _accept(services, entry, place, here)
    links = [each.join_url for each in here if each.join_url]
    # By its times alone: where its text is another one the look stays owed, and sees to that.
    there = Written(event.id, place.calendar_id, event.start, event.end) in here
    return _Stands(there, next(iter(links), None))


def tidy(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome:
    """Take it out of the calendars that it stood in before. One that cannot be written is not
    waited for, its login may never come back: that is owed again once its account was read without
    trouble.
    """
    now = read_entry(services, turn)
    if now is None:
        return Sent()
    for calendar_id in now.strays:
        place = place_of(places, calendar_id)
        if place is not None:
            if not place.open:
                continue
            outcome = _take_away(services, turn, entry, place)
            if not isinstance(outcome, Sent):
                return outcome
        # A calendar that is gone took the event with it.
        with services.database.write() as tx:
            write_back.taken_away(tx, entry.session.id, calendar_id)
    return Sent()


def remove(
    services: Services, turn: Turn, entry: CalendarEntry, places: Sequence[TargetCalendar]
) -> Outcome:
    if entry.calendar_id is None and not entry.strays:
        return Skipped("it was never written into a calendar", "never_announced")
    standing = [
        place for place in places if place.calendar_id in (entry.calendar_id, *entry.strays)
    ]
    if not standing:
        return Skipped("the calendar it stood in is gone")
    # Those that can be written first: one that cannot ends the turn.
    for place in sorted(standing, key=lambda each: not each.open):
        if not place.open:
            return Later(
                "a calendar it stands in cannot be written; the coach has to see to it",
                LONGEST_WAIT_MS,
                trouble="unlinked",
            )
        outcome = _take_away(services, turn, entry, place)
        if not isinstance(outcome, Sent):
            return outcome
    return Sent()


def _take_away(
    services: Services, turn: Turn, entry: CalendarEntry, place: TargetCalendar
) -> Outcome:
    """Delete it, and see that it is gone:
    on any day, since it may have moved without being written there.
    """
    its_id = event_id(entry.session.id)
    try:
        with looks.owed_until_known(services, entry, place, deletes=True) as write:

            def delete(access: str) -> None:
                services.cronofy.delete_event(
                    access, place.calendar_id, its_id, unanswered=write.unanswered
                )

            tokens.authorised(services, place.connection_id, delete)
            write.accepted = True
            write.seen = _is_gone(services, entry, place, its_id)
    except CronofyError as error:
        return failed(services, error, place)
    if write.seen:
        return Sent()
    return Later("accepted, but still seen in the calendar", _look_again_ms(turn))


def _is_gone(
    services: Services, entry: CalendarEntry, place: TargetCalendar, event_id: str
) -> bool:
    """Whether what was deleted just now is seen no more, or as good as that."""
    if place.by_invitation:
        return True  # the coach is told by mail
    # A deletion of what is not there is accepted as well: only a read tells the two apart.
    seen = looks.seen(services, place.connection_id, *looks.window(services, entry))
    return not any(each.is_at(place.calendar_id, event_id) for each in seen)


def failed(services: Services, error: CronofyError, place: TargetCalendar) -> Outcome:
    if takes_no_events(error) or isinstance(error, NotFound):
        # Its account's list of calendars tells for sure; after that another calendar is chosen, or
        # none is missed.
        _owe_a_look(services, place)
        return Later(str(error))
    if isinstance(error, Rejected):
        return Dead(str(error))
    if isinstance(error, ITS_ACCOUNT):
        _owe_a_look(services, place)
        return Later(str(error), LONGEST_WAIT_MS, trouble="unlinked")
    # Permanent as long as nobody does something about it: a row that died of it would not be there
    # when somebody has.
    if error.permanent:
        return Later(str(error), LONGEST_WAIT_MS)
    if error.retry_after is None:
        return Later(str(error), trouble=trouble_of(error))
    return Later(str(error), round(error.retry_after * 1000))


def _owe_a_look(services: Services, place: TargetCalendar) -> None:
    """What we know of this account is wrong: have its profiles and calendars read.
    The sweeper wakes the reader.
    """
    with services.database.write() as tx:
        push_marks.mark_dirty(tx, place.connection_id, userinfo=True)


def _look_again_ms(turn: Turn) -> int:
    """Doubling from 1 s to 5 min. No jitter: those who wait here did not fail together."""
    return doubling_ms(turn.held.attempts, first_ms=FIRST_LOOK_MS, longest_ms=LONGEST_WAIT_MS)
