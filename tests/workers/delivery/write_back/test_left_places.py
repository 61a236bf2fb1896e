"""A session that goes to another place leaves nothing of the old one in the coach's calendar."""

from typing import Any

import pytest

from domain.conferencing import FAILED_AFTER
from domain.places import Place
from storage.reports.personal_data import Person
from storage.transactions import conferencing, erasures, session_places
from tests.support import people
from tests.support.late_writes import ON_SQLITE
from tests.support.links import state
from tests.support.written_sessions import HOUR, TEN, Diary

ROOM = Place("url", "https://meet.example/ada")
ADDRESS = Place("address", "12 High Street, Leeds")
PHONE = Place("phone", "+44 20 7946 0018")
VIDEO = Place("conferencing")
WRITES = "POST /v1/calendars/<calendar_id>/events"


def move_to(ada: Diary, session_id: str, place: Place) -> None:
    with ada.services.database.write() as tx:
        session_places.change(tx, session_id, place, ada.services.terms())


def erase(ada: Diary) -> None:
    grace, now = Person("participant", people.GRACE.id), ada.services.now()
    with ada.services.database.write() as tx:
        erasures.ask(tx, grace, actor="test", now=now)
        erasures.advance(tx, grace, now=now)


def said(ada: Diary) -> dict[str, Any]:
    """What the one event that stands says of its place, in the sandbox's own notes."""
    events = ada.house.sandbox.world.calendar(ada.calendar).events.values()
    [event] = [each for each in events if each.event_id and not each.deleted]
    names = ("location", "url", "conferencing", "meeting_url")
    return {name: event.details[name] for name in names if name in event.details}


@ON_SQLITE
@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        (ADDRESS, VIDEO, {}),
        (PHONE, VIDEO, {}),
        (ROOM, PHONE, {"location": {"description": PHONE.value}}),
        (VIDEO, PHONE, {"location": {"description": PHONE.value}}),
    ],
)
def test_nothing_is_left_of_the_old_place(
    ada: Diary, old: Place, new: Place, left: dict[str, Any]
) -> None:
    ada.house.control.conferencing(seconds=0)
    done = ada.book(place=old)
    ada.write()
    # Since the new link is not there yet, only what is left of the old place can be
    ada.house.control.conferencing("failing", seconds=0)
    move_to(ada, done.session.id, new)
    assert ada.write() == ["sent", "sent"]
    assert said(ada) == left


@ON_SQLITE
@pytest.mark.parametrize("old", [ADDRESS, ROOM, VIDEO])
def test_nothing_is_left_of_it_once_its_person_is_erased(ada: Diary, old: Place) -> None:
    ada.house.control.conferencing(seconds=0)
    ada.book(place=old)
    ada.write()
    assert said(ada) != {}
    erase(ada)
    ada.write()
    assert said(ada) == {}


@ON_SQLITE
def test_no_link_is_waited_for_where_nobody_comes_any_more(ada: Diary) -> None:
    ada.house.control.conferencing("failing", seconds=0)
    done = ada.book(place=VIDEO)
    ada.write()
    assert state(ada, done.session.id) == "asked"
    erase(ada)
    assert state(ada, done.session.id) is None
    with ada.services.database.write() as tx:
        late = ada.services.now() + FAILED_AFTER
        assert list(conferencing.give_up(tx, now=late)) == []


@ON_SQLITE
def test_what_the_coach_typed_into_an_event_of_no_place_stays(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    events = ada.house.sandbox.world.calendar(ada.calendar).events.values()
    [event] = [each for each in events if each.event_id]
    event.details["location"] = {"description": "My office"}  # type: ignore[index]
    ada.rebook(done, TEN + HOUR)
    ada.write()
    assert said(ada) == {"location": {"description": "My office"}}


@ON_SQLITE
@pytest.mark.parametrize("field", ["location", "url", "conferencing"])
def test_where_nothing_can_be_emptied_the_event_is_written_all_the_same(
    ada: Diary, field: str
) -> None:
    done = ada.book(place=ROOM)
    ada.write()
    move_to(ada, done.session.id, PHONE)
    refusal = {"errors": {field: [{"key": "errors.odd"}]}}
    ada.house.control.fail(WRITES, 422, body=refusal)
    assert ada.write() == ["sent", "sent"]
    assert said(ada)["location"] == {"description": PHONE.value}
