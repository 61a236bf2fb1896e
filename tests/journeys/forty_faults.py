"""What goes wrong in the forty days; what must be true at once is asserted on the spot."""

from collections.abc import Callable
from datetime import UTC, datetime

from storage.schema import tables
from tests.journeys.forty_days import DAY, HOUR, RELINK_DAYS, Season
from tests.journeys.forty_deeds import (
    declined_event,
    deleted_event,
    dragged_event,
    renamed_event,
)
from tests.journeys.forty_lives import Script, add, live, offered
from tests.journeys.forty_people import Life

SETTLED = 26  # hours in which every calendar is reconciled and every channel audited


# What goes wrong
def lost_push(season: Season, life: Life) -> Script:
    """A change that nobody pushed is there within the interval, and is counted."""
    yield from calm(season)
    before = season.row(life).missed_pushes
    season.house.control.pushes(drop=1)
    start = put_over_an_open_time(season, life)
    season.house.control.pushes(drop=0)
    life.untold = True
    yield from wait(season, season.pace.reconcile // HOUR + 2)
    life.untold = False
    assert start not in offered(season, life, days=10)
    assert season.row(life).missed_pushes == before + 1


def closed_channel(season: Season, life: Life) -> Script:
    """Closed without a word, and opened again by the audit."""
    yield from calm(season)
    before = season.row(life).missed_pushes
    (channel,) = channels(season, life)
    season.house.control.close_channel(channel)
    put_over_an_open_time(season, life)
    life.untold = True
    yield from wait(season, SETTLED)
    life.untold = False
    assert season.row(life).missed_pushes == before + 1
    (again,) = channels(season, life)
    assert again != channel
    yield from calm(season)
    assert_pushes_are_heard(season, life)


def vanished_calendar(season: Season, life: Life) -> Script:
    """For one read a calendar is not there: the set does not change."""
    yield from calm(season)
    for _ in range(
        2
    ):  # the last meeting of a calendar may well be called off: that would be believed
        put_over_an_open_time(season, life)
    season.hear()
    season.work_off()
    version, doubted = season.listing(life).version, season.told("calendar_doubted")
    season.house.control.fault(
        "vanish_calendar", "/v1/free_busy", calendar_id=life.connected.calendar
    )
    season.house.control.notify(life.connected.seat.sub, "change")
    season.hear()
    season.work_off()
    assert season.told("calendar_doubted") == doubted + 1
    assert (season.listing(life).version, season.listing(life).state) == (version, "fresh")


def lost_login(season: Season, life: Life, *, days: int, pushed: bool) -> Script:
    """A profile without credentials, linked again by its owner. Unless pushed, only a look at the
    account tells.
    """
    yield from calm(season)
    profile = life.connected.seat.profiles[0]
    season.house.control.pushes(drop=0 if pushed else 1)
    season.house.control.break_profile(profile)
    season.house.control.pushes(drop=0)
    yield from until_told(season, life, "disconnected", days)
    season.house.control.relink_profile(profile)
    assert_mended(season, life)


def revoked_grant(season: Season, life: Life, *, days: int) -> Script:
    """The permission is taken back, and given again."""
    yield from calm(season)
    season.house.control.revoke_tokens(life.connected.seat.sub)
    yield from until_told(season, life, "revoked", days)
    season.house.connect_again(life.connected, life.id)
    assert_mended(season, life)
    assert_pushes_are_heard(season, life)


def until_told(season: Season, life: Life, trouble: str, days: int) -> Script:
    """Until the product knows, and then for so many days, in which the owner goes on living."""
    began = season.now
    while (row := season.row(life)).trouble != trouble:
        assert season.now <= max(began + season.pace.reconcile, season.spared_until) + 2 * HOUR, (
            "nobody noticed"
        )
        yield
    since = row.troubled_since
    # What is booked meanwhile waits for the calendar, row by row: other tests look at that.
    yield from live(season, life, days, books=False)
    # Not in the hour in which a mail is due: there either is right.
    while not season.calm or any(
        abs(since + day * DAY - season.now) < 3 * HOUR for day in RELINK_DAYS
    ):
        yield
    life.lost.append((since, season.now))


def storms(season: Season) -> Script:
    """For hours Cronofy answers 429, with and without saying how long to wait."""
    for _ in range(4):
        for _ in range(season.rng.randrange(72, 240)):
            yield
        season.house.control.fail(
            "/v1/", 429, times=None, retry_after=season.rng.choice((None, 30))
        )
        for _ in range(season.rng.randrange(2, 22)):
            season.spared_until = season.now + 2 * HOUR
            yield
        season.house.control.clear_faults()


def wait(season: Season, hours: int) -> Script:
    while hours:
        hours -= season.calm
        yield


def calm(season: Season) -> Script:
    """Until nothing prevents reading."""
    while not season.calm:
        yield


def put_over_an_open_time(season: Season, life: Life) -> int:
    """Days ahead: what is over before it is read was no change."""
    soonest = (season.now + 3 * DAY).timestamp()
    start = season.rng.choice(
        [start for start in offered(season, life, days=10) if start > soonest]
    )
    begin = datetime.fromtimestamp(start, UTC)
    life.events.append(season.house.control.add_event(life.connected.calendar, begin, begin + HOUR))
    return start


def assert_pushes_are_heard(season: Season, life: Life) -> None:
    start = put_over_an_open_time(season, life)
    season.hear()
    season.work_off()
    assert start not in offered(season, life, days=10)


def assert_mended(season: Season, life: Life) -> None:
    season.hear()
    season.work_off()
    assert season.row(life).trouble is None
    assert season.listing(life).state == "fresh"


def channels(season: Season, life: Life) -> list[str]:
    """The account's channels that Cronofy lists; the one that we know of is among them."""
    with season.house.runtime.services.database.read() as tx:
        mine = tables.channels.c.connection_id == life.connected.connection_id
        known = tx.scalar(
            tables.channels.select().with_only_columns(tables.channels.c.channel_id).where(mine)
        )
    listed = season.house.control.state()["channels"]
    found = [
        each["id"]
        for each in listed
        if each["sub"] == life.connected.seat.sub and not each["closed"]
    ]
    assert known in found
    return found


def fate(season: Season, life: Life) -> Script:
    """Everything that can happen to a calendar happens to this one, in some order, with ordinary
    days in between.
    """
    rng = season.rng
    blows: list[Callable[[], Script]] = [
        lambda: lost_push(season, life),
        lambda: lost_push(season, life),
        lambda: dragged_event(season, life),
        lambda: deleted_event(season, life),
        lambda: declined_event(season, life),
        lambda: renamed_event(season, life),
        lambda: closed_channel(season, life),
        lambda: vanished_calendar(season, life),
        lambda: lost_login(season, life, days=rng.randint(14, 15), pushed=True),
        lambda: lost_login(season, life, days=rng.randint(0, 2), pushed=False),
        lambda: revoked_grant(season, life, days=rng.randint(1, 4)),
    ]
    rng.shuffle(blows)
    for _ in range(8):
        add(season, life)
    for blow in blows:
        yield from live(season, life, rng.randint(1, 2))
        yield from blow()
    life.told_all = True
    yield from live(season, life, 40)
