"""Whoever is erased is nowhere any more: not in the database, with its mails at rest, not in Redis,
not in a log, nor in any other file of a process.

A coach and two participants, one of them imported, are put through all that tells of people:
bookings, holds, links, pages, an import, mails that arrive and mails that are refused, callbacks,
refusals. Then each is erased by a command that is killed half-way; worker and clock do the rest.
All processes log all they can.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from sqlalchemy import func, select

from storage.schema import tables
from tests.journeys.canary_traces import database, everything_in
from tests.support import processes
from tests.support.callback_server import SECRET, Platform, platform
from tests.support.databases import Kind
from tests.support.mail_server import PostOffice, post_office
from tests.support.processes import Town

__all__ = ["platform", "post_office"]

COACH, COACH_ADDRESS = "Quokka Coachcanary", "quokka.coach@secret-school.example"
PERSON, ADDRESS = "Wombat Guestcanary", "wombat.guest@secret-clinic.example"
IMPORTED, IMPORTED_ADDRESS = "Numbat Listcanary", "numbat.list@secret-club.example"
PAGE = "https://os.example/secret-page-of-wombat"
ID = "guest-7"
NAMES = (
    COACH,
    PERSON,
    IMPORTED,
    "quokka",
    "wombat",
    "numbat",
    "canary",
    "secret-school",
    "secret-clinic",
    "secret-club",
)
WORDS = (*(name.encode() for name in NAMES), sha256(IMPORTED_ADDRESS.encode()).digest())
GUEST = {"id": ID, "name": PERSON, "email": ADDRESS, "zone": "UTC", "my_page_url": PAGE}
HEAD = "programme,cohort,coach,date,time,zone,min,max,participants,duration"


def found_in(haystack: bytes) -> list[bytes]:
    lower = haystack.lower()
    return [word for word in WORDS if word in haystack or word.lower() in lower]


@dataclass
class Street:
    """The product at work, with a mail server and a platform."""

    town: Town
    office: PostOffice

    def write(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {self.town.key}",
            "Idempotency-Key": os.urandom(8).hex(),
        }
        headers |= options.pop("headers", {})
        return requests.request(
            method, self.town.api.origin + path, headers=headers, timeout=30, **options
        )

    def times(self) -> list[str]:
        """Open starts that lie apart from each other."""
        starts: list[str] = self.town.slots()["starts"]
        days = {start[:10]: start for start in starts}
        return list(days.values())[2:]

    def erase(self, point: str, *person: str) -> None:
        """The command, in a process that dies at this point."""
        module = (
            "-m",
            "tests.support.failpoints",
            point,
            "--",
            "webhooks",
            "erase",
            *person,
            "--yes",
        )
        environment = os.environ | self.town.environment
        died = subprocess.run(
            [sys.executable, *module], env=environment, capture_output=True, timeout=120
        )
        assert died.returncode == -9, died.stderr.decode()
        assert found_in(died.stdout + died.stderr) == []

    def until(self, fine: Callable[[Any], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while True:
            with self.town.database.read() as tx:
                if fine(tx):
                    return
            assert time.monotonic() < end, database(self.town)[-4000:]
            time.sleep(0.1)


@pytest.fixture
def street(
    tmp_path: Path,
    fresh_database: Callable[[Kind], str],
    redis_url: str,
    post_office: PostOffice,
    platform: Platform,
) -> Iterator[Street]:
    more = {
        "COACHCAL_LOG_LEVEL": "debug",
        "COACHCAL_MAILER": "smtp",
        "COACHCAL_SMTP_URL": post_office.url,
        "COACHCAL_MAIL_FROM": "Coaching <coaching@example.test>",
        "COACHCAL_CALLBACK_URL": platform.url,
        "COACHCAL_CALLBACK_SECRET": SECRET,
    }
    with processes.raised(tmp_path, fresh_database("postgresql"), redis_url, **more) as raised:
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield Street(raised, post_office)


@pytest.mark.timeout(300)  # three commands that import all they need, and two minutes to wait
def test_whoever_is_erased_is_in_no_row_no_mail_no_key_and_no_log(
    street: Street, redis_url: str
) -> None:
    # Given people of whom everything tells, and a search that finds them
    through_thick_and_thin(street)
    known = found_in(database(street.town))
    assert [word for word in WORDS if word not in known] == []
    # When each is erased by a command that is killed half-way, and once its erasure was written
    # down
    [imported] = imported_ids(street)
    street.erase("workers.jobs.erasure:advance:before", ID, "--participant")
    street.erase("workers.jobs.erasure:advance:before", imported, "--participant")
    street.until(nobody_is_owed)
    assert found_in(database(street.town)) == found_in(
        b"\n".join((COACH.encode(), COACH_ADDRESS.encode()))
    )
    street.erase("workers.jobs.erasure:_forget_all:before", "ada")
    street.until(nobody_is_owed)
    # Then nothing tells of them
    assert found_in(database(street.town)) == []
    assert found_in(everything_in(redis_url)) == []
    street.town.processes.stop()
    files = [path for path in street.town.processes.folder.rglob("*") if path.is_file()]
    assert {"web.log", "worker.log", "clock.log"} <= {path.name for path in files}
    telling = {path.name: found_in(path.read_bytes()) for path in files}
    assert {name: words for name, words in telling.items() if words} == {}


def through_thick_and_thin(street: Street) -> None:
    street.town.connect()
    with street.town.database.write() as tx:
        tx.execute(tables.coaches.update().values(name=COACH, email=COACH_ADDRESS))
    first, second, third, fourth, *_ = street.times()
    body = {"coach_id": "ada", "duration": 60, "participant": GUEST}
    # A mailbox that does not exist, as the server says, with the address in its reply
    street.office.refuse(f"550 5.1.1 <{ADDRESS}>: unknown", to=ADDRESS, times=1)
    booked = street.write("POST", "/v1/bookings", json=body | {"start": first})
    assert booked.status_code == 201, booked.text
    street.until(lambda tx: count(tx, tables.withheld_addresses) == 1)
    # And one that the server is away for, in a booking that moves and ends
    again = street.write("POST", "/v1/bookings", json=body | {"start": second}).json()["id"]
    assert street.write("POST", f"/v1/bookings/{again}/cancel", json={}).status_code == 200
    # What is refused, and what cannot be read
    assert (
        street.write(
            "POST", "/v1/bookings", json=body | {"start": second, "duration": 45}
        ).status_code
        == 422
    )
    assert street.write("POST", "/v1/bookings", json=body | {"start": first}).status_code == 409
    wrong = GUEST | {"email": f"{ADDRESS}>"}
    assert (
        street.write(
            "POST", "/v1/bookings", json=body | {"start": third, "participant": wrong}
        ).status_code
        == 422
    )
    # A time that is kept, and a page
    hold = {"coach_id": "ada", "start": third, "duration": 60, "owner": ID, "minutes": 60}
    assert street.write("POST", "/v1/holds", json=hold).status_code == 201
    page = {"purpose": "booking", "coach_id": "ada", "participant": GUEST}
    made = street.write("POST", "/v1/links", json=page).json()["url"]
    assert requests.Session().get(made, timeout=30).status_code == 200
    # And a list
    imported(street, fourth)
    street.until(lambda tx: not owed(tx), seconds=90)


def imported(street: Street, start: str) -> None:
    at = datetime.fromisoformat(start).astimezone(ZoneInfo("Europe/London"))
    person = f"{IMPORTED} <{IMPORTED_ADDRESS}>"
    line = f"Lead,c1,{COACH_ADDRESS},{at:%Y-%m-%d},{at:%H:%M},Europe/London,1,4,{person},60"
    answer = street.write(
        "POST",
        "/v1/pods/import?dry_run=false",
        data=f"{HEAD}\n{line}\n".encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code == 201, answer.text


def imported_ids(street: Street) -> list[str]:
    with street.town.database.read() as tx:
        return list(tx.scalars(select(tables.imported_people.c.participant_id)))


def count(tx: Any, table: Any) -> int:
    return int(tx.scalar(select(func.count()).select_from(table)))


def owed(tx: Any) -> list[Any]:
    """What is due and has not left yet."""
    row = tables.outbox.c
    due = row.state.in_(("pending", "sending")) & (row.due_at <= datetime.now(UTC))
    return list(tx.execute(select(row.id).where(due)))


def nobody_is_owed(tx: Any) -> bool:
    return count(tx, tables.erasures) == 0
