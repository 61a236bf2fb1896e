"""Writes whose end nobody knows, and what stands in the calendar because of them.

Cronofy may carry a write out long after we stopped waiting for it, or after it said 202, and a
worker may die before it knows. So what is owed is written down before the write, and taken back
only when its end is known (storage.transactions.looks).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from domain.event_differences import may_bring
from storage.rows.calendars import TargetCalendar
from storage.transactions import looks
from storage.transactions.looks import Look
from storage.transactions.write_back import CalendarEntry
from workers.cronofy.errors import CronofyError
from workers.cronofy.wire import ManagedEvent, Written
from workers.delivery import conferencing
from workers.jobs import tokens
from workers.services import Services

DAY = timedelta(days=1)


@dataclass
class Write:
    """What became of a write.
    `accepted`: of its last try; `seen`: what it says is what stands there, but for a link that is
    to come if it `lacks_link`; or an invitation to it is on its way, of which nothing more is ever
    known.
    """

    accepted: bool = False
    seen: bool = False
    lacks_link: bool = False
    doubtful: bool = False

    def unanswered(self) -> None:
        """A try of it may be carried out yet, whatever the others brought."""
        self.doubtful = True


@contextmanager
def owed_until_known(
    services: Services, entry: CalendarEntry, place: TargetCalendar, *, deletes: bool = False
) -> Iterator[Write]:
    """Owe looks for what is written in here, but for a write that was seen, or refused, at its only
    try.

    Raises what was raised. Anything but a CronofyError leaves the looks: a database that is away, a
    killed process.
    """
    # The race: our write, which Cronofy may carry out after we gave it up, and whatever is written
    # after it. Nobody can call the first one back. So the look is owed before anything is sent, and
    # a worker that dies in here leaves it owed.
    brings = None
    if not deletes:
        brings = entry.times
    with services.database.write() as tx:
        begun = looks.begin(
            tx, entry.session.id, place, deletes=deletes, now=services.now(), brings=brings
        )
    write, refused = Write(), False
    try:
        yield write
    except CronofyError:
        refused = not write.accepted
        raise
    finally:
        known = write.seen or refused
        if begun is not None and known and not write.doubtful:
            with services.database.write() as tx:
                looks.settle(tx, begun, for_link=write.seen and write.lacks_link)


def owe(services: Services, entry: CalendarEntry, places: Sequence[TargetCalendar]) -> None:
    """Owe looks at whatever calendars show the session:
    it is given up to bring them up to date by its own row.
    """
    with services.database.write() as tx:
        for place in places:
            if place.calendar_id in (entry.calendar_id, *entry.strays):
                looks.begin(tx, entry.session.id, place, deletes=False, now=services.now())


def is_right(
    services: Services,
    entry: CalendarEntry,
    event: ManagedEvent,
    look: Look,
    place: TargetCalendar,
) -> bool:
    """Whether what stands in this calendar is what the session says; a look that found it so is
    done. Raises CronofyError.

    What is missing is put back only where a deletion of ours may have landed late: else it was the
    coach who took it away. And never when the session is over, nor where it came as an invitation,
    which may be waiting for the coach's word. What stands where no write of ours can have brought
    it is the coach's as well: the read that sees it there asks them.
    """
    # Before the read: what is written while we read is looked at once more.
    at = services.now()
    since, until = window(services, entry)
    since = min(since, look.since.date() - DAY)
    standing = seen(services, look.connection_id, since, until)
    here = [each for each in standing if each.is_at(look.calendar_id, event.id)]
    conferencing.keep_link(services, entry.session, look.calendar_id, here)
    right = not here
    if entry.session.active and look.calendar_id == entry.calendar_id:
        missed = look.deletes and not entry.taken_out and at.timestamp() < entry.session.ends
        missed = missed and not place.by_invitation
        stands = all(each.shows(event) or _is_theirs(entry, look, each) for each in here)
        right = stands and (bool(here) or not missed)
    if right:
        with services.database.write() as tx:
            looks.looked(tx, look, at=at)
    return right


def _is_theirs(entry: CalendarEntry, look: Look, found: Written) -> bool:
    """Whether the coach put it there. Not known as long as nobody saw it stand as the session is:
    then it may be where it was written before.
    """
    times = found.start, found.end
    if not entry.stood or times == entry.times:
        return False
    return not may_bring(look.late, times)


def seen(services: Services, connection_id: str, since: date, until: date) -> tuple[Written, ...]:
    """Our events in all calendars of an account on the UTC dates since <= d < until.
    Raises CronofyError.
    """

    def managed(access: str) -> tuple[Written, ...]:
        return services.cronofy.managed_events(access, since=since, until=until)

    return tokens.authorised(services, connection_id, managed)


def window(services: Services, entry: CalendarEntry) -> tuple[date, date]:
    """The UTC dates since <= d < until on which an event of the session may stand,
    as it is or as it was.
    """
    today, session = services.now().date(), entry.session
    since = min(today, day(session.starts)) - DAY
    # A session may have been moved from any day that can be booked to any other.
    return since, max(today + entry.horizon_days * DAY, day(session.ends)) + 2 * DAY


def around(entry: CalendarEntry) -> tuple[date, date]:
    """The UTC dates since <= d < until on which the event stands where it is to stand."""
    # Wider than the event by a day at each end: which days of Cronofy's a moment belongs to is for
    # the calendar's zone to say, and the last date of a read is left out of it.
    starts, ends = entry.times
    return day(starts) - DAY, day(ends) + 2 * DAY


def day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
