"""Where a session is, in the coach's calendar: written with it, and again when it changes."""

from typing import Any

import pytest
import requests

from domain.places import Place
from storage.transactions import session_places, write_back
from tests.support import people
from tests.support.written_sessions import HOUR, TEN, Diary
from workers.cronofy.wire import ManagedEvent
from workers.delivery.calendar_writes import event_of
from workers.jobs import tokens

ROOM = Place("url", "https://meet.example/ada")
ADDRESS = Place("address", "12 High Street, Leeds")


def event(ada: Diary, session_id: str) -> ManagedEvent:
    with ada.services.database.read() as tx:
        entry = write_back.entry(tx, session_id)
    assert entry is not None
    return event_of(entry)


def stands(ada: Diary) -> list[dict[str, Any]]:
    """Our own events, as Cronofy lists them."""
    origin = ada.services.settings.cronofy_origin
    asked = {"tzid": "Etc/UTC", "only_managed": "true", "from": "2026-06-01", "to": "2026-06-05"}

    def ask(access: str) -> Any:
        bearer = {"Authorization": f"Bearer {access}"}
        answer = requests.get(f"{origin}/v1/events", params=asked, headers=bearer, timeout=10)
        return answer.json()["events"]

    found: list[dict[str, Any]] = tokens.authorised(ada.services, ada.account.connection_id, ask)
    return found


@pytest.mark.parametrize(
    ("place", "location", "url"),
    [
        (None, "", ""),
        (ROOM, "https://meet.example/ada", "https://meet.example/ada"),
        (ADDRESS, "12 High Street, Leeds", ""),
        (Place("phone", "+44 20 7946 0018"), "+44 20 7946 0018", ""),
        (Place("conferencing"), "", ""),
    ],
)
def test_an_event_says_where(ada: Diary, place: Place | None, location: str, url: str) -> None:
    shown = event(ada, ada.book(place=place).session.id)
    assert (shown.location, shown.url) == (location, url)


def test_another_place_is_written_into_the_same_event(ada: Diary) -> None:
    done = ada.book(place=ROOM)
    assert ada.write() == ["sent"]
    with ada.services.database.write() as tx:
        session_places.change(tx, done.session.id, ADDRESS, ada.services.terms())
    assert ada.write() == ["sent", "sent"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    [found] = stands(ada)
    assert found["location"] == {"description": ADDRESS.value}


def test_a_group_s_event_says_where_too(ada: Diary) -> None:
    pod = ada.plan_pod(TEN, people.GRACE).pod
    with ada.services.database.write() as tx:
        session_places.change(tx, pod.id, ROOM, ada.services.terms())
    assert event(ada, pod.id).url == ROOM.value
