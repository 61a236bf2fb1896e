"""Writing a session into a calendar: read back, never twice, never older than the session is, and
patient.
"""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.sessions import Participant
from storage.schema import tables
from storage.transactions import target_calendars, write_back
from tests.support import people, written_sessions
from tests.support.in_process import House
from tests.support.people import at
from tests.support.written_sessions import HOUR, TEN, Diary
from workers.cronofy.wire import ManagedEvent
from workers.delivery.calendar_writes import event_of

WRITES = "/v1/calendars"
UPSERTS = "POST /v1/calendars/<calendar_id>/events"
DELETIONS = "DELETE /v1/calendars/<calendar_id>/events"


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


def home(ada: Diary) -> str:
    return ada.account.seat.calendars[1]


def event(ada: Diary, session_id: str) -> ManagedEvent:
    with ada.services.database.read() as tx:
        entry = write_back.entry(tx, session_id)
    assert entry is not None
    return event_of(entry)


def owed_a_look(ada: Diary) -> bool:
    with ada.services.database.read() as tx:
        row = people.row_of(tx, ada.account.connection_id)
    return bool(row.userinfo_due) and ada.house.owed(ada.account.connection_id)


def test_an_event_names_who_it_is_with_and_what_for_and_no_address(ada: Diary) -> None:
    shown = event(ada, ada.book().session.id)
    assert shown == ManagedEvent(
        shown.id, "New Leaders: Grace Hopper", "New Leaders", TEN, TEN + HOUR, zone="Europe/London"
    )
    assert shown.id.startswith("coachcal-ses_")
    # A platform that knows no name may send the address for one
    nameless = replace(people.HEDY, name="hedy@example.test")
    assert event(ada, ada.book(at(2, 13), nameless).session.id).summary == "New Leaders"


def test_an_event_of_a_pod_tells_its_title_and_nobody_s_name(ada: Diary) -> None:
    pod = ada.plan_pod(TEN, people.GRACE, people.HEDY).pod
    assert (event(ada, pod.id).summary, event(ada, pod.id).description) == ("Circle", "New Leaders")


def test_a_name_cannot_add_a_line(ada: Diary) -> None:
    who = Participant("eve", "Eve\r\nBEGIN:VEVENT\x0b", "eve@example.test", "UTC")
    assert event(ada, ada.book(TEN, who).session.id).summary == "New Leaders: Eve BEGIN:VEVENT"


def test_what_cronofy_accepted_is_not_believed_until_it_is_seen(ada: Diary) -> None:
    ada.book()
    ada.house.control.fault("swallow", WRITES)
    assert ada.write() == ["pending"]
    assert ada.wait() <= 1_000
    assert ada.write() == ["sent"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]


def test_a_move_is_not_believed_while_the_old_time_is_seen(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    ada.rebook(done, TEN + 900)
    ada.house.control.fault("swallow", WRITES)
    assert ada.write() == ["sent", "pending"]


@pytest.mark.parametrize(
    ("written", "moved"), [(TEN, at(19, 10)), (at(19, 10), TEN)], ids=["later", "earlier"]
)
def test_a_deletion_is_not_believed_until_the_event_is_gone(
    ada: Diary, written: int, moved: int
) -> None:
    # Given a session that was moved and called off, of which the calendar knows neither
    done = ada.book(written)
    ada.write()
    ada.rebook(done, moved)
    ada.cancel(done)
    ada.house.control.fault("swallow", WRITES)
    assert ada.write() == ["sent", "superseded", "pending"]
    ada.wait()
    assert ada.write()[-1] == "sent"
    assert ada.events() == []


def test_the_longer_an_event_is_not_seen_the_rarer_it_is_looked_for(ada: Diary) -> None:
    ada.book()
    ada.house.control.fault("swallow", WRITES, times=None)
    waits = []
    for _ in range(4):
        ada.write()
        waits.append(round(ada.wait(), -3))
    assert waits == [1_000, 2_000, 4_000, 8_000]
    ada.set_rows(attempts=50)
    ada.write()
    assert 290_000 < ada.wait() <= 300_000


def test_a_row_that_comes_late_writes_the_session_as_it_is_then(ada: Diary) -> None:
    # Given a row that failed, and a later one of the same session
    done = ada.book()
    ada.house.control.fail(WRITES, 500, times=None)
    ada.write()
    ada.house.control.clear_faults()
    ada.rebook(done, TEN + 900)
    # When the older one comes first
    ada.wait()
    assert ada.write() == ["superseded", "sent"]
    assert ada.house.control.counts()[UPSERTS] >= 1
    assert ada.events() == [(ada.calendar, TEN + 900, TEN + 900 + HOUR)]


@pytest.mark.parametrize("change", ["rebooked", "cancelled"])
def test_a_worker_that_was_held_up_puts_right_what_it_wrote_too_late(
    ada: Diary, change: str
) -> None:
    # Given a worker that read the session, and whose write is on its way for long
    done = ada.book()
    ada.house.control.delay(WRITES, 0.6, times=1)
    late = threading.Thread(target=ada.write)
    late.start()
    while ada.house.control.state()["faults"]:  # until it is on its way
        late.join(0.02)
    # When its lease ends, the session changes, and another worker writes that
    ada.set_rows(lease_until_ms=0)
    if change == "rebooked":
        ada.rebook(done, TEN + 900)
    else:
        ada.cancel(done)
    ada.write()
    assert ada.rows()[-1].state == "sent"
    # Then the late write does not stay
    late.join()
    assert ada.house.control.counts()[UPSERTS if change == "rebooked" else DELETIONS] >= 2
    assert ada.events() == (
        [(ada.calendar, TEN + 900, TEN + 900 + HOUR)] if change == "rebooked" else []
    )
    assert ada.states() == ["superseded", "sent"]


def test_a_session_that_was_written_before_is_written_again_to_the_same_place(ada: Diary) -> None:
    # Given a worker that died after the calendar was written, before that was recorded
    ada.book()
    ada.house.control.fail("/v1/events", 500, times=None)
    ada.write()
    ada.house.control.clear_faults()
    # And another calendar that has become the primary one since
    ada.house.control.change_calendar(home(ada), primary=True)
    ada.house.control.change_calendar(ada.calendar, primary=False)
    ada.look()
    # Then no twin appears there
    ada.wait()
    assert ada.write() == ["sent"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]


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
    ada.house.control.delay(WRITES, 0.6, times=1)
    late = threading.Thread(target=ada.write)
    late.start()
    while ada.house.control.state()["faults"]:
        late.join(0.02)
    ada.set_rows(lease_until_ms=0)
    # When the coach chooses another calendar, and another worker has moved the session there
    receive(ada, home(ada))
    for _ in range(2):
        ada.write()
    # Then the late write is taken away by whoever made it
    late.join()
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


def test_a_coach_without_a_calendar_is_asked_about_every_five_minutes_until_the_session_is_over(
    house: House,
) -> None:
    house.introduce(people.MAILED)
    ada = Diary(house, None)  # type: ignore[arg-type]  # she has no account
    done = ada.book(force="by telephone")
    for _ in range(3):
        assert ada.write() == ["pending"]
        assert 290_000 < ada.wait() <= 300_000
    assert ada.write(now=ada.over(done.session)) == ["superseded"]


def test_a_session_that_was_never_seen_in_time_is_dead(ada: Diary) -> None:
    done = ada.book()
    ada.house.control.fail(WRITES, 500, times=None)
    assert ada.write() == ["pending"]
    ada.wait()
    assert ada.write(now=ada.over(done.session)) == ["dead"]


def test_cronofy_s_wait_is_kept(ada: Diary) -> None:
    ada.book()
    ada.house.control.fail(WRITES, 429, times=None, retry_after=120)
    ada.write()
    assert 110_000 < ada.wait() <= 120_000


def test_an_event_that_cronofy_refuses_for_what_it_says_is_dead(ada: Diary) -> None:
    ada.book()
    ada.house.control.fail(WRITES, 422, body={"errors": {"summary": [{"key": "errors.too_long"}]}})
    assert ada.write() == ["dead"]
    assert "summary" in ada.rows()[0].last_error


def test_a_deletion_from_a_calendar_that_is_gone_is_no_longer_needed(ada: Diary) -> None:
    done = ada.book()
    ada.write()
    ada.house.control.change_calendar(ada.calendar, deleted=True)
    ada.house.control.change_calendar(home(ada), deleted=True)
    ada.look()
    ada.cancel(done)
    assert ada.write() == ["sent", "superseded"]
    assert DELETIONS not in ada.house.control.counts()


def test_an_expired_access_token_is_renewed_on_the_way(ada: Diary) -> None:
    ada.book()
    ada.house.control.expire_tokens(ada.account.seat.sub)
    assert ada.write() == ["sent"]


def test_an_account_that_is_to_be_erased_is_not_written_any_more(ada: Diary) -> None:
    ada.house.mark_for_erasure(ada.account.connection_id)
    ada.book()
    assert ada.write() == ["pending"]
    assert ada.events() == []


def test_a_row_without_a_session_is_done(ada: Diary) -> None:
    done = ada.book()
    with ada.services.database.write() as tx:
        tx.execute(tables.sessions.delete().where(tables.sessions.c.id == done.session.id))
    assert ada.write() == ["superseded"]


def test_a_conflict_is_told_once_without_names_when_the_calendar_was_read(
    ada: Diary, capsys: pytest.CaptureFixture[str]
) -> None:
    done = ada.book()
    start = people.NOW.replace(day=2, hour=10)
    ada.house.control.add_event(ada.calendar, start, start + timedelta(hours=1), summary="Dentist")
    for _ in range(2):
        ada.look()
    logged = [line for line in capsys.readouterr().out.splitlines() if "session_conflict" in line]
    assert len(logged) == 1
    assert done.session.id in logged[0]
    assert "Dentist" not in logged[0]
    assert ada.session(done.session).conflict_since == people.NOW
    assert ada.session(done.session).active
