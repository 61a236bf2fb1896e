"""P10 over an hour: what memory each process takes under a load that never ends.

20,000 coaches on PostgreSQL, with one process each of web, worker and clock. Twenty of the coaches
have calendars, which change all the time; others are read, listed, booked and cancelled, which
sends mails and callbacks. Each second asks the same, so that what grows is no load.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.benchmarks.bench_growth import coach_id, seed
from tests.benchmarks.bench_siege import told_of
from tests.benchmarks.figures import Figure, Plot, Spread, Told, at_most, ratio_at_most
from tests.benchmarks.work import Work
from tests.journeys import storm
from tests.support import callback_server, mail_server
from tests.support.ports import free_port
from tests.support.processes import Town

COACHES, QUICK_COACHES = 20_000, 1_000
SECONDS, QUICK_SECONDS = 3_600, 36
SAMPLES = 120
"""At most one a second."""
READS, POOL = 20, 100
FLAT = 1.1
"""Of what it was after a sixth of the time, when each process has met all that it is asked."""
MOST_MB = {"web": (at_most(180),), "worker": (at_most(130),), "clock": ()}
DAY = timedelta(days=1)


def measure(work: Work) -> Iterator[Told]:
    with ExitStack() as stack:
        office = stack.enter_context(mail_server.opened())
        platform = stack.enter_context(callback_server.opened())
        environment = storm.PRODUCTION | {
            "COACHCAL_WEB_PROCESSES": "1",
            "COACHCAL_INTERNAL_PORT": str(free_port()),
            "COACHCAL_MAILER": "smtp",
            "COACHCAL_SMTP_URL": office.url,
            "COACHCAL_MAIL_FROM": "Coach OS <sessions@example.test>",
            "COACHCAL_CALLBACK_URL": platform.url,
            "COACHCAL_CALLBACK_SECRET": callback_server.SECRET,
        }
        raised = stack.enter_context(work.town(env=environment))
        coaches = work.amount(COACHES, QUICK_COACHES)
        work.tell(f"making {coaches:,} coaches")
        seed(raised, coaches)
        for name in MOST_MB:
            raised.start(name)
        work.tell("connecting calendars")
        load = stack.enter_context(closing(_Load(raised, coaches)))
        seconds = work.amount(SECONDS, QUICK_SECONDS)
        found = _sampled(work, raised, load, seconds)
        assert office.taken, "no mail was sent"
        assert platform.calls, "nothing was called back"
    yield from _figures(found, seconds)


def _sampled(work: Work, raised: Town, load: "_Load", seconds: int) -> dict[str, list[float]]:
    """MB of each process, at even distances."""
    found: dict[str, list[float]] = {name: [] for name in MOST_MB}
    every = max(1, seconds // SAMPLES)
    began = time.monotonic()
    for second in range(seconds):
        time.sleep(max(0.0, began + second - time.monotonic()))
        load.one_second(second)
        if (second + 1) % every == 0:
            raised.processes.check()
            for name, values in found.items():
                values.append(_largest_mb(raised.processes.pid(name)))
            told = ", ".join(f"{name} {values[-1]:.0f}" for name, values in found.items())
            work.tell(f"{second + 1} of {seconds} s: {told} MB")
    return found


def _largest_mb(group: int) -> float:
    """Resident memory of the largest process of a group: of a server, one that answers."""
    pages = [int(told.split()[1]) for told in told_of(group, "statm")]
    return max(pages) * os.sysconf("SC_PAGE_SIZE") / 1024**2


class _Load:
    """What everybody asks within one second."""

    def __init__(self, raised: Town, coaches: int) -> None:
        self._raised = raised
        self._coaches = coaches
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {raised.key}"
        self._today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._events = [
            raised.control.add_event(target.calendar, self._at(12), self._at(13))
            for target in storm.connect(raised)
        ]

    def close(self) -> None:
        self._session.close()

    def one_second(self, number: int) -> None:
        self._change_a_calendar(number)
        for turn in range(READS):
            self._read(READS * number + turn)
        self._book_and_cancel(number)
        self._ask("GET", f"/v1/coaches/nobody-{number}", 404)
        self._ask("POST", "/v1/bookings", 400, 422, json={"coach_id": number})
        if number % 5 == 0:
            self._look_at_many(number)
        if number % 15 == 0:
            self._scrape()
        if number % 60 == 0:
            self._ask("GET", "/v1/bookings", 200, headers={"Accept": "application/x-ndjson"})

    def _change_a_calendar(self, number: int) -> None:
        event = self._events[number % len(self._events)]
        start = self._at(10, days=1 + number % 20)
        self._raised.control.change_event(event, start=start, end=start + timedelta(hours=1))

    def _read(self, number: int) -> None:
        span = {"from": f"{self._today.date()}", "to": f"{(self._today + 14 * DAY).date()}"}
        path = f"/v1/coaches/{coach_id(number, self._coaches)}/slots"
        self._ask("GET", path, 200, params=span | {"duration": "60"})

    def _book_and_cancel(self, number: int) -> None:
        person = {"id": f"p{number}", "name": "P", "email": "p@example.test", "zone": "UTC"}
        start = self._at(14, days=10 + number % 14)
        body = {
            "coach_id": coach_id(number, self._coaches),
            "start": start.isoformat(),
            "duration": 60,
            "participant": person,
        }
        made = self._ask("POST", "/v1/bookings", 201, 409, json=body)
        if made.status_code == 201:
            self._ask("POST", f"/v1/bookings/{made.json()['id']}/cancel", 200, json={})

    def _look_at_many(self, number: int) -> None:
        ids = [coach_id(number + turn, self._coaches) for turn in range(POOL)]
        span = {"from": f"{self._today.date()}", "to": f"{(self._today + 14 * DAY).date()}"}
        self._ask("GET", "/v1/slots", 200, params={**span, "duration": "60", "coach_id": ids})
        for path in ("bookings", "sessions", "coaches"):
            self._ask("GET", f"/v1/{path}", 200, params={"limit": "100"})

    def _scrape(self) -> None:
        port = self._raised.environment["COACHCAL_INTERNAL_PORT"]
        requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).raise_for_status()

    def _ask(self, method: str, path: str, *fine: int, **how: Any) -> requests.Response:
        how["headers"] = {"Idempotency-Key": secrets.token_hex(8)} | how.get("headers", {})
        url = self._raised.api.origin + path
        answer = self._session.request(method, url, timeout=60, **how)
        assert answer.status_code in fine, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _at(self, hour: int, days: int = 1) -> datetime:
        return self._today + timedelta(days=days, hours=hour)


def _figures(found: dict[str, list[float]], seconds: int) -> Iterator[Told]:
    sixth = len(found["web"]) // 6
    for name, values in found.items():
        early, late = Spread.of(values[sixth : 2 * sixth]), Spread.of(values[-sixth:])
        goals = (*MOST_MB[name], ratio_at_most(FLAT))
        told = f"memory {name} after {seconds // 60} min"
        yield Figure(told, "MB a process", late, "its second sixth", early, goals)
    count = len(found["web"])
    minutes = [round(seconds * (number + 1) / count / 60, 2) for number in range(count)]
    title = "Memory of each process under load, MB, over minutes"
    lines = {name: [round(value, 1) for value in values] for name, values in found.items()}
    yield Plot("performance-memory", title, "minutes", tuple(minutes), lines)
