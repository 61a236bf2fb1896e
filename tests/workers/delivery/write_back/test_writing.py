"""Writing a session into a calendar: read back before it is believed, never twice, never older than
the session is, and patient.
"""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.sessions import Participant
from storage.schema import tables
from storage.transactions import write_back
from tests.support import people
from tests.support.people import at
from tests.support.written_sessions import HOUR, TEN, Diary
from tests.workers.delivery.write_back.kit import WRITES, a_late_write, home
from workers.cronofy.wire import ManagedEvent
from workers.delivery.calendar_writes import event_of

ROUNDED = 5
"""Milliseconds that clocks which are told in whole ones may lie apart."""
UPSERTS = "POST /v1/calendars/<calendar_id>/events"
DELETIONS = "DELETE /v1/calendars/<calendar_id>/events"


def event(ada: Diary, session_id: str) -> ManagedEvent:
    with ada.services.database.read() as tx:
        entry = write_back.entry(tx, session_id)
    assert entry is not None
    return event_of(entry)


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
    for wait in (1_000, 2_000, 4_000, 8_000):
        began = time.monotonic()
        ada.write()
        left = ada.wait()
        passed = 1_000 * (time.monotonic() - began)
        assert left - ROUNDED <= wait <= left + passed + ROUNDED
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
    with a_late_write(ada):
        # When its lease ends, the session changes, and another worker writes that
        ada.set_rows(lease_until_ms=0)
        if change == "rebooked":
            ada.rebook(done, TEN + 900)
        else:
            ada.cancel(done)
        ada.write()
        assert ada.rows()[-1].state == "sent"
    # Then the late write does not stay
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
    assert ada.write() == ["superseded"]
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
