"""A refresh reads the calendar whole or not at all, and a failure is retried as its
kind deserves.
"""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage.schema.database_clock import clock_ms
from tests.support import people
from tests.support.in_process import Connected, House
from workers.cronofy.errors import OverBudget
from workers.jobs import freebusy

HOUR = timedelta(hours=1)
TUESDAY_10 = people.NOW.replace(day=2, hour=10)


@pytest.fixture
def connected(house: House) -> Connected:
    """Ada's account, connected and read once."""
    house.introduce()
    account = house.connect()
    house.refresh(account.connection_id)
    assert house.listing().state == "fresh"
    return account


def is_open(house: House, day: int, hour: int) -> bool:
    return people.at(day, hour) in house.listing().slots.open_starts(60)


def change(house: House, connected: Connected, days: int = 0) -> None:
    """A meeting on Tuesday at 10, or later; and the push about it."""
    start = TUESDAY_10 + timedelta(days=days)
    house.control.add_event(connected.calendar, start, start + HOUR, notify=False)
    house.mark_dirty(connected.connection_id)


def test_a_change_in_the_calendar_closes_its_slots(house: House, connected: Connected) -> None:
    assert is_open(house, 2, 10)
    change(house, connected)
    house.refresh(connected.connection_id)
    assert not is_open(house, 2, 10)


def test_a_calendar_that_the_coach_has_just_made_closes_its_times_with_the_first_read(
    house: House, connected: Connected
) -> None:
    made = house.control.create_calendar(connected.seat.profiles[0], "Clinic")
    house.control.add_event(made, TUESDAY_10, TUESDAY_10 + HOUR, notify=False)
    house.mark_dirty(connected.connection_id)
    house.refresh(connected.connection_id)
    assert not is_open(house, 2, 10)


def test_a_wake_up_that_comes_twice_reads_once(house: House, connected: Connected) -> None:
    change(house, connected)
    house.control.clear_calls()
    for _ in range(3):
        house.refresh(connected.connection_id)
    assert house.control.counts()["GET /v1/free_busy"] == 1


def test_a_calendar_of_several_pages_is_read_whole(house: House, connected: Connected) -> None:
    for days in range(8):
        change(house, connected, days)
    house.control.clear_calls()
    house.refresh(connected.connection_id)
    assert house.control.counts()["GET /v1/free_busy/pages/<page_id>"] == 2  # three items a page
    assert not any(is_open(house, 2 + days, 10) for days in range(8))


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "malformed"},
        {"kind": "half"},
        {"kind": "hang_up"},
        {"kind": "status", "status": 404},
    ],
    ids=lambda trouble: "-".join(map(str, trouble.values())),
)
def test_a_read_of_which_one_page_fails_is_dropped_whole(
    house: House, connected: Connected, trouble: dict[str, Any]
) -> None:
    # Given a change that spans pages, of which the second fails for good
    for days in range(8):
        change(house, connected, days)
    before = house.listing().version
    house.control.fault(path="/v1/free_busy/pages", times=None, **trouble)
    # When it is read
    house.refresh(connected.connection_id)
    # Then nothing of it shows, and the read is still owed
    assert house.listing().version == before
    assert is_open(house, 2, 10)
    assert house.owed(connected.connection_id)
    # And when the trouble is over, all of it shows
    house.control.clear_faults()
    house.set_row(connected.connection_id, next_attempt_at_ms=0)
    house.refresh(connected.connection_id)
    assert not any(is_open(house, 2 + days, 10) for days in range(8))


def test_a_page_on_another_host_is_never_asked_for(house: House, connected: Connected) -> None:
    for days in range(8):
        change(house, connected, days)
    heard = _Ear()
    house.control.fault("foreign_next_page", "/v1/free_busy", host=heard.origin)
    house.refresh(connected.connection_id)
    assert heard.connections() == 0
    assert is_open(house, 2, 10)
    assert house.owed(connected.connection_id)


def test_a_read_that_our_own_budget_ended_goes_on_as_soon_as_it_has_a_call_left(
    house: House, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(*_: Any) -> None:
        raise OverBudget("no call left", retry_after=0.2)

    monkeypatch.setattr(freebusy, "observe", spent)
    change(house, connected)
    house.refresh(connected.connection_id)
    ended = _database_ms(house)
    with house.runtime.services.database.read() as tx:
        row = people.row_of(tx, connected.connection_id)
    assert (row.failure, row.attempts) == ("budget", 1)
    # And not after the 5 s that Cronofy is given to recover
    assert row.next_attempt_at_ms - ended < 2_000


def _database_ms(house: House) -> int:
    with house.runtime.services.database.read() as tx:
        return int(tx.execute(select(clock_ms())).scalar_one())


def test_cronofy_s_retry_after_is_kept(house: House, connected: Connected) -> None:
    change(house, connected)
    house.control.fail("/v1/free_busy", 429, times=None, retry_after=120)
    began = _database_ms(house)
    house.refresh(connected.connection_id)
    with house.runtime.services.database.read() as tx:
        row = people.row_of(tx, connected.connection_id)
    assert row.next_attempt_at_ms - began >= 119_000
    assert row.attempts == 1
    assert "429" in row.last_error


def test_a_revoked_account_is_disconnected_and_not_asked_again(
    house: House, connected: Connected
) -> None:
    house.control.revoke_tokens(connected.seat.sub)
    change(house, connected)
    house.refresh(connected.connection_id)
    assert house.listing().state == "disconnected"
    assert not house.owed(connected.connection_id)


def test_connecting_again_mends_a_revoked_account(house: House, connected: Connected) -> None:
    house.control.revoke_tokens(connected.seat.sub)
    house.mark_dirty(connected.connection_id)
    house.refresh(connected.connection_id)
    again = house.connect_again(connected)
    assert again == connected.connection_id
    house.refresh(again)
    assert house.listing().state == "fresh"


def test_an_expired_access_token_is_renewed_without_a_word(
    house: House, connected: Connected
) -> None:
    house.control.expire_tokens(connected.seat.sub)
    change(house, connected)
    house.refresh(connected.connection_id)
    assert not is_open(house, 2, 10)


def test_a_locked_account_is_disconnected_until_its_profile_is_relinked(
    house: House, connected: Connected
) -> None:
    # Given a profile whose provider refuses the login, and the push that says so
    profile = connected.seat.profiles[0]
    house.control.break_profile(profile)
    house.mark_dirty_with_userinfo(connected.connection_id)
    house.refresh(connected.connection_id)
    assert house.listing().state == "disconnected"
    assert house.profile(connected).relink_url is not None
    # When the person logs in again, and anything makes us look
    house.control.relink_profile(profile)
    house.mark_dirty(connected.connection_id)
    house.refresh(connected.connection_id)
    # Then all is well, without another OAuth round
    assert house.listing().state == "fresh"
    assert house.profile(connected).relink_url is None


def test_a_first_sync_hides_the_coach_until_it_is_complete(
    house: House, connected: Connected
) -> None:
    profile = connected.seat.profiles[0]
    house.control.begin_sync(profile)
    house.mark_dirty_with_userinfo(connected.connection_id)
    house.refresh(connected.connection_id)
    assert (house.listing().state, house.listing().effect) == ("initial_sync", "hide")
    # It is looked at again by itself: the push about its end is skipped when the sync won the race.
    assert house.owed(connected.connection_id)
    house.control.finish_sync(profile)
    house.set_row(connected.connection_id, next_attempt_at_ms=0)
    house.refresh(connected.connection_id)
    assert house.listing().state == "fresh"


def test_our_own_client_secret_being_wrong_does_not_blame_the_coach(
    house: House, connected: Connected
) -> None:
    house.control.add_secret("another")
    house.control.drop_secret()
    house.control.expire_tokens(connected.seat.sub)
    change(house, connected)
    house.refresh(connected.connection_id)
    assert house.listing().state == "refreshing"
    assert house.owed(connected.connection_id)


def test_the_late_reader_of_two_is_refused(house: House, connected: Connected) -> None:
    # Given a reader that got its answer before the second change, dribbling in
    change(house, connected)
    house.control.fault("trickle", "/v1/free_busy", seconds=0.7)
    house.control.clear_calls()
    late = threading.Thread(target=house.refresh, args=(connected.connection_id,))
    late.start()
    while "GET /v1/free_busy" not in house.control.counts():
        late.join(0.02)
    # When its lease ends, and another one reads a newer calendar
    house.set_row(connected.connection_id, lease_until_ms=0, next_attempt_at_ms=0)
    change(house, connected, days=1)
    house.refresh(connected.connection_id)
    version = house.listing().version
    assert not is_open(house, 3, 10)
    # Then what the first one brings is refused
    late.join()
    assert house.listing().version == version
    assert not is_open(house, 3, 10)


def test_an_erasure_revokes_and_forgets(house: House, connected: Connected) -> None:
    change(house, connected)
    house.refresh(connected.connection_id)
    house.mark_for_erasure(connected.connection_id)
    house.refresh(connected.connection_id)
    assert house.listing().state == "unconnected"
    assert is_open(house, 2, 10)
    with pytest.raises(AssertionError):
        house.profile(connected)
    assert house.control.counts()["POST /oauth/token/revoke"] == 1


def test_an_erasure_that_cronofy_forbids_stays_owed_until_it_is_let(
    house: House, connected: Connected
) -> None:
    # Given a plan that lapsed: Cronofy refuses the end of an account as it does every call
    house.control.fail("/oauth/token/revoke", 403, times=None)
    house.mark_for_erasure(connected.connection_id)
    house.refresh(connected.connection_id)
    assert house.owed(connected.connection_id)
    # When it lets us again, and the wait is over
    house.control.clear_faults()
    house.set_row(connected.connection_id, next_attempt_at_ms=0)
    house.refresh(connected.connection_id)
    assert house.listing().state == "unconnected"


class _Ear:
    """A port that counts who connects to it."""

    def __init__(self) -> None:
        import socket

        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def connections(self) -> int:
        count = 0
        try:
            while self._socket.accept():
                count += 1
        except BlockingIOError:
            self._socket.close()
        return count
