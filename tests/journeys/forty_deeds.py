"""What coaches of the forty days do to our events in their own calendars."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from domain.event_differences import event_id
from domain.sessions import Session
from storage.rows import bookings, event_differences, sessions
from storage.rows.event_differences import Difference
from storage.schema import tables
from storage.transactions.event_differences import put_back
from tests.journeys.forty_days import DAY, Season
from tests.journeys.forty_lives import Script, book, offered, standing
from tests.journeys.forty_people import Life
from workers import clock


def dragged_event(season: Season, life: Life) -> Script:
    """Both times are closed until the coach says what holds, and the session stays."""
    yield from a_booked_week(season, life)
    session, start = a_session(season, life), season.rng.choice(far_off(season, life))
    begin = datetime.fromtimestamp(start, UTC)
    end = datetime.fromtimestamp(start + session.ends - session.starts, UTC)
    season.house.control.move_event(stands(season, session)["event_uid"], begin, end)
    season.hear()
    season.work_off()
    [found] = differences(season, life)
    assert (found.session_id, found.kind, found.starts) == (session.id, "moved", start)
    assert start not in offered(season, life, days=10)
    put_it_back(season, session, found)
    assert start in offered(season, life, days=10)


def deleted_event(season: Season, life: Life) -> Script:
    """A calendar cancels no session: the coach is asked, and has it there again."""
    yield from touched_event(season, life, season.house.control.delete_event, "deleted")


def declined_event(season: Season, life: Life) -> Script:
    """Nor is a session declined by its coach's calendar."""

    def decline(uid: str) -> None:
        season.house.control.change_event(uid, declined=True)

    yield from touched_event(season, life, decline, "declined")


def renamed_event(season: Season, life: Life) -> Script:
    """What a coach calls it in their own calendar is theirs: nobody is asked."""
    yield from a_booked_week(season, life)
    session = a_session(season, life)
    season.house.control.change_event(stands(season, session)["event_uid"], summary="Tea")
    season.hear()
    season.work_off()
    assert differences(season, life) == []


def touched_event(season: Season, life: Life, touch: Callable[[str], None], kind: str) -> Script:
    yield from a_booked_week(season, life)
    session = a_session(season, life)
    touch(stands(season, session)["event_uid"])
    season.hear()
    season.work_off()
    [found] = differences(season, life)
    assert (found.session_id, found.kind) == (session.id, kind)
    assert session.starts not in offered(season, life, days=10)
    put_it_back(season, session, found)
    event = stands(season, session)
    assert not event["deleted"]
    assert event["participation_status"] != "declined"


def a_booked_week(season: Season, life: Life) -> Script:
    """Until all is well, a session stands, and there are times to move it to."""
    while not season.calm:
        yield
    while not standing(season, life) or not far_off(season, life):
        book(season, life)
        season.work_off()
        yield


def differences(season: Season, life: Life) -> list[Difference]:
    with season.house.runtime.services.database.read() as tx:
        return event_differences.of_coach(tx, life.id)


def put_it_back(season: Season, session: Session, found: Difference) -> None:
    """As the coach asks for it; then the event stands where the session is."""
    services = season.house.runtime.services
    with services.database.write() as tx:
        assert put_back(tx, session.id, found.token, season.now)
        # The two seconds pass that a sweeper leaves to whoever was woken for it.
        tx.execute(tables.outbox.update().values(wake_after_ms=0))
    clock.sweep(services, season.house.runtime.actors)
    season.work_off()
    shown = datetime.fromisoformat(stands(season, session)["start"])
    assert shown.timestamp() == session.starts


def far_off(season: Season, life: Life) -> list[int]:
    """What is open, and is so however long it takes."""
    soonest = (season.now + 3 * DAY).timestamp()
    return [start for start in offered(season, life, days=10) if start > soonest]


def a_session(season: Season, life: Life) -> Session:
    booking = season.rng.choice(standing(season, life))
    with season.house.runtime.services.database.read() as tx:
        return sessions.get(tx, bookings.get(tx, booking).session_id)


def stands(season: Season, session: Session) -> dict[str, Any]:
    return season.house.control.own_event(event_id(session.id))
