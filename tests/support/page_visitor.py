"""Somebody with a link to a page, in this process: they follow it, and fill in what the page gave
them.
"""

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from tests.support.http_client import Answer, Desk

GRACE = {
    "id": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.test",
    "zone": "Europe/London",
    "language": "en",
}
HEDY = {
    "id": "hedy",
    "name": "Hedy Lamarr",
    "email": "hedy@example.test",
    "zone": "Europe/Vienna",
    "language": "de",
}
HIDDEN = re.compile(r'<input type="hidden" name="([\w]+)" value="([^"]*)">')
FORM = re.compile(r'(<form\b[^>]*method="post"[^>]*>)(.*?)</form>', re.DOTALL)
START = re.compile(r'<button name="start" value="(\d+)"')
SINCE = re.compile(r'name="since" value="(\d+)"')
CELL = re.compile(r"<button name=q value=(\d+)")


def link(desk: Desk, **changes: Any) -> Answer:
    """A link to a page in British English, unless `language` says otherwise. What is None is left
    out.
    """
    usual = {"purpose": "booking", "coach_id": "ada", "participant": GRACE, "language": "en-GB"}
    body: dict[str, Any] = usual | changes
    return desk.ask(
        "POST", "/v1/links", json={name: value for name, value in body.items() if value is not None}
    )


def path_of(made: Answer) -> str:
    """What a browser asks for when the link is followed."""
    assert made.status_code == 201, made.text
    return urlsplit(str(made.json["url"])).path


@dataclass
class Visitor:
    """A browser of one person's."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, buffered=True, **options)

    def post(self, path: str, fields: dict[str, str], **options: Any) -> Any:
        return self.client.post(path, data=fields, buffered=True, **options)

    def confirm(self, start: int, duration: int = 60, **more: str) -> dict[str, str]:
        """What the confirmation of a time would send."""
        page = self.get("/book/confirm", query_string={"start": start, "duration": duration} | more)
        assert page.status_code == 200, page.text
        return fields(page)

    def choose(self, start: int, duration: int = 60, **more: str) -> Any:
        """The page that they are led to when they press a time."""
        form = choosing(self.get("/book", query_string={"duration": duration} | more))
        pressed = {"start": str(start), "duration": str(duration)} | more
        answer = self.post("/book/choose", form | pressed)
        assert answer.status_code == 303, answer.text
        return self.get(answer.location)

    def book(self, start: int, duration: int = 60) -> str:
        """The id of the booking."""
        answer = self.post("/book", self.confirm(start, duration))
        assert answer.status_code == 303, answer.text
        return booking_in(answer)


def follow(client: FlaskClient, path: str, **options: Any) -> Any:
    """What a browser that keeps cookies gets for a link: it may be asked to come back with one
    first.
    """
    answer = client.get(path, buffered=True, **options)
    if answer.status_code == 303 and answer.location.startswith(path):
        answer = client.get(answer.location, buffered=True, **options)
    return answer


def enter(desk: Desk, **changes: Any) -> Visitor:
    """Somebody new, who followed a link of their own."""
    visitor = Visitor(desk.client.application.test_client())
    assert follow(visitor.client, path_of(link(desk, **changes))).status_code == 303
    return visitor


def fields(page: Any) -> dict[str, str]:
    """The hidden fields of the page's first form that does something for good."""
    return next(_hidden(form) for form in FORM.findall(page.text) if "/book/choose" not in form[0])


def choosing(page: Any) -> dict[str, str]:
    """The hidden fields of the form whose buttons are times."""
    return next(_hidden(form) for form in FORM.findall(page.text) if "/book/choose" in form[0])


def _hidden(form: tuple[str, str]) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in HIDDEN.findall(form[1])}


def booking_in(answer: Any) -> str:
    found = re.search(r"/book/bookings/(bkg_\w+)", answer.location)
    assert found is not None
    return found[1]


def open_starts(page: Any) -> list[int]:
    """The open times of the grid, as epoch seconds."""
    return starts_in(page.text)


def starts_in(text: str) -> list[int]:
    """Of a grid, or of a list of times."""
    if "<table" not in text:
        return [int(start) for start in START.findall(text)]
    return [since_of(text) + 900 * int(quarter) for quarter in CELL.findall(text)]


def since_of(text: str) -> int:
    """Where the week of the grid begins."""
    found = SINCE.search(text)
    assert found is not None
    return int(found[1])
