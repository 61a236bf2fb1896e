"""What coaches of the forty days do to our events in their own calendars."""

from datetime import UTC, datetime

from domain.event_differences import event_id
from domain.sessions import Session
from storage.rows import bookings, event_differences, sessions
from storage.schema import tables
from storage.transactions.event_differences import put_back
from tests.journeys.forty_days import DAY, Season
from tests.journeys.forty_lives import Script, book, offered, standing
from tests.journeys.forty_people import Life
from workers import clock


def dragged_event(season: Season, life: Life) -> Script:
    """Both times are closed until the coach says what holds, and the session stays."""
    while not season.calm:
        yield
    while not standing(season, life) or not far_off(season, life):
        book(season, life)
        season.work_off()
        yield
    session, start = a_session(season, life), season.rng.choice(far_off(season, life))
    begin = datetime.fromtimestamp(start, UTC)
    end = datetime.fromtimestamp(start + session.ends - session.starts, UTC)
    season.house.control.move_event(stands(season, session)["event_uid"], begin, end)
    season.hear()
    season.work_off()
    services = season.house.runtime.services
    with services.database.read() as tx:
        [found] = event_differences.of_coach(tx, life.id)
    assert (found.session_id, found.kind, found.starts) == (session.id, "moved", start)
    assert start not in offered(season, life, days=10)
    with services.database.write() as tx:
        assert put_back(tx, session.id, found.token, season.now)
        # The two seconds pass that a sweeper leaves to whoever was woken for it.
        tx.execute(tables.outbox.update().values(wake_after_ms=0))
    clock.sweep(services, season.house.runtime.actors)
    season.work_off()
    shown = datetime.fromisoformat(stands(season, session)["start"])
    assert shown.timestamp() == session.starts
    assert start in offered(season, life, days=10)


def far_off(season: Season, life: Life) -> list[int]:
    """What is open, and is so however long it takes."""
    soonest = (season.now + 3 * DAY).timestamp()
    return [start for start in offered(season, life, days=10) if start > soonest]


def a_session(season: Season, life: Life) -> Session:
    booking = season.rng.choice(standing(season, life))
    with season.house.runtime.services.database.read() as tx:
        return sessions.get(tx, bookings.get(tx, booking).session_id)


def stands(season: Season, session: Session) -> dict[str, str]:
    return season.house.control.own_event(event_id(session.id))
