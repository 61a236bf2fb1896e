"""Forty days across three clock changes, with everything that goes wrong with calendars: in the end
all is right.

Every seed is a story of its own, and the same one each time.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.absences import away_json, trips_json
from storage.rows import bookings, sessions
from storage.schema import tables
from tests.domain import oracle
from tests.journeys import forty_days
from tests.journeys.forty_days import DAY, HOUR, REAL, RELINK_DAYS, Season
from tests.journeys.forty_faults import SETTLED, channels, fate, lost_push, storms
from tests.journeys.forty_lives import add, live, offered
from tests.journeys.forty_people import Life
from tests.support.databases import Kind

FORTY_DAYS = 40 * 24


@pytest.mark.timeout(900)  # half a minute of work, of which a busy machine makes two
@pytest.mark.parametrize(
    ("seed", "kind"), [(1, "sqlite"), pytest.param(3, "postgresql", marks=pytest.mark.deep)]
)
def test_after_forty_days_of_trouble_every_set_is_right(
    seed: int, kind: Kind, fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    print(f"seed {seed}")
    with forty_days.founded(fresh_database(kind), redis_url, seed) as season:
        tell(season)
        assert compare(season) == len(season.lives)
        for life in season.lives:
            assert season.listing(life).state == "fresh"
            assert len(channels(season, life)) == 1
            assert_sessions_are_as_people_left_them(season, life)
            assert_asked_to_relink_on_the_days(season, life)
        assert season.told("missed_push") >= 3 * len(season.lives)
        assert (season.told("audit_overdue"), season.told("delivery_broke")) == (0, 0)


def test_at_production_s_own_intervals_no_calendar_is_ever_older_than_promised(
    fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    """G2: a quarter of an hour for calendars with recent changes, an hour for the others, though
    pushes are lost.
    """
    with forty_days.founded(fresh_database("sqlite"), redis_url, 5, REAL) as season:
        ada, ben, cleo = season.lives
        for life in (ada, ben):
            add(season, life)
        stories = [live(season, ada, 2), lost_push(season, ben)]
        for _ in range(36):
            season.pass_an_hour()
            season.check_staleness()
            for story in stories:
                next(story, None)
            season.work()
        assert compare(season) == len(season.lives)
        assert season.told("missed_push") == season.row(ben).missed_pushes == 1
        assert season.row(cleo).changed_at < season.now - DAY  # an hour is enough for her by now
        oldest = {
            bound: max(age for of, age in season.ages if of == bound) for bound, _ in season.ages
        }
        assert set(oldest) == {REAL.reconcile_busy, REAL.reconcile}
        assert all(0.75 * bound < age <= bound for bound, age in oldest.items()), oldest


def assert_sessions_are_as_people_left_them(season: Season, life: Life) -> None:
    """No change of a calendar called one off or moved it; those that it lies over are flagged, and
    no others.
    """
    with season.house.runtime.services.database.read() as tx:
        found = {row.id: row.status for row in tx.execute(tables.bookings.select())}
        held = {
            booking: sessions.get(tx, bookings.get(tx, booking).session_id)
            for booking in life.booked
        }
    assert {booking: (each.starts, each.ends) for booking, each in held.items()} == life.booked
    assert all(each.active and found[booking] == "booked" for booking, each in held.items())
    assert all(found[booking] == "cancelled" for booking in life.called_off)
    world = oracle.World(case_of(season, life, life.coach.durations[0]))
    busy = [(start.timestamp(), end.timestamp()) for start, end in world.busy]
    coming = [each for each in held.values() if each.starts > season.now.timestamp()]
    for each in coming:
        met = any(start < each.ends and end > each.starts for start, end in busy)
        assert (each.conflict_since is not None) == met, each
    assert sorted(written(season, life)) == sorted((each.starts, each.ends) for each in coming)


def written(season: Season, life: Life) -> list[tuple[int, int]]:
    """Our sessions to come, as the coach's calendars show them."""
    shown = [
        tuple(int(oracle.instant(event[name]).timestamp()) for name in ("start", "end"))
        for event in events_of(season, life, ours=True)
    ]
    return [(start, end) for start, end in shown if start > season.now.timestamp()]


def assert_asked_to_relink_on_the_days(season: Season, life: Life) -> None:
    due = sorted(
        since + day * DAY
        for since, until in life.lost
        for day in RELINK_DAYS
        if since + day * DAY < until
    )
    sent = [at for at, address in season.mails if address == life.coach.email]
    assert len(life.lost) == 3
    assert len(sent) == len(due)
    for wanted, at in zip(due, sent, strict=True):
        assert wanted <= at < wanted + HOUR + HOUR / 60, (life.id, due, sent)


def tell(season: Season) -> None:
    stories = [storms(season), *(fate(season, life) for life in season.lives)]
    for hour in range(FORTY_DAYS):
        season.pass_an_hour()
        season.check_staleness()
        for story in stories:
            next(story, None)
        season.work()
        if hour % 168 == 100:
            compare(season)
    assert all(life.told_all for life in season.lives)
    season.house.control.clear_faults()
    for _ in range(SETTLED):
        season.pass_an_hour()
        season.check_staleness()
        season.work()


def compare(season: Season) -> int:
    """The sets of those whose calendars are heard and read, with the oracle's. How many were
    compared.
    """
    trusted = [
        life
        for life in season.lives
        if season.calm and not life.untold and season.row(life).trouble is None
    ]
    for life in trusted:
        for duration in life.coach.durations:
            case = case_of(season, life, duration)
            wanted = [
                int(oracle.instant(start).timestamp()) for start in oracle.evaluate(case)["starts"]
            ]
            assert offered(season, life, days=60, duration=duration) == wanted, (
                life.id,
                duration,
                season.now,
            )
    return len(trusted)


def case_of(season: Season, life: Life, duration: int) -> oracle.Case:
    """What the coach has set, what Cronofy's calendars hold and what is booked, as the oracle takes
    it.
    """
    coach, now = life.coach, season.now.replace(microsecond=0)
    return {
        "zone": coach.hours.zone,
        "hours": coach.hours.weekly_json(),
        "overrides": coach.hours.overrides_json(),
        **{
            name: getattr(coach, name)
            for name in ("pre", "post", "mode", "per_day", "per_week", "tentative_blocks")
        },
        "duration": duration,
        "notice_min": coach.notice,
        "horizon_days": coach.horizon_days,
        "away": away_json(coach.away),
        "travel": trips_json(coach.trips),
        "holidays": [day.isoformat() for day in coach.holidays.dates],
        "busy": [
            [event["start"], event["end"], event["status"]] for event in events_of(season, life)
        ],
        "own": [[text(starts), text(ends)] for starts, ends in life.booked.values()],
        "now": text(int(now.timestamp())),
        "from": str(now),
        "to": str(now + (coach.horizon_days + 1) * DAY),
    }


def events_of(season: Season, life: Life, *, ours: bool = False) -> list[dict[str, Any]]:
    """In all calendars of the account, those that we wrote or those that we did not."""
    accounts = season.house.control.state()["accounts"]
    profiles = next(one["profiles"] for one in accounts if one["sub"] == life.connected.seat.sub)
    found = [
        event
        for profile in profiles
        for calendar in profile["calendars"]
        for event in calendar["events"]
    ]
    return [
        event for event in found if not event["deleted"] and (event["event_id"] is not None) == ours
    ]


def text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
