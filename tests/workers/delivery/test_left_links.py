"""A session goes to another place, and its event shows the link of the old one for a while: that is
nobody's link any more, whoever reads it.
"""

import pytest

from domain.places import Place
from storage.transactions import looks, session_places
from tests.support import links, written_sessions
from tests.support.in_process import House
from tests.support.late_writes import ON_SQLITE, owed, pass_time
from tests.support.links import link_of, post, said_to, state
from tests.support.written_sessions import Diary

GRACE = "grace@example.test"
OLD = Place("url", "https://old.example/room")
ZOOM = Place("platform", "https://zoom.example/j/1")
PHONE = Place("phone", "+44 20 7946 0018")


@pytest.fixture
def ada(house: House) -> Diary:
    house.control.conferencing("never", seconds=30)
    return written_sessions.opened(house)


def move_to(ada: Diary, session_id: str, place: Place) -> None:
    with ada.services.database.write() as tx:
        session_places.change(tx, session_id, place, ada.services.terms())


@ON_SQLITE
@pytest.mark.parametrize("old", [OLD, ZOOM])
@pytest.mark.parametrize("read_first", [True, False])
def test_the_link_of_the_old_place_is_not_that_of_the_new(
    ada: Diary, old: Place, read_first: bool
) -> None:
    done = ada.book(place=old)
    ada.write()
    post(ada)
    # When it is by video from now on, and somebody reads the event before and after the write
    move_to(ada, done.session.id, links.VIDEO)
    if read_first:
        ada.look()
    ada.write()
    ada.look()
    # Then the link is still waited for
    assert link_of(ada, done) is None
    assert state(ada, done.session.id) == "asked"
    assert [each.token for each in owed(ada)] == [looks.LINK]
    post(ada)
    assert len(said_to(ada, GRACE)) == 1
    # And told when it comes
    pass_time(ada, 30)
    ada.look()
    ada.write()
    post(ada)
    link = link_of(ada, done)
    assert link is not None
    assert link.startswith("https://meet.example/")
    assert said_to(ada, GRACE)[-1].link == link


@ON_SQLITE
def test_who_comes_back_to_a_place_may_have_its_link_again(ada: Diary) -> None:
    ada.house.control.conferencing(seconds=0)
    done = links.book(ada)
    ada.write()
    link = link_of(ada, done)
    assert link is not None
    for place in (PHONE, Place("conferencing", "integrated")):
        move_to(ada, done.session.id, place)
        ada.look()
        assert link_of(ada, done) is None
    move_to(ada, done.session.id, links.VIDEO)
    ada.look()
    assert link_of(ada, done) == link
