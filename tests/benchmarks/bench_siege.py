"""Everything that once starved others, at once, and what another client notices of it.

200 connections that say nothing, 8 zip bombs, a dry run of 500 rows over 50 coaches and 4 of the
worst mail texts, at two real web processes on PostgreSQL. Beside them one client goes on booking.
Goal: its p99 is at most 3 times its quiet one; memory goes back to idle and 64 MB; nothing dies.
"""

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import requests

from storage.rows import api_keys
from tests.benchmarks.figures import Figure, Spread, Told, at_most, ratio_at_most
from tests.benchmarks.work import Work
from tests.support import http_load
from tests.support.processes import Town
from tests.support.spreadsheets import a_bomb

SILENT, BOMBS, COACHES, ROWS, TEXTS = 200, 8, 50, 500, 4
BOOKINGS = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = "programme,coach,date,time,zone,min,max,duration"
DAILY = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
SETTINGS = {
    "zone": "UTC",
    "hours": DAILY,
    "durations": [60],
    "pre": 0,
    "post": 0,
    "horizon_days": 60,
    "policy": {"kind": "hours_only", "last_known_hours": 1},
}
SCOPES = ("bookings:write", "mailers:write", "coaches:write")


@dataclass(frozen=True)
class Siege:
    """`quiet` and `besieged`: p99 of the other client's bookings, ms. `idle` and `after`: memory of
    the web processes (Pss), MB. `answers`: the statuses that the attackers got.
    """

    quiet: float
    besieged: float
    idle: float
    after: float
    answers: list[int]


def besiege(raised: Town, key: str) -> Siege:
    """Book, attack and book, and book again. Fails when a booking of the other client does."""
    for number in range(COACHES):
        raised.api.put(f"/v1/coaches/c{number}", SETTINGS)
    raised.api.put("/v1/coaches/ada", SETTINGS)
    day = (datetime.now(UTC) + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    starts = iter(day + timedelta(hours=2 * turn) for turn in range(4 * BOOKINGS))
    book = _booker(raised, key, starts)
    book()  # the first answers of a process are its slowest
    quiet, idle = book(), memory_mb(raised)
    with silent(raised.api.origin), ThreadPoolExecutor(BOMBS + TEXTS + 1) as attackers:
        answers = [attackers.submit(attack) for attack in _attacks(raised.api.origin, key)]
        besieged = book()
    return Siege(quiet, besieged, idle, memory_mb(raised), [each.result() for each in answers])


def _booker(raised: Town, key: str, starts: Iterator[datetime]) -> Callable[[], float]:
    def book() -> float:
        asked = [_booking(raised.api.origin, key, next(starts)) for _ in range(BOOKINGS)]
        answers = http_load.send(raised.api.origin, asked, lines=1, fine=(201,))
        return quantiles([1000 * answer.seconds for answer in answers], n=100)[98]

    return book


def _booking(origin: str, key: str, start: datetime) -> bytes:
    person = {"id": "p", "name": "P", "email": "p@example.test", "zone": "UTC"}
    body = {
        "coach_id": "ada",
        "start": start.isoformat(),
        "duration": 60,
        "participant": person,
    }
    headers = {"Authorization": f"Bearer {key}", "Idempotency_Key": secrets.token_hex(8)}
    return http_load.request("POST", f"{origin}/v1/bookings", json.dumps(body).encode(), **headers)


@contextmanager
def silent(origin: str) -> Iterator[None]:
    """Half of them connect and say nothing, half withhold a body that they announced."""
    host, _, port = origin.removeprefix("http://").partition(":")
    begun = b"POST /v1/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{"
    with ExitStack() as stack:
        for number in range(SILENT):
            line = stack.enter_context(socket.create_connection((host, int(port))))
            if number % 2:
                line.sendall(begun)
        yield


def _attacks(origin: str, key: str) -> list[Callable[[], int]]:
    bomb, table = a_bomb(), _table().encode()
    text = json.dumps({"subject": "s", "text": "{{" * 29_000}).encode()
    bombs = [_attack(origin, key, "POST", "/v1/pods/import", bomb, XLSX) for _ in range(BOMBS)]
    texts = [
        _attack(origin, key, "PUT", f"/v1/mailers/company/{turn}/booked/en", text)
        for turn in range(TEXTS)
    ]
    return [*bombs, _attack(origin, key, "POST", "/v1/pods/import", table, "text/csv"), *texts]


def _attack(
    origin: str, key: str, method: str, path: str, body: bytes, kind: str = "application/json"
) -> Callable[[], int]:
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": kind,
        "Idempotency-Key": secrets.token_hex(8),
    }

    def send() -> int:
        answer = requests.request(method, origin + path, data=body, headers=headers, timeout=60)
        return answer.status_code

    return send


def _table() -> str:
    begin = (datetime.now(UTC) + timedelta(days=9)).date()
    rows = [
        f"Lead,c{number % COACHES},{begin + timedelta(days=number // COACHES)},13:00,UTC,1,4,60"
        for number in range(ROWS)
    ]
    return "\n".join([HEAD, *rows])


def memory_mb(raised: Town) -> float:
    """Of the web process and its children, what they share counted once."""
    total = 0
    for rollup in told_of(raised.processes.pid("web"), "smaps_rollup"):
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return total / 1024


def told_of(group: int, name: str) -> Iterator[str]:
    """What this file of proc(5) says of each process of a group."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            its_group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            told = (folder / name).read_text() if its_group == group else ""
        except (OSError, IndexError):  # it ended while it was looked at
            continue
        if told:
            yield told


def measure(work: Work) -> Iterator[Told]:
    with work.town("web") as raised:
        with raised.database.write() as tx:
            key = api_keys.create_key(tx, "bench", SCOPES, now=datetime.now(UTC))
        found = besiege(raised, key)
        raised.processes.check()
    quiet, besieged = Spread.of([found.quiet]), Spread.of([found.besieged])
    goals = (ratio_at_most(3),)
    yield Figure("siege another's bookings, p99", "ms", besieged, "quiet", quiet, goals)
    idle, after = Spread.of([found.idle]), Spread.of([found.after])
    goals = (at_most(round(found.idle + 64)),)
    yield Figure("siege memory of the web", "MB", after, "idle", idle, goals)
