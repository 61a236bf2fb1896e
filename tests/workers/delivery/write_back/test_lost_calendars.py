"""A session whose calendar is gone, read-only or without a login: left or waited for."""

from datetime import timedelta

from storage.reports import metrics
from tests.support import people
from tests.support.written_sessions import HOUR, TEN, Diary
from tests.workers.delivery.write_back.kit import WRITES, home


def owed_a_look(ada: Diary) -> bool:
    with ada.services.database.read() as tx:
        row = people.row_of(tx, ada.account.connection_id)
    return bool(row.userinfo_due) and ada.house.owed(ada.account.connection_id)


def test_a_calendar_that_has_become_read_only_is_left_for_another_at_once(ada: Diary) -> None:
    ada.house.control.change_calendar(ada.calendar, readonly=True)
    ada.book()
    assert ada.write() == ["sent"]
    assert ada.events() == [(home(ada), TEN, TEN + HOUR)]
    assert owed_a_look(ada)


def test_a_calendar_that_nobody_knows_any_more_is_left_for_another_at_once(ada: Diary) -> None:
    ada.house.control.fail(f"{WRITES}/{ada.calendar}", 404, times=None)
    ada.book()
    assert ada.write() == ["sent"]
    assert ada.events() == [(home(ada), TEN, TEN + HOUR)]


def test_a_calendar_that_shows_a_session_is_given_up_only_when_the_account_lists_it_no_more(
    ada: Diary,
) -> None:
    # Given a session that stands in a calendar, of which Cronofy says for a moment that it is not
    # there
    done = ada.book()
    ada.write()
    ada.rebook(done, TEN + 900)
    ada.house.control.fail(WRITES, 404, times=1)
    # Then the account is looked at again, and nothing is written elsewhere
    assert ada.write() == ["sent", "pending"]
    assert owed_a_look(ada)
    ada.look()
    ada.wait()
    assert ada.write() == ["sent", "sent"]
    assert ada.events() == [(ada.calendar, TEN + 900, TEN + 900 + HOUR)]


def test_an_event_left_in_another_calendar_is_taken_away_when_that_takes_changes_again(
    ada: Diary,
) -> None:
    # Given a session that was written elsewhere while its calendar was read-only
    done = ada.book()
    ada.write()
    ada.house.control.change_calendar(ada.calendar, readonly=True)
    ada.rebook(done, TEN + 900)
    ada.write()
    assert len(ada.events()) == 2
    # When that is over, and the session changes
    ada.house.control.change_calendar(ada.calendar, readonly=False)
    ada.rebook(done, TEN + 1800)
    ada.write()
    # Then it stands in one place only
    assert ada.events() == [(home(ada), TEN + 1800, TEN + 1800 + HOUR)]


def test_a_login_that_breaks_while_a_session_is_moved_is_waited_for(ada: Diary) -> None:
    # Given two accounts, and a session in the first of them, whose login breaks unnoticed
    done = ada.book()
    ada.write()
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    ada.house.control.break_profile(ada.account.seat.profiles[0], noticed=False)
    ada.rebook(done, TEN + 900)
    # Then the row waits for it, however often it is tried
    for _ in range(2):
        assert ada.write() == ["sent", "pending"]
        assert 290_000 < ada.wait() <= 300_000
        ada.look()
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]


def test_a_new_session_goes_where_there_is_a_login(ada: Diary) -> None:
    other = ada.house.connect()
    ada.house.refresh(other.connection_id)
    ada.house.control.revoke_tokens(ada.account.seat.sub)
    ada.look()
    ada.book(force="the calendar is not trusted")
    assert ada.write() == ["sent"]
    assert ada.events() == [(other.calendar, TEN, TEN + HOUR)]


def test_a_revoked_account_that_shows_a_session_is_not_asked_again_and_again(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    ada.house.control.revoke_tokens(ada.account.seat.sub)
    ada.cancel(done)
    assert ada.write() == ["sent", "pending"]
    ada.look()
    ada.house.control.clear_calls()
    ada.wait()
    ada.write()
    assert ada.house.control.counts() == {}
    # And when the session's time is over, nobody can want it any more: somebody is told
    ada.wait()
    assert ada.write(now=ada.over(done.session)) == ["sent", "dead"]


def test_a_session_waits_for_a_coach_who_has_to_link_again_and_is_nobody_s_delay(
    ada: Diary,
) -> None:
    # Given a coach whose only login is gone
    ada.house.control.revoke_tokens(ada.account.seat.sub)
    ada.look()
    ada.book(force="the calendar is not trusted")
    # Then the session is asked about every five minutes, and does not count as late
    for _ in range(2):
        assert ada.write() == ["pending"]
        assert 290_000 < ada.wait() <= 300_000
    later = ada.services.now() + timedelta(hours=2)
    with ada.services.database.read() as tx:
        assert "calendar" not in metrics.oldest_due(tx, now=later)
        assert metrics.waiting_mails(tx)["mailer"] == 0
    # And is written when she has linked it
    ada.house.connect_again(ada.account)
    ada.look()
    assert ada.write() == ["sent"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
