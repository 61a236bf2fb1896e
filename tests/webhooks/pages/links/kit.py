"""A deployment some time later, and a refusal in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk

TEN = people.at(2, 13)


@contextmanager
def later(desk: Desk, by: timedelta) -> Iterator[Desk]:
    """The same deployment after some time."""
    settings = desk.runtime.services.settings
    keys = ",".join(key.get_secret_value() for key in settings.secret_keys)
    now = people.NOW + by
    with desks.opened(
        settings.database_url, broker=StubBroker(), now=now, secret_keys=keys
    ) as opened:
        yield opened


def refused(answer: Any, status: int, words: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert words in answer.text
    assert "Set-Cookie" not in answer.headers
