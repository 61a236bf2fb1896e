"""Sessions of coaches who give less of their calendar than all: they come as invitations, and
whether the coach accepts is not waited for. And of coaches who have no calendar at all.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from domain.coaches import Policy
from domain.conferencing import FAILED_AFTER
from storage.transactions import conferencing
from tests.support import late_writes, links, people
from tests.support.in_process import House, built
from tests.support.late_writes import ON_SQLITE, STEPS, look, owed, pass_time
from tests.support.written_sessions import HOUR, TEN, Diary
from tests.workers.delivery.write_back.kit import WRITES

MODES = ["google_free_busy", "ms_graph_free_busy", "cronofy"]
READS = "GET /v1/events"


@pytest.fixture
def house(database_url: str, redis_url: str) -> Iterator[House]:
    """Coaches are let choose what they give."""
    with built(database_url, redis_url, cronofy_scope="free_busy_write") as house:
        yield house


@pytest.fixture
def invited(house: House, request: pytest.FixtureRequest) -> Diary:
    """Ada, whose calendars are of this mode, and who is shown all the same."""
    ada = late_writes.patient(house, provider=request.param)
    house.introduce(replace(people.MAILED, policy=Policy("hours_only", 0)))
    house.control.clear_calls()
    return ada


@ON_SQLITE
@pytest.mark.parametrize("invited", MODES, indirect=True)
def test_what_was_accepted_by_cronofy_is_not_waited_for(invited: Diary) -> None:
    done = invited.book()
    assert invited.write() == ["sent"]
    assert invited.events() == [(invited.calendar, TEN, TEN + HOUR)]
    invited.rebook(done, TEN + 2 * HOUR)
    invited.cancel(done)
    assert invited.write()[-1] == "sent"
    assert invited.events() == []
    # Nothing was read back, and no look is owed
    assert READS not in invited.house.control.counts()
    assert owed(invited) == []


@ON_SQLITE
@pytest.mark.parametrize("invited", MODES, indirect=True)
@pytest.mark.parametrize("answer", [None, "accepted", "tentative", "declined"])
def test_what_the_coach_answers_changes_neither_the_session_nor_its_invitation(
    invited: Diary, answer: str | None
) -> None:
    done = invited.book()
    invited.write()
    (event,) = invited.details()
    assert event["invitation"] == "needs_action"
    if answer is not None:
        invited.house.control.reply(event["event_uid"], answer)
    invited.look()
    assert invited.write() == ["sent"]
    (event,) = invited.details()
    assert event["invitation"] == (answer or "needs_action")
    assert invited.session(done.session).conflict_since is None
    # Its own invitation, accepted, is no event of the calendar's that closes it
    assert invited.house.listing().slots.open_starts(60)[0] == people.at(1, 8)


@ON_SQLITE
@pytest.mark.parametrize("invited", MODES, indirect=True)
def test_an_accepted_session_that_moves_is_asked_about_anew_and_nobody_took_it_away(
    invited: Diary,
) -> None:
    done = invited.book()
    invited.write()
    (event,) = invited.details()
    invited.house.control.reply(event["event_uid"], "accepted")
    invited.look()
    invited.rebook(done, TEN + 2 * HOUR)
    assert invited.write() == ["sent", "sent"]
    for _ in range(2):
        invited.look()
    assert invited.write() == ["sent", "sent"]
    (event,) = invited.details()
    assert event["invitation"] == "needs_action"
    assert invited.events() == [(invited.calendar, TEN + 2 * HOUR, TEN + 3 * HOUR)]
    assert invited.session(done.session).active


@ON_SQLITE
@pytest.mark.parametrize("invited", MODES, indirect=True)
def test_a_write_without_an_answer_is_looked_at_until_it_can_land_no_more(invited: Diary) -> None:
    """And what is not seen there is not put back: it may be an invitation that waits."""
    invited.house.control.fault("hang_up", WRITES)
    invited.book()
    assert invited.write() == ["sent"]
    assert len(owed(invited)) == 1
    invited.house.control.clear_calls()
    for step in STEPS:
        pass_time(invited, step)
        look(invited)
    assert owed(invited) == []
    assert not any(WRITES in route for route in invited.house.control.counts())


def test_a_coach_without_a_calendar_is_owed_nothing_until_there_is_one(house: House) -> None:
    house.introduce(people.MAILED)
    ada = Diary(house, None)  # type: ignore[arg-type]  # she has no account
    done = ada.book(force="by telephone")
    assert ada.write() == ["superseded"]
    (row,) = ada.rows()
    assert (row.reason, row.last_error) == (
        "no_calendar",
        "the coach has no calendar that takes events",
    )
    # When she connects one, the session is written there
    ada.account = house.connect()
    house.refresh(ada.account.connection_id)
    assert sorted(ada.write()) == ["sent", "superseded"]
    assert ada.events() == [(ada.calendar, TEN, TEN + HOUR)]
    assert ada.session(done.session).active


@ON_SQLITE
@pytest.mark.parametrize("invited", MODES, indirect=True)
def test_a_link_that_no_read_can_show_has_not_failed(invited: Diary) -> None:
    done = links.book(invited)
    assert invited.write() == ["sent"]
    later = invited.services.now() + FAILED_AFTER
    with invited.services.database.write() as tx:
        assert list(conferencing.give_up(tx, now=later)) == []
    # But what Cronofy calls failing has
    links.call(invited, done.session.id, failing=True)
    with invited.services.database.write() as tx:
        assert list(conferencing.give_up(tx, now=later)) == [done.session.id]
