"""Our own events in an account's calendars, read with its free/busy: how sessions stand there.

Read whole each time, and not only what changed since a push said so: `last_modified` needs a moment
from which nothing was missed, and a lost push, a read that was dropped and a provider without time
stamps each take that away. They are few, one page mostly; what stands is then compared with what
should, and converges whatever happened between.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from domain.coaches import Coach
from domain.event_differences import PREFIX, Standing
from domain.hours import midnight
from storage.slots.slot_sets import Window
from workers.cronofy.wire import Written
from workers.services import Services

DAY = timedelta(days=1)


def read(
    services: Services, access: str, coach: Coach, window: Window, *, until: int
) -> tuple[Standing, ...]:
    """All that stand in the account, up to the window's end or to `until` (epoch seconds), the end
    of the last session. Raises CronofyError.
    """
    last = datetime.fromtimestamp(until, UTC).date() + 2 * DAY
    found = services.cronofy.touched_events(
        access, since=window.since, until=max(window.until, last)
    )
    return tuple(_standing(found, coach.hours.zone))


def _standing(found: tuple[Written, ...], zone: str) -> Iterator[Standing]:
    for each in found:
        # Another program under our name at Cronofy has keys of its own.
        if not each.id.startswith(PREFIX):
            continue
        starts, ends = each.start, each.end
        if each.all_day:
            starts, ends = _midnight(zone, starts), _midnight(zone, ends)
        yield Standing(
            session_id=each.id.removeprefix(PREFIX),
            calendar_id=each.calendar_id,
            starts=starts,
            ends=ends,
            summary=each.summary,
            declined=each.declined,
            join_url=each.join_url,
            attendees=each.attendees,
        )


def _midnight(zone: str, date_as_utc: int) -> int:
    """A day that is all of it taken begins where its person is."""
    return midnight(zone, datetime.fromtimestamp(date_as_utc, UTC).date())
