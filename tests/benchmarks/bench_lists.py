"""P13 of the performance goals: a page of 100 out of 1,000,000 bookings, the first and one behind
900,000, under each filter and two at once; and all of them as a stream, in constant memory.

`COACHCAL_BENCH_BOOKINGS` makes it a smaller house.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import orjson
from sqlalchemy import select

from storage import migrations
from storage.reports.lists import Key, Page, SessionFilter
from storage.reports.session_lists import bookings_page
from storage.schema.database import Database, create
from storage.schema.tables import bookings
from storage.transactions import seeding
from tests.support.postgres import postgres_server
from webhooks.api.list_files import SMALL, ndjson, pages_of
from webhooks.api.list_pages import Fields
from webhooks.api.schemas.booking_responses import booking_fields

BOOKINGS = int(os.environ.get("COACHCAL_BENCH_BOOKINGS", "1000000"))
COACHES, TURNS, PAGE = max(1, BOOKINGS // 50), 21, 100
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


def main() -> None:
    with postgres_server(None) as server:
        database = create(server.create_database("bench"), use="report")
        migrations.migrate(database)
        began = time.perf_counter()
        fill(database)
        print(f"P13 {BOOKINGS:,} bookings made in {time.perf_counter() - began:.0f} s", flush=True)
        measure(database)
        database.close()


def fill(database: Database) -> None:
    for first in range(0, COACHES, seeding.AT_ONCE):
        with database.write() as tx:
            end = min(COACHES, first + seeding.AT_ONCE)
            seeding.seed_coaches(tx, first, end, now=NOW)
    for first in range(0, BOOKINGS, seeding.AT_ONCE):
        with database.write() as tx:
            end = min(BOOKINGS, first + seeding.AT_ONCE)
            seeding.seed_bookings(tx, first, end, coaches=COACHES, of=BOOKINGS, now=NOW)
    with database.write() as tx:
        seeding.settle(tx)


def measure(database: Database) -> None:
    deep = _key_of(database)
    changed = (int(1000 * (NOW - DAY).timestamp()), "")
    for name, wanted in FILTERS.items():
        behind = deep if wanted.changed_since is None else changed
        figures = []
        for after in (None, behind):
            took, count = page_ms(database, wanted, after)
            verdict = "ok" if took <= MOST_MS else f"over {MOST_MS}"
            figures.append(f"{took:6.2f} ms ({count:3} items, {verdict})")
        print(f"P13 {name:18} first {figures[0]}   deep {figures[1]}", flush=True)
    rate, grown = stream(database)
    verdict = "ok" if rate >= LEAST_RATE and grown <= MOST_MB else "missed"
    print(f"P13 stream {rate:,.0f} rows/s, {grown:.0f} MB above the first page: {verdict}")


def page_ms(database: Database, wanted: SessionFilter, after: Key | None) -> tuple[float, int]:
    """The median from the question to the JSON, and how many items the page has."""
    took, count = [], 0
    for _ in range(TURNS):
        began = time.perf_counter()
        with database.read() as tx:
            found = bookings_page(tx, wanted, after, limit=PAGE, now=NOW)
        orjson.dumps([booking_fields(*item, NOW) for item in found.items])
        took.append(1000 * (time.perf_counter() - began))
        count = len(found.items)
    return median(took), count


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


def _key_of(database: Database) -> Key:
    """The key of the booking behind nine tenths of all."""
    query = select(bookings.c.starts, bookings.c.id).order_by(bookings.c.starts, bookings.c.id)
    with database.read() as tx:
        starts, name = tx.execute(query.offset(BOOKINGS * 9 // 10).limit(1)).one()
    return starts, name
