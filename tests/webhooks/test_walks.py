"""docs/explanation/walks.md is true: each walk is gone here with a tracer, and enters no file that
the page does not name for it.
"""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.support import http_client as desks
from tests.support import people, settings_page
from tests.support.http_client import CHANGE, WEEK, Desk
from tests.support.in_process import House
from tests.support.mail_delivery import Mailroom, mailroom
from tests.support.mail_server import post_office

__all__ = ["mailroom", "post_office"]

ROOT = Path(__file__).parents[2]
ROOMS = ("webhooks/", "workers/", "storage/", "domain/")
FILE = re.compile(r"`((?:webhooks|workers|storage|domain)/[\w/]+\.py)`")
# How many files a newcomer opens: a walk that grows past it has to be made shorter, not the list.
LIMITS = {
    "A push": 10,
    "A refresh": 18,
    "A read of slots": 10,
    "A booking": 18,
    "A mail": 14,
    "A save of settings": 12,
}


def chapters() -> dict[str, str]:
    """The text below each heading of the page."""
    page = (ROOT / "docs" / "explanation" / "walks.md").read_text()
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


CHAPTERS = chapters()
WEDNESDAY = (datetime(2026, 6, 3, 9, tzinfo=UTC), datetime(2026, 6, 3, 10, tzinfo=UTC))
GROUND = set(FILE.findall(CHAPTERS["The ground"]))


@contextmanager
def walking(name: str) -> Iterator[None]:
    """Fails if the block enters a file of the product that the walk's chapter does not name."""
    entered: dict[str, str] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        path, function = frame.f_code.co_filename, frame.f_code.co_name
        if event == "call" and path.startswith(f"{ROOT}/") and function != "<module>":
            entered.setdefault(path.removeprefix(f"{ROOT}/"), function)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    named = set(FILE.findall(CHAPTERS[name])) | GROUND
    mine = {file: function for file, function in entered.items() if file.startswith(ROOMS)}
    assert mine, "the walk entered nothing, so it shows nothing"
    assert {file: mine[file] for file in mine if file not in named} == {}


@pytest.fixture
def open_desk(one_desk: Desk) -> Desk:
    """A desk at which Ada's calendar was read, and everything was asked once."""
    people.introduce(one_desk.database)
    desks.connect(one_desk, (people.at(2, 9), people.at(2, 10)))
    assert one_desk.get(WEEK).status_code == 200
    return one_desk


def test_each_walk_is_as_long_as_it_says_and_no_longer_than_it_may_be() -> None:
    assert set(CHAPTERS) == {*LIMITS, "The ground"}
    for name, limit in LIMITS.items():
        steps = re.findall(r"^\d+\. `([\w/]+\.py)`", CHAPTERS[name], flags=re.MULTILINE)
        assert f" {len(steps)} files" in CHAPTERS[name], name
        assert len(steps) == len(set(steps)) <= limit, name


def test_every_file_that_the_page_names_is_there() -> None:
    named = {file for chapter in CHAPTERS.values() for file in FILE.findall(chapter)}
    assert {file for file in named if not (ROOT / file).is_file()} == set()


def test_a_push(open_desk: Desk) -> None:
    with walking("A push"):
        first, again = open_desk.push(), open_desk.push(CHANGE)
    assert (first.status_code, again.status_code) == (204, 204)


def test_a_refresh(house: House) -> None:
    house.introduce()
    connected = house.connect()
    house.refresh(connected.connection_id)
    before = house.listing().version
    house.control.add_event(connected.calendar, *WEDNESDAY, summary="A meeting")
    house.mark_dirty(connected.connection_id)
    with walking("A refresh"):
        house.refresh(connected.connection_id)
    assert house.listing().version > before


def test_a_read_of_slots(open_desk: Desk) -> None:
    with walking("A read of slots"):
        answer = open_desk.get(WEEK)
    assert answer.status_code == 200


def test_a_booking(open_desk: Desk) -> None:
    grace = {"id": "grace", "name": "Grace", "email": "grace@example.test"}
    body = {
        "coach_id": "ada",
        "start": "2026-06-03T10:00:00Z",
        "duration": 60,
        "participant": grace | {"zone": "Europe/London", "language": "en"},
        "context": {},
    }
    with walking("A booking"):
        answer = open_desk.ask(
            "POST", "/v1/bookings", json=body, headers={"Idempotency-Key": "once-and-not-again"}
        )
    assert answer.status_code == 201


def test_a_mail(mailroom: Mailroom) -> None:
    mailroom.book()
    with walking("A mail"):
        mailroom.work()
    assert mailroom.rows(state="sent")


def test_a_save_of_settings(open_desk: Desk) -> None:
    csrf = settings_page.enter(open_desk)
    with walking("A save of settings"):
        answer = settings_page.send(open_desk, csrf, pre="30")
    assert (answer.status_code, answer.location) == (303, "/settings?said=saved")
