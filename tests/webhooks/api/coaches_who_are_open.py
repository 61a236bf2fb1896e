"""Two coaches of whom something can be asked: one with a calendar, and one who shows nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from dramatiq.brokers.stub import StubBroker

from domain.coaches import Policy
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk


@contextmanager
def opened(url: str) -> Iterator[Desk]:
    """A desk where they are, that limits nobody; `url` is an empty, migrated database."""
    with desks.opened(
        url, broker=StubBroker(), limit_holds=0, limit_reads=0, limit_writes=0
    ) as desk:
        people.introduce(desk.database, people.coach(policy=Policy("hours_only", 1)))
        people.introduce(desk.database, people.coach(id="bob", policy=Policy("hide", 1)))
        desks.connect(desk, (people.at(2, 9), people.at(2, 10)))
        yield desk
