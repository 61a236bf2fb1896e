"""A session moves to the calendar that the coach chooses, and leaves no second event behind."""

import pytest

from storage.transactions import target_calendars
from tests.support import people
from tests.support.people import at
from tests.support.written_sessions import HOUR, TEN, Diary
from tests.workers.delivery.write_back.kit import WRITES, a_late_write, home


def receive(ada: Diary, calendar: str | None) -> None:
    with ada.services.database.write() as tx:
        target_calendars.receive(tx, "ada", calendar, now=people.NOW)


def test_a_session_moves_to_the_calendar_that_the_coach_chooses_and_back(ada: Diary) -> None:
    ada.book()
    ada.write()
    for chosen, where in ((home(ada), home(ada)), (None, ada.calendar), (home(ada), home(ada))):
        receive(ada, chosen)
        assert set(ada.write()) == {"sent"}
        assert ada.events() == [(where, TEN, TEN + HOUR)]
    ada.book(at(3, 10))
    ada.write()
    assert ada.events() == [(home(ada), TEN, TEN + HOUR), (home(ada), at(3, 10), at(3, 11))]


def test_a_session_moves_to_another_account_and_counts_as_busy_in_neither(ada: Diary) -> None:
    # Given two accounts, both of which block
    done = ada.book()
    ada.write()
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    before = ada.house.listing().slots
    # When the other one is to receive sessions
    receive(ada, other.calendar)
    assert ada.write() == ["sent", "sent"]
    # Then the event is there alone, and reading both changes nothing
    assert ada.events() == [(other.calendar, TEN, TEN + HOUR)]
    for account in (ada.account, other):
        ada.look(account)
    assert ada.house.listing().slots == before
    assert ada.session(done.session).conflict_since is None
    # And it moves and vanishes there
    ada.rebook(done, TEN + 900)
    ada.write()
    assert ada.events() == [(other.calendar, TEN + 900, TEN + 900 + HOUR)]
    ada.cancel(done)
    ada.write()
    assert ada.events() == []


@pytest.mark.parametrize("then", ["the other", "back", "rebooked", "cancelled"])
def test_a_move_that_is_cut_short_leaves_no_second_event(ada: Diary, then: str) -> None:
    # Given a move to another account, written there and cut short before the old event was deleted
    done = ada.book()
    ada.write()
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    receive(ada, other.calendar)
    ada.house.control.fail(f"{WRITES}/{ada.calendar}", 500, times=None)
    assert sorted(ada.write()) == ["pending", "sent"]
    assert len(ada.events()) == 2
    ada.house.control.clear_faults()
    # When the row is tried again, whatever happened meanwhile
    start, where = TEN, other.calendar
    if then == "back":
        receive(ada, None)
        where = _main(ada)
    elif then == "rebooked":
        start = TEN + 900
        ada.rebook(done, start)
    elif then == "cancelled":
        ada.cancel(done)
    ada.wait()
    for _ in range(2):  # rows of one session go one after the other
        ada.write()
    # Then there is one, where it belongs
    assert ada.events() == ([] if then == "cancelled" else [(where, start, start + HOUR)])
    assert "pending" not in ada.states()


def _main(ada: Diary) -> str:
    with ada.services.database.read() as tx:
        place = target_calendars.receiving(tx, "ada")
    assert place is not None
    return place.calendar_id


@pytest.mark.parametrize("first", [True, False], ids=["its first write", "a later one"])
def test_a_write_that_a_choice_overtakes_does_not_stay(ada: Diary, *, first: bool) -> None:
    # Given a worker whose write into the main calendar is on its way for long, and that loses its
    # lease
    done = ada.book()
    if not first:
        ada.write()
        ada.rebook(done, TEN + 900)
    start = TEN if first else TEN + 900
    with a_late_write(ada):
        ada.set_rows(lease_until_ms=0)
        # When the coach chooses another calendar, and another worker has moved the session there
        receive(ada, home(ada))
        for _ in range(2):
            ada.write()
    # Then the late write is taken away by whoever made it
    assert ada.events() == [(home(ada), start, start + HOUR)]


def test_what_stands_in_an_account_without_a_login_is_taken_away_when_that_is_back(
    ada: Diary,
) -> None:
    ada.book()
    ada.write()
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    profile = ada.account.seat.profiles[0]
    ada.house.control.break_profile(profile)
    ada.look()
    # Given a choice that moves a session out of an account that nobody can reach
    receive(ada, other.calendar)
    assert ada.write() == ["sent", "sent"]
    assert len(ada.events()) == 2
    # When it is linked again, and read
    ada.house.control.relink_profile(profile)
    ada.look()
    ada.write()
    assert ada.events() == [(other.calendar, TEN, TEN + HOUR)]
