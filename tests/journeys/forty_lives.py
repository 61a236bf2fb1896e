"""What people and bad luck do in the forty days, hour by hour; what must be true at once is
asserted on the spot.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.journeys.forty_days import DAY, Season
from tests.journeys.forty_people import Life
from tests.support import people

Script = Iterator[None]
"""What somebody does from hour to hour."""


def live(season: Season, life: Life, days: int, *, books: bool = True) -> Script:
    for _ in range(days):
        busy = season.rng.random() < 0.6
        for _ in range(24):
            if busy and season.rng.random() < 0.06:
                act(season, life, books=books)
            yield


def act(season: Season, life: Life, *, books: bool) -> None:
    """One to three things in a row, whose pushes may come in threes and the last first."""
    if season.rng.random() < 0.3:
        season.house.control.pushes(duplicate=2, reorder=99)
    own = (add, add, add, add, move, delete, alter)
    for _ in range(season.rng.randint(1, 3)):
        season.rng.choice((*own, book, book, rebook, cancel) if books else own)(season, life)
    season.house.control.pushes(duplicate=0, reorder=0)


def add(season: Season, life: Life) -> None:
    calendar = season.rng.choice(life.connected.seat.calendars)
    status = season.rng.choice(("busy", "busy", "busy", "tentative", "free", "unknown"))
    start, end = somewhen(season, life)
    if season.rng.random() < 0.1:
        day = start.date()
        life.events.append(season.house.control.add_event(calendar, day, day + DAY, status=status))
    else:
        life.events.append(season.house.control.add_event(calendar, start, end, status=status))


def somewhen(season: Season, life: Life) -> tuple[datetime, datetime]:
    """In the next weeks, off the grid as often as not; now and then over a session of ours."""
    ahead = [starts for starts, _ in life.booked.values() if starts > season.now.timestamp()]
    if ahead and season.rng.random() < 0.2:
        start = datetime.fromtimestamp(season.rng.choice(ahead), UTC)
    else:
        start = season.now.replace(microsecond=0) + timedelta(
            minutes=5 * season.rng.randrange(26 * 288)
        )
    return start, start + timedelta(minutes=season.rng.choice((15, 25, 60, 90, 240)))


def move(season: Season, life: Life) -> None:
    if life.events:
        season.house.control.move_event(season.rng.choice(life.events), *somewhen(season, life))


def delete(season: Season, life: Life) -> None:
    if life.events:
        season.house.control.delete_event(life.events.pop(season.rng.randrange(len(life.events))))


def alter(season: Season, life: Life) -> None:
    if life.events:
        status = season.rng.choice(("busy", "tentative", "free"))
        season.house.control.change_event(season.rng.choice(life.events), status=status)


def book(season: Season, life: Life) -> None:
    if starts := offered(season, life, days=10):
        services = season.house.runtime.services
        wanted = Wanted(life.id, season.rng.choice(starts), life.coach.durations[-1])
        with services.database.write() as tx:
            done = bookings.book(tx, wanted, people.GRACE, people.PROGRAMME, services.terms())
        life.booked[done.booking.id] = (wanted.start, wanted.end)
        season.house.runtime.actors.wake_outbox(done.wake)


def rebook(season: Season, life: Life) -> None:
    coming, starts = standing(season, life), offered(season, life, days=10)
    if coming and starts:
        services, booking = season.house.runtime.services, season.rng.choice(coming)
        start = season.rng.choice(starts)
        with services.database.write() as tx:
            done = bookings.rebook(tx, booking, start, services.terms(), excused=True)
        life.booked[booking] = (done.session.starts, done.session.ends)
        season.house.runtime.actors.wake_outbox(done.wake)


def cancel(season: Season, life: Life) -> None:
    if coming := standing(season, life):
        services, booking = season.house.runtime.services, season.rng.choice(coming)
        with services.database.write() as tx:
            done = bookings.cancel(tx, booking, services.terms(), excused=True)
        del life.booked[booking]
        life.called_off.add(booking)
        season.house.runtime.actors.wake_outbox(done.wake)


def standing(season: Season, life: Life) -> list[str]:
    return [
        booking for booking, (starts, _) in life.booked.items() if starts > season.now.timestamp()
    ]


def offered(season: Season, life: Life, *, days: int, duration: int | None = None) -> list[int]:
    now = int(season.now.timestamp())
    asked = Asked(duration or life.coach.durations[-1], now, now + days * 86_400, now)
    found: list[int] = availability.starts(season.listing(life), asked).tolist()
    return found
