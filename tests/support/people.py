"""One cast of people and things, used by every test: Ada the coach, her calendar
account, her week.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dramatiq
from sqlalchemy import Connection

from domain.accounts import Account, Calendar, Profile
from domain.coaches import Coach, Policy
from domain.freebusy import BUSY, Reading
from domain.hours import Hours
from domain.sessions import Context, Participant, Terms
from storage.rows import channels, coaches, connections, push_marks, refresh_jobs
from storage.rows.refresh_jobs import ReadClaim
from storage.schema import tables
from storage.schema.database import Database
from storage.slots import listings, slot_sets
from storage.transactions import store_reading
from storage.transactions.store_reading import Observed

# A Monday morning; no DST change within three weeks.
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
WORK, HOME = "cal_work", "cal_home"

ADA = Coach(
    id="ada",
    hours=Hours.parse("Europe/London", OFFICE, {}),
    pre=15,
    post=15,
    notice=0,
    horizon_days=28,
    durations=(30, 60),
    mode="flexible",
    per_day=None,
    per_week=None,
    tentative_blocks=True,
    policy=Policy("last_known", 24),
    version=0,
)

ACCOUNT = Account(
    sub="acc_ada",
    profiles=(
        Profile(
            "pro_1",
            "google",
            "gsuite",
            "ada",
            calendars=(Calendar(WORK, "Work", primary=True), Calendar(HOME, "Home")),
        ),
    ),
)


GRACE = Participant(
    "grace", "Grace Hopper", "grace@example.test", "America/New_York", "en", "https://os.test/me"
)
HEDY = Participant(
    "hedy", "Hedy Lamarr", "hedy@example.test", "Europe/Vienna", "de", "https://os.test/me"
)
MARY = Participant("mary", "Mary Jackson", "mary@example.test", "UTC", "fr")
PROGRAMME = Context("acme", "leaders", "spring", "New Leaders")
MAILED = replace(ADA, name="Ada Lovelace", email="ada@example.test")
"""Ada, with an address for her mails."""


def terms(now: datetime = NOW) -> Terms:
    """The settings' defaults, at a moment."""
    return Terms(
        now=now,
        stale_after=timedelta(minutes=90),
        late=timedelta(hours=24),
        remind=timedelta(hours=24),
        remind_pods=timedelta(hours=72),
        uid_domain="example.test",
    )


def coach(**changes: Any) -> Coach:
    return replace(ADA, **changes)


def at(day: int, hour: int, minute: int = 0) -> int:
    """Epoch seconds of a time in the cast's June 2026, UTC."""
    return int(datetime(2026, 6, day, hour, minute, tzinfo=UTC).timestamp())


def reading(*periods: tuple[int, int], calendar: str = WORK) -> Reading:
    return Reading.of((calendar, start, end, BUSY, False) for start, end in periods)


def observed(
    *periods: tuple[int, int], account: Account | None = ACCOUNT, of: Coach = ADA
) -> Observed:
    """What a read that found these periods brings."""
    return Observed(reading(*periods), slot_sets.window(of, NOW).known_until, account)


def introduce(database: Database, person: Coach = ADA) -> Coach:
    """The coach, stored with a slot set."""
    with database.write() as tx:
        stored = coaches.put(tx, person)
        slot_sets.recompute(tx, stored, now=NOW)
    return stored


def ready(database: Database, person: Coach = MAILED, *periods: tuple[int, int]) -> str:
    """The coach with a calendar that was just read and holds these periods. Returns the
    connection's id.
    """
    introduce(database, person)
    connection_id = connect(database, person.id, sub=f"acc_{person.id}")
    read(
        database,
        connection_id,
        *periods,
        of=person,
        account=replace(ACCOUNT, sub=f"acc_{person.id}"),
    )
    return connection_id


def connect(database: Database, coach_id: str = "ada", sub: str = "acc_ada") -> str:
    """A connected account of the coach, owed its first read. Returns the connection's id."""
    with database.write() as tx:
        return connections.link(
            tx,
            coach_id,
            connections.new_id(datetime.now(UTC)),
            sub,
            tokens=b"sealed",
            access_expires_at=NOW + timedelta(hours=1),
            data_center="us",
        )


def claim(
    database: Database, connection_id: str, *, lease_ms: int = 30_000, gap_ms: int = 0
) -> ReadClaim | None:
    with database.write() as tx:
        return refresh_jobs.claim(tx, connection_id, lease_ms=lease_ms, gap_ms=gap_ms)


def read(
    database: Database, connection_id: str, *periods: tuple[int, int], **options: Any
) -> store_reading.Stored | None:
    """One whole refresh that found these periods."""
    held = claim(database, connection_id)
    assert held is not None
    with database.write() as tx:
        return store_reading.store(tx, held, observed(*periods, **options), now=NOW)


def mark_dirty(database: Database, connection_id: str) -> bool:
    with database.write() as tx:
        return push_marks.mark_dirty(tx, connection_id)


def listing(database: Database, coach_id: str = "ada", *, now: datetime = NOW) -> listings.Listing:
    with database.read() as tx:
        return listings.listings(
            tx, [coach_id], now=now, stale_after=timedelta(minutes=90), reasons=True
        )[coach_id]


def has_channel(
    tx: Connection, connection_id: str, channel_id: str, *, now: datetime = NOW
) -> None:
    """Its planned channel is open, and was compared with Cronofy's list at `now`."""
    mine = channels.lease_channel(tx, connection_id, lease_ms=1000, over=True)
    assert channels.channel_opened(tx, connection_id, mine, channel_id, now=now)
    channels.release_channel(tx, connection_id, mine)


def row_of(tx: Connection, connection_id: str) -> Any:
    """The connection's row, as stored."""
    return tx.execute(
        tables.connections.select().where(tables.connections.c.id == connection_id)
    ).one()


def wait_until_free(tx: Connection, connection_id: str) -> None:
    """End the lease as time would: the tests do not wait half a minute for it."""
    tx.execute(
        tables.connections.update()
        .where(tables.connections.c.id == connection_id)
        .values(lease_until_ms=0)
    )


def decode(message: bytes) -> dramatiq.Message[Any]:
    """A queued wake-up."""
    return dramatiq.Message.decode(message)
