"""Every request of the API that the manual shows with curl is sent, in the order of its pages, and
answered well.
"""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.docs import pages
from tests.docs.pages import EVERY_PAGE
from tests.domain.pictures import PIXEL
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk

API = "/v1/"
PARTED = "curl "
OF_OURS = {"Authorization"}
FEWEST = 7
FILES = {"@logo.png": PIXEL}
"""What lies in the folder of whoever types it."""


@dataclass(frozen=True)
class Shown:
    """A request as a page shows it."""

    page: str
    method: str
    path: str
    headers: dict[str, str]
    sent: dict[str, Any]
    """Its body, as the test client takes it."""


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str]) -> Iterator[Desk]:
    with desks.opened(fresh_database("sqlite"), broker=StubBroker()) as desk:
        people.introduce(desk.database, people.MAILED)
        desks.connect(desk)
        yield desk


def requests() -> Iterator[Shown]:
    for page in EVERY_PAGE:
        for block in pages.blocks(page):
            for typed in block.text.replace("\\\n", " ").split(PARTED)[1:]:
                words = shlex.split(f"{PARTED}{typed}", comments=True)
                url = next((word for word in words if API in word), None)
                if url is not None:
                    yield read(page.name, words, url)


def read(page: str, words: list[str], url: str) -> Shown:
    parts = urlsplit(url.replace("$COACHCAL_PUBLIC_URL", ""))
    path = parts.path
    if parts.query:
        path = f"{path}?{parts.query}"
    headers = {}
    for header in after("-H", words):
        name, _, value = header.partition(": ")
        if name not in OF_OURS:
            headers[name] = value
    sent: dict[str, Any] = {}
    for data in after("-d", words):
        sent["json"] = json.loads(data)
    for file in after("--data-binary", words):
        sent["data"] = FILES[file]
    return Shown(page, next(after("-X", words), "GET"), path, headers, sent)


def after(option: str, words: list[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        if word == option:
            yield words[place + 1]


def test_each_request_is_answered_well(desk: Desk) -> None:
    found = list(requests())
    assert len(found) >= FEWEST
    for one in found:
        answer = desk.ask(one.method, one.path, headers=one.headers, **one.sent)
        assert answer.status_code in (200, 201), f"{one.page}: {answer.text}"
