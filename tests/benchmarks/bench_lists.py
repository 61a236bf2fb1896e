"""P13 of the performance goals: a page of 100 out of 1,000,000 bookings, the first and one behind
900,000, under each filter and two at once; and all of them as a stream, in constant memory.

`COACHCAL_BENCH_BOOKINGS` makes it a smaller house.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from sqlalchemy import select

from storage.reports.lists import Key, Page, SessionFilter
from storage.reports.session_lists import bookings_page
from storage.schema.database import Database
from storage.schema.tables import bookings
from storage.transactions import seeding
from tests.benchmarks.figures import Figure, Spread, Told, at_least, at_most
from tests.benchmarks.work import Work
from webhooks.api.list_files import SMALL, ndjson, pages_of
from webhooks.api.list_pages import Fields
from webhooks.api.schemas.booking_responses import booking_fields

BOOKINGS = int(os.environ.get("COACHCAL_BENCH_BOOKINGS", "1000000"))
QUICK_BOOKINGS, TURNS, PAGE = 5_000, 21, 100
MOST_MS, LEAST_RATE, MOST_MB = 10, 20_000, 64
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
FILTERS = {
    "all": SessionFilter(),
    "coach": SessionFilter(coach_id="seed-100007"),
    "participant": SessionFilter(participant_id="seed-p7"),
    "company": SessionFilter(company="seed-c3"),
    "project": SessionFilter(project="seed-j3"),
    "cohort": SessionFilter(cohort="seed-h3"),
    "programme": SessionFilter(programme_name="Programme 3"),
    "status": SessionFilter(status="missed"),
    "time": SessionFilter(since=int((NOW - 7 * DAY).timestamp()), until=int(NOW.timestamp())),
    "changed since": SessionFilter(changed_since=NOW - 2 * DAY),
    "in conflict": SessionFilter(in_conflict=True),
    "short of seats": SessionFilter(short_of_seats=True),
    "held mails": SessionFilter(held_mails=True),
    "moved": SessionFilter(moved=True),
    "company, status": SessionFilter(company="seed-c3", status="missed"),
    "company, changed": SessionFilter(company="seed-c3", changed_since=NOW - 30 * DAY),
    "programme, time": SessionFilter(programme_name="Programme 3", since=int(NOW.timestamp())),
    "not in conflict": SessionFilter(in_conflict=False),
    "company, held": SessionFilter(company="seed-c3", held_mails=True),
}


def measure_all(work: Work) -> Iterator[Told]:
    wanted = work.amount(BOOKINGS, QUICK_BOOKINGS)
    kinds = work.amount(("postgresql",), work.kinds[-1:])
    for kind in kinds:
        with work.database(kind, use="report") as database:
            work.tell(f"making {wanted:,} bookings")
            fill(database, wanted)
            yield from measure(work, database, wanted)


def fill(database: Database, amount: int) -> None:
    of_coaches = max(1, amount // 50)
    for first in range(0, of_coaches, seeding.AT_ONCE):
        with database.write() as tx:
            end = min(of_coaches, first + seeding.AT_ONCE)
            seeding.seed_coaches(tx, first, end, now=NOW)
    for first in range(0, amount, seeding.AT_ONCE):
        with database.write() as tx:
            end = min(amount, first + seeding.AT_ONCE)
            seeding.seed_bookings(tx, first, end, coaches=of_coaches, of=amount, now=NOW)
    with database.write() as tx:
        seeding.settle(tx)


def measure(work: Work, database: Database, amount: int) -> Iterator[Told]:
    deep = _key_of(database, amount)
    changed = (int(1000 * (NOW - DAY).timestamp()), "")
    turns = work.amount(TURNS, 3)
    for name, wanted in FILTERS.items():
        work.tell(f"a page of {name}")
        behind = deep if wanted.changed_since is None else changed
        for place, after in (("first", None), ("deep", behind)):
            ours, rows = page_ms(database, wanted, after, turns)
            floor = Spread.of([_by_key_ms(database, rows) for _ in range(turns)])
            told = f"P13 {name}, {place} page"
            yield Figure(told, "ms", ours, "its rows by key", floor, (at_most(MOST_MS),))
    floor = Spread.of([_rows_per_second(database)])
    rate, grown = stream(database)
    goals = (at_least(LEAST_RATE),)
    beside = "bookings read alone"
    yield Figure("P13 export", "rows/s", Spread.of([rate]), beside, floor, goals)
    memory = Spread.of([grown])
    mine = Spread.of([_resident()])
    yield Figure("P13 export, memory", "MB", memory, "the process", mine, (at_most(MOST_MB),))


def page_ms(
    database: Database, wanted: SessionFilter, after: Key | None, turns: int
) -> tuple[Spread, list[str]]:
    """From the question to the JSON, and the ids of the page's bookings."""
    took, ids = [], list[str]()
    for _ in range(turns):
        began = time.perf_counter()
        with database.read() as tx:
            found = bookings_page(tx, wanted, after, limit=PAGE, now=NOW)
        orjson.dumps([booking_fields(*item, NOW) for item in found.items])
        took.append(1000 * (time.perf_counter() - began))
        ids = [str(item[0].id) for item in found.items]
    return Spread.of(took), ids


def _by_key_ms(database: Database, ids: list[str]) -> float:
    """The least that a page takes: its bookings and nothing else, by their ids."""
    began = time.perf_counter()
    with database.read() as tx:
        tx.execute(select(bookings).where(bookings.c.id.in_(ids))).all()
    return 1000 * (time.perf_counter() - began)


def _rows_per_second(database: Database) -> float:
    """The least that an export takes: its bookings page after page, none looked at."""
    count, last = 0, ""
    query = select(bookings).order_by(bookings.c.id).limit(SMALL)
    began = time.perf_counter()
    with database.read() as tx:
        while rows := tx.execute(query.where(bookings.c.id > last)).all():
            count, last = count + len(rows), rows[-1].id
    return count / (time.perf_counter() - began)


def stream(database: Database) -> tuple[float, float]:
    """Rows a second, and how many MB more it took than one look."""
    count = 0

    def look(after: Key | None) -> Page[Fields]:
        nonlocal count
        with database.read() as tx:
            found = bookings_page(tx, SessionFilter(), after, limit=SMALL, now=NOW)
        count += len(found.items)
        return Page([booking_fields(*item, NOW) for item in found.items], found.after)

    look(None)
    count, idle, most = 0, _resident(), 0.0
    began = time.perf_counter()
    for _ in ndjson(pages_of(look)):
        most = max(most, _resident())
    return count / (time.perf_counter() - began), most - idle


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _key_of(database: Database, amount: int) -> Key:
    """The key of the booking behind nine tenths of all."""
    query = select(bookings.c.starts, bookings.c.id).order_by(bookings.c.starts, bookings.c.id)
    with database.read() as tx:
        starts, name = tx.execute(query.offset(amount * 9 // 10).limit(1)).one()
    return starts, name
