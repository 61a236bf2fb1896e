"""A disconnect erases: no token, period, title or address of the coach's calendars is left in
database, Redis or logs.

Canaries go into everything that Cronofy can tell: names of account, profile and calendars, titles,
places, notes and attendees of events, its own error texts, and times that nothing else has. All
processes log all they can.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests
from sqlalchemy import select

from storage.rows import api_keys, coaches
from storage.schema import tables
from storage.slots import slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.journeys.canary_traces import database, everything_in
from tests.support import people, processes
from tests.support.processes import GAP_SECONDS, Town
from webhooks.demo import browser
from workers.cronofy.sandbox.control import ReadyAccount

PERSON = "Quokka Canaryson"
ADDRESS = "quokka.canary@secret-school.example"
CALENDAR = "Divorce canary calendar"
TITLE = "Oncology canary appointment"
PLACE = "Ward canary 7"
ATTENDEE = "attendee.canary@secret-clinic.example"
REFUSAL = "canary refusal text"
TEXTS = (
    PERSON,
    ADDRESS,
    CALENDAR,
    TITLE,
    PLACE,
    ATTENDEE,
    REFUSAL,
    "secret-school",
    "secret-clinic",
    "canary",
)


@dataclass
class Canaries:
    """What must not be found, as bytes: texts, tokens, and each way to write a time."""

    seat: ReadyAccount
    channel_token: str
    times: list[datetime]
    sealed: list[bytes]

    def words(self) -> dict[str, bytes]:
        words = {text: text.encode() for text in TEXTS}
        for name in ("access_token", "refresh_token", "sub"):
            words[name] = getattr(self.seat, name).encode()
        words["channel token"] = self.channel_token.encode()
        words |= {f"sealed {number}": value for number, value in enumerate(self.sealed)}
        words |= {
            f"id {found}": found.encode() for found in (*self.seat.profiles, *self.seat.calendars)
        }
        for moment in self.times:
            seconds = int(moment.timestamp())
            words[f"{moment} ISO"] = moment.strftime("%Y-%m-%dT%H:%M:%S").encode()
            words[f"{moment} epoch"] = str(seconds).encode()
            words[f"{moment} packed"] = np.int64(seconds).tobytes()
        return words

    def found_in(self, haystack: bytes) -> list[str]:
        lower = haystack.lower()
        return [
            name for name, word in self.words().items() if word in haystack or word.lower() in lower
        ]


@pytest.fixture
def running(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Town]:
    with processes.raised(tmp_path, database_url, redis_url) as raised:
        raised.environment |= {"COACHCAL_LOG_LEVEL": "debug", "COACHCAL_LEASE_SECONDS": "5"}
        for name in ("web", "worker", "clock"):
            raised.start(name)
        yield raised


def test_a_disconnect_erases_all_that_came_from_the_calendars(
    running: Town, redis_url: str
) -> None:
    # Given a coach whose calendars are full of canaries, read more than once, refused, lost,
    # relinked and pushed about
    canaries = connected(running)
    through_thick_and_thin(running, canaries)
    # And all of it can be found while it is connected: the search works
    before = canaries.found_in(database(running))
    for known in (
        CALENDAR,
        *(
            name
            for name in canaries.words()
            if name.endswith("packed") or name.startswith("sealed")
        ),
    ):
        assert known in before, known
    # When the account is disconnected
    [connection] = [each["id"] for each in running.api.get("/v1/coaches/ada")["connections"]]
    disconnect(running, connection)
    # Then nothing is left in the database, in Redis, or in the logs
    assert canaries.found_in(database(running)) == []
    assert canaries.found_in(everything_in(redis_url)) == []
    running.processes.stop()
    assert {
        log.name: canaries.found_in(log.read_bytes())
        for log in running.processes.folder.glob("*.log")
    } == {
        "web.log": [],
        "worker.log": [],
        "clock.log": [],
    }


def connected(running: Town) -> Canaries:
    with running.database.write() as tx:
        ada = coaches.put(tx, people.MAILED)
        slot_sets.recompute(tx, ada, now=datetime.now(UTC))
    seat = running.control.create_account(
        PERSON, email=ADDRESS, calendars=(CALENDAR, CALENDAR + " 2")
    )
    times = events(running, seat)
    link = str(running.api.post("/v1/coaches/ada/connect", {})["authorize_url"])
    browser.connect(link, running.control, profile=seat.profiles[0])
    running.wait(lambda found: found["state"] == "fresh")
    token = running.control.wait_for_deliveries(1)[0]["callback_url"].rpartition("/")[2]
    with running.database.read() as tx:
        sealed = [row.tokens for row in tx.execute(tables.connections.select())]
        sealed += [row.token for row in tx.execute(tables.channels.select())]
    return Canaries(seat, token, times, sealed)


def events(running: Town, seat: ReadyAccount) -> list[datetime]:
    """Three, at times that nothing else has. Answers their starts and ends."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    more = {
        "location": PLACE,
        "description": f"{TITLE} with {ATTENDEE}",
        "attendees": [{"email": ATTENDEE}],
    }
    times = []
    for number in range(3):
        start = day + timedelta(days=3 + number, hours=11, minutes=7, seconds=13 + number)
        end = start + timedelta(minutes=41, seconds=5)
        running.control.add_event(
            seat.calendars[number % 2], start, end, summary=TITLE, fields=more
        )
        times += [start, end]
    return times


def through_thick_and_thin(running: Town, canaries: Canaries) -> None:
    """What happens to calendars: changes, refusals with talkative texts, lost and mended logins, a
    calendar chosen.
    """
    control, seat = running.control, canaries.seat
    body = {
        "errors": {"summary": [{"key": REFUSAL, "description": f"{REFUSAL} {TITLE} {ATTENDEE}"}]},
        "error": REFUSAL,
    }
    for status in (500, 422, 400):
        settle(running)
        control.fail("/v1/free_busy", status, times=1, body=body)
        control.add_event(seat.calendars[0], canaries.times[0], canaries.times[1], summary=TITLE)
        settle(running)
    a_session_in_the_calendar(running)
    settle(running)
    control.break_profile(seat.profiles[0])
    running.wait(lambda found: found["state"] == "disconnected")
    control.relink_profile(seat.profiles[0])
    control.change_calendar(seat.calendars[1], name=CALENDAR + " 3")
    control.notify(seat.sub, "profile_disconnected")  # any push has userinfo asked for again
    running.wait(lambda found: found["state"] == "fresh", seconds=60)
    settle(running)


def a_session_in_the_calendar(running: Town) -> None:
    start = int(running.a_free_time().timestamp())
    with running.database.write() as tx:
        bookings.book(
            tx,
            Wanted("ada", start, 60),
            people.GRACE,
            people.PROGRAMME,
            people.terms(datetime.now(UTC)),
        )
    written = select(tables.outbox.c.id).where(
        tables.outbox.c.kind == "calendar", tables.outbox.c.state == "sent"
    )
    end = time.monotonic() + 60
    while True:
        with running.database.read() as tx:
            if tx.scalar(written) is not None:
                return
        assert time.monotonic() < end
        time.sleep(0.1)


def settle(running: Town) -> None:
    """Until nothing is owed, whatever failed meanwhile: the wait after a failure is not
    waited for.
    """
    running.control.wait_until_quiet()
    end = time.monotonic() + 60
    while True:
        with running.database.write() as tx:
            row = tables.connections.c
            owed = tx.execute(tables.connections.select().where(row.done_gen < row.req_gen)).all()
            if not owed:
                break
            tx.execute(
                tables.connections.update()
                .where(row.attempts > 0, row.lease_until_ms == 0)
                .values(next_attempt_at_ms=0, wake_after_ms=0)
            )
        assert time.monotonic() < end, owed
        time.sleep(0.1)
    time.sleep(GAP_SECONDS)


def disconnect(running: Town, connection: str) -> None:
    with running.database.write() as tx:
        key = api_keys.create_key(tx, "leaver", ("coaches:write",), now=datetime.now(UTC))
    url = f"{running.api.origin}/v1/coaches/ada/connections/{connection}"
    assert (
        requests.delete(url, headers={"Authorization": f"Bearer {key}"}, timeout=60).status_code
        == 202
    )
    running.wait(lambda found: found["state"] == "unconnected")
