"""What happened, read on with the typed client from where a platform stopped, over HTTP."""

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from coachcal_client import Client, Feed
from dramatiq.brokers.stub import StubBroker

from tests.docs.client import ROOT
from tests.support import endpoints
from tests.support import http_client as desks
from tests.support.callback_server import platform
from tests.support.listening import listening
from tests.support.mail_server import post_office
from tests.support.people import at
from tests.support.webhook_delivery import BETH, Switchboard, switchboard

__all__ = ["platform", "post_office", "switchboard"]

CALLED = "/called"


@pytest.fixture
def client(switchboard: Switchboard, database_url: str) -> Iterator[Client]:
    """Of the platform that is told of things, at a web process over the same database."""
    with (
        desks.opened(
            database_url, broker=StubBroker(), now=lambda: switchboard.now, limit_reads=0
        ) as desk,
        listening(desk.client.application) as origin,
    ):
        yield Client(origin, desk.key(), timeout=60)


class Ended(Exception):
    """A program's end, at any event."""


def test_who_was_away_for_two_days_catches_up_to_the_very_same_state(
    switchboard: Switchboard, client: Client
) -> None:
    """One platform takes every callback; one takes none for two days, and then reads the feed,
    though its program ends again and again.
    """
    endpoints.make(switchboard, CALLED)
    switchboard.announce()
    away = Reader(client.events_show(after="end")["next"])
    # Given bookings that are made, moved and cancelled, and a calendar that changes
    first = switchboard.book()
    endpoints.feed_on(switchboard)
    for hours in range(2, 6):
        switchboard.now += timedelta(hours=1)
        switchboard.rebook(first.booking, at(9, 10 + hours))
        if hours == 3:
            second = switchboard.book(at(10, 10), BETH)
        if hours == 4:
            switchboard.cancel(second.booking)
        switchboard.read((at(11, 9), at(11, 9 + hours)))
        endpoints.feed_on(switchboard)
    told: dict[str, Any] = {}
    for topic, data in endpoints.heard(switchboard, CALLED):
        take(told, topic, data)
    # When it is back two days later
    switchboard.now += timedelta(days=2)
    while not away.caught_up(client, events=3):
        pass
    # Then it knows the same, each event once, and what the API says of the bookings
    assert away.state == told
    assert len(away.done) == len(set(away.done))
    assert told[first.booking.id]["version"] == 5
    for each in client.lists_bookings_all():
        known = away.state[each["id"]]
        assert (known["version"], known["start"]) == (each["version"], each["start"])
        assert (known["type"] == "booking.cancelled") == (each["status"] == "cancelled")


class Reader:
    def __init__(self, kept: str) -> None:
        self.kept = kept
        self.state: dict[str, Any] = {}
        self.done: list[str] = []

    def caught_up(self, client: Client, *, events: int) -> bool:
        """Whether nothing more was there before its program ended, after so many events."""
        try:
            self._read(client, events)
        except Ended:
            return False
        return True

    def _read(self, client: Client, events: int) -> None:
        for number, event in enumerate(client.events_show_all(after=self.kept, limit=2)):
            if number == events:
                raise Ended
            take(self.state, event["type"], event["data"])
            self.done.append(event["id"])
            self.kept = event["next"]


def take(state: dict[str, Any], topic: str, data: Any) -> None:
    """What a platform makes of an event: the latest of each thing."""
    about = data.get("booking_id") or data.get("session_id") or f"slots of {data['coach_id']}"
    state[about] = data | {"type": topic}


class Store:
    """The little database of the example in the manual."""

    def __init__(self) -> None:
        self.kept: str | None = None
        self.done: list[str] = []

    def load(self) -> str | None:
        return self.kept

    def transaction(self) -> Any:
        return nullcontext()

    def apply(self, topic: str, _data: Any) -> None:
        self.done.append(topic)

    def save(self, cursor: str) -> None:
        self.kept = cursor


def test_the_manual_s_example_catches_up(switchboard: Switchboard, client: Client) -> None:
    page = (ROOT / "docs" / "how-to" / "use-the-client.md").read_text()
    [example] = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    switchboard.announce()
    store = Store()
    store.save(client.events_show(after="end")["next"])
    for number in range(2):
        switchboard.book(at(9 + number, 10))
        switchboard.announce()
        exec(example, {"state": store, "coachcal": client})
        assert store.done.count("booking.booked") == number + 1


def pages(*found: tuple[str, bool]) -> Callable[[str | None], Any]:
    """Of the items "a", "b", ...: each page by its items and whether there is more."""
    left = iter(found)

    def fetch(after: str | None) -> Any:
        items, more = next(left)
        return [{"next": item} for item in items], f"behind {after} and {items}", more

    return fetch


def test_a_feed_goes_on_behind_what_was_done_and_no_further() -> None:
    # Given a page of two events, then one that no filter let through, then an event
    feed: Feed[Any] = Feed(pages(("ab", True), ("", False), ("c", False)), "start")
    items = iter(feed)
    # When the program is at an event, that one is not done yet
    assert next(items) == {"next": "a"}
    assert feed.after == "start"
    assert next(items) == {"next": "b"}
    assert feed.after == "a"
    # When nothing more is there, then it lies behind what was passed over
    assert list(items) == []
    assert feed.after == "behind behind start and ab and "
    # And it goes on from there
    assert list(feed) == [{"next": "c"}]


def test_copies_of_slots_are_told_of_each_coach_once(
    switchboard: Switchboard, client: Client
) -> None:
    switchboard.book()
    switchboard.announce()
    feed = client.events_show_slots_all(limit=1)
    assert [change["coach_id"] for change in feed] == ["ada"]
    assert list(feed) == []
    switchboard.book(at(10, 10), BETH)
    switchboard.announce()
    assert [change["coach_id"] for change in feed] == ["ada"]
