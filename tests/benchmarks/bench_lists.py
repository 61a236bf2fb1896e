"""P13 of the performance goals: a page of 100 out of 1,000,000 bookings, of their sessions, their
pods and 20,000 coaches: the first, and one behind nine tenths of all, under each filter and two at
once, in the service and over HTTP; and all bookings as a stream, in constant memory.

`COACHCAL_BENCH_BOOKINGS` makes it a smaller house.
"""

import gc
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import orjson
import requests
from sqlalchemy import Table, select

from storage.reports.lists import Key
from storage.schema.database import Database, create
from storage.schema.tables import bookings, coaches, sessions
from storage.transactions import seeding
from tests.benchmarks import listed_house
from tests.benchmarks.bench_siege import memory_mb
from tests.benchmarks.figures import Figure, Spread, Told, at_least, at_most
from tests.benchmarks.work import Kind, Work
from tests.support.processes import Town
from webhooks.api.coach_list import COACHES
from webhooks.api.list_files import NDJSON, SMALL
from webhooks.api.list_pages import PAGING, Fields, ItemList, Reader, written
from webhooks.api.schemas.coach_lists import CoachesQuery
from webhooks.api.schemas.lists import BookingsQuery, ListQuery, PodsQuery, SessionsQuery
from webhooks.api.session_lists import BOOKINGS, PODS, SESSIONS
from webhooks.http import cursors
from workers.services import Services

AMOUNT = int(os.environ.get("COACHCAL_BENCH_BOOKINGS", "1000000"))
QUICK_AMOUNT, TURNS, PAGE = 5_000, 21, 100
MOST_MS, LEAST_RATE, MOST_MB = 10, 20_000, 64
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
STALE_AFTER = timedelta(minutes=90)
LOOKED_AT_EVERY = 0.5
"""Seconds between two looks at what memory an export takes."""
SERVICES = cast("Services", SimpleNamespace(now=lambda: NOW, stale_after=lambda: STALE_AFTER))
"""All that lists ask of them."""
Filter = Mapping[str, str]


def _ago(days: int) -> str:
    return (NOW - days * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


OF_SESSIONS: Mapping[str, Filter] = {
    "all": {},
    "coach": {"coach_id": "seed-100007"},
    "participant": {"participant_id": "seed-p7"},
    "company": {"company": "seed-c3"},
    "project": {"project": "seed-j3"},
    "cohort": {"cohort": "seed-h3"},
    "programme": {"programme_name": "Programme 3"},
    "status": {"status": "missed"},
    "time": {"from": _ago(7), "to": _ago(0)},
    "changed since": {"changed_since": _ago(2)},
    "in conflict": {"in_conflict": "true"},
    "short of seats": {"short_of_seats": "true"},
    "held mails": {"held_mails": "true"},
    "moved": {"moved": "true"},
    "company, status": {"company": "seed-c3", "status": "missed"},
    "company, changed": {"company": "seed-c3", "changed_since": _ago(30)},
    "programme, time": {"programme_name": "Programme 3", "from": _ago(0)},
    "not in conflict": {"in_conflict": "false"},
    "company, held": {"company": "seed-c3", "held_mails": "true"},
}
OF_COACHES: Mapping[str, Filter] = {
    "all": {},
    "fresh": {"state": "fresh"},
    "refreshing": {"state": "refreshing"},
    "stale": {"state": "stale"},
    "disconnected": {"state": "disconnected"},
    "unconnected": {"state": "unconnected"},
    "changed since": {"changed_since": _ago(2)},
    "stale, changed": {"state": "stale", "changed_since": _ago(2)},
}


@dataclass(frozen=True)
class Listed:
    """A list, what it is asked by, and the table that its items are rows of. `behind`: where nine
    tenths of them are over, in its own order.
    """

    name: str
    items: ItemList
    query: type[ListQuery]
    filters: Mapping[str, Filter]
    table: Table
    behind: Key

    def pages(self) -> Iterator[tuple[str, Filter, Key | None]]:
        """The first page and a deep one under each filter, with what they are called."""
        for name, asked in self.filters.items():
            behind = self.behind
            if "changed_since" in asked:
                behind = (int(1000 * (NOW - DAY).timestamp()), "")
            yield f"{self.name}, {name}, first page", asked, None
            yield f"{self.name}, {name}, deep page", asked, behind


def measure_all(work: Work) -> Iterator[Told]:
    wanted = work.amount(AMOUNT, QUICK_AMOUNT)
    kinds: tuple[Kind, ...] = work.amount(("postgresql",), work.kinds[-1:])
    for kind in kinds:
        with work.town(kind=kind) as raised:
            # The time that a report may take: what is measured must not end at a web's limit.
            database = create(raised.environment["DATABASE_URL"], use="report")
            try:
                work.tell(f"making {wanted:,} bookings")
                listed_house.fill(database, wanted, NOW)
                yield from measure(work, database, raised, wanted)
            finally:
                database.close()


def measure(work: Work, database: Database, raised: Town, amount: int) -> Iterator[Told]:
    turns = work.amount(TURNS, 3)
    raised.start("web")
    # What is there is no garbage: as `webhooks.launch` has it for the web.
    gc.collect()
    gc.freeze()
    for listed in lists(database, amount):
        over_http, in_service = [], []
        for told, filters, after in listed.pages():
            work.tell(told)
            read = listed.items.reader(SERVICES, listed.query.model_validate(filters))
            ours, ids = page_ms(database, read, after, turns)
            floor = Spread.of([_by_key_ms(database, listed.table, ids) for _ in range(turns)])
            in_service.append(ours.middle)
            over_http.append(_http_ms(raised, listed, filters, after, turns))
            yield Figure(f"P13 {told}", "ms", ours, "its rows by key", floor, (at_most(MOST_MS),))
        yield Figure(
            f"P13 {listed.name} over HTTP, all of these pages",
            "ms",
            Spread.of(over_http),
            "in the service",
            Spread.of(in_service),
        )
    yield from _exports(work, database, raised)


def lists(database: Database, amount: int) -> list[Listed]:
    """Those that there are, over what was filled in."""
    row = bookings.c
    query = select(row.starts).order_by(row.starts, row.id).offset(amount * 9 // 10).limit(1)
    with database.read() as tx:
        begins: Key = (int(tx.scalar(query) or 0), "")
    coach: Key = (f"{seeding.NAME}{seeding.FIRST + amount * 9 // 500}",)
    return [
        Listed("bookings", BOOKINGS, BookingsQuery, OF_SESSIONS, bookings, begins),
        Listed("sessions", SESSIONS, SessionsQuery, OF_SESSIONS, sessions, begins),
        Listed("pods", PODS, PodsQuery, OF_SESSIONS, sessions, begins),
        Listed("coaches", COACHES, CoachesQuery, OF_COACHES, coaches, coach),
    ]


def page_ms(
    database: Database, read: Reader, after: Key | None, turns: int
) -> tuple[Spread, list[str]]:
    """From the question to the JSON, and the ids of the page's items."""
    took, ids = [], list[str]()
    for _ in range(turns):
        began = time.perf_counter()
        with database.read() as tx:
            found = read(tx, after, PAGE)
        orjson.dumps(found.items)
        took.append(1000 * (time.perf_counter() - began))
        ids = [_id_of(item) for item in found.items]
    return Spread.of(took), ids


def _id_of(item: Fields) -> str:
    for name in ("id", "session_id"):
        if name in item:
            return str(item[name])
    raise KeyError(item)


def _by_key_ms(database: Database, table: Table, ids: list[str]) -> float:
    """The least that a page takes: its rows and nothing else, by their ids."""
    began = time.perf_counter()
    with database.read() as tx:
        tx.execute(select(table).where(table.c.id.in_(ids))).all()
    return 1000 * (time.perf_counter() - began)


def _http_ms(raised: Town, listed: Listed, filters: Filter, after: Key | None, turns: int) -> float:
    """The median of what a client waits for the same page."""
    params = dict(filters)
    params["limit"] = str(PAGE)
    if after is not None:
        asked = listed.query.model_validate(filters).model_dump(exclude=PAGING, exclude_none=True)
        params["cursor"] = cursors.written(listed.items.name, asked, after)
    took = []
    for _ in range(turns):
        began = time.perf_counter()
        raised.api.get(f"/v1/{listed.name}", **params)
        took.append(1000 * (time.perf_counter() - began))
    return Spread.of(took).middle


def _exports(work: Work, database: Database, raised: Town) -> Iterator[Told]:
    work.tell("an export of all bookings")
    floor = Spread.of([_rows_per_second(database)])
    rate, grown = stream(database)
    goals = (at_least(LEAST_RATE),)
    beside = "bookings read alone"
    yield Figure("P13 export", "rows/s", Spread.of([rate]), beside, floor, goals)
    mine = Spread.of([_resident()])
    memory = Spread.of([grown])
    yield Figure("P13 export, memory", "MB", memory, "the process", mine, (at_most(MOST_MB),))
    work.tell("an export of all bookings over HTTP")
    idle = memory_mb(raised)
    rate, most = _streamed(raised)
    yield Figure("P13 export over HTTP", "rows/s", Spread.of([rate]), beside, floor)
    grown_web = Spread.of([most - idle])
    told = "P13 export over HTTP, memory"
    yield Figure(told, "MB", grown_web, "web, idle", Spread.of([idle]), (at_most(MOST_MB),))


def _streamed(raised: Town) -> tuple[float, float]:
    """Rows a second as a client gets them, and the most memory of the web meanwhile, MB."""
    count, most, look_at = 0, 0.0, 0.0
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {raised.key}", "Accept": "application/x-ndjson"}
    url = f"{raised.api.origin}/v1/bookings"
    with requests.get(url, headers=headers, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        for piece in answer.iter_content(1 << 16):
            count += piece.count(b"\n")
            if time.perf_counter() >= look_at:
                most = max(most, memory_mb(raised))
                look_at = time.perf_counter() + LOOKED_AT_EVERY
    return count / (time.perf_counter() - began), most


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
    read = BOOKINGS.reader(SERVICES, BookingsQuery.model_validate({}))
    with database.read() as tx:
        read(tx, None, SMALL)
    count, idle, most = 0, _resident(), 0.0
    began = time.perf_counter()
    for piece in written(BOOKINGS, NDJSON, database, read):
        count += piece.count(b"\n")
        most = max(most, _resident())
    return count / (time.perf_counter() - began), most - idle


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
