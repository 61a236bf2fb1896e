"""Coaches whose calendars change all at once, and how they are read."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from storage.rows import coaches
from storage.slots import slot_sets
from tests.support import http_load, people
from tests.support.processes import Town
from webhooks.demo import browser

COACHES = 20
GAP_SECONDS = 5
PRODUCTION = {
    "COACHCAL_MINIMUM_GAP_SECONDS": str(GAP_SECONDS),
    "COACHCAL_LEASE_SECONDS": "30",
    "COACHCAL_WEB_PROCESSES": "2",
    "COACHCAL_WORKER_PROCESSES": "1",
}


@dataclass
class Target:
    """A coach, the calendar of theirs, and the push that tells of it, as it goes over the line."""

    coach_id: str
    calendar: str
    push: bytes
    changes: list[str]
    """The starts of the meetings made during the storm."""


def connect(running: Town, count: int = COACHES) -> list[Target]:
    """So many coaches with an account each, read once."""
    ids = [f"coach-{number:02}" for number in range(count)]
    for coach_id in ids:
        with running.database.write() as tx:
            coach = coaches.put(tx, people.coach(id=coach_id))
            slot_sets.recompute(tx, coach, now=datetime.now(UTC))
    seats = {coach_id: running.control.create_account(coach_id) for coach_id in ids}
    for coach_id, seat in seats.items():
        link = str(running.api.post(f"/v1/coaches/{coach_id}/connect", {})["authorize_url"])
        browser.connect(link, running.control, profile=seat.profiles[0])
    for coach_id in ids:
        wait(running, coach_id, lambda found: found["state"] == "fresh", time.monotonic() + 60)
    channels = {each["sub"]: each for each in running.control.state()["channels"]}
    return [
        Target(coach_id, seat.calendars[0], pushed(running, channels[seat.sub]), [])
        for coach_id, seat in seats.items()
    ]


def pushed(running: Town, channel: dict[str, Any]) -> bytes:
    return http_load.change(channel["callback_url"], running.sandbox.client_secret, channel["id"])


def wait(
    running: Town, coach_id: str, wanted: Callable[[dict[str, Any]], bool], until: float
) -> None:
    while not wanted(found := running.slots(coach_id)):
        assert time.monotonic() < until, f"{coach_id}: {found['state']}, version {found['version']}"
        time.sleep(0.05)


def reads(running: Town) -> Counter[str]:
    """How often each coach's calendar was read, as the worker tells."""
    text = running.processes.log("worker").read_text()
    whole = text.rpartition("\n")[0].splitlines()  # the last one may still be written
    lines = (json.loads(line) for line in whole if '"refreshed"' in line)
    return Counter(line["coach"] for line in lines)


def until_told(running: Town, all_of_it: Callable[[Counter[str]], bool]) -> Counter[str]:
    """The same, once the worker has told of all that it read: the slots of a read can be seen
    before its line can.
    """
    end = time.monotonic() + 60
    while not all_of_it(told := reads(running)):
        assert time.monotonic() < end, f"told of {told}"
        time.sleep(0.05)
    return told
