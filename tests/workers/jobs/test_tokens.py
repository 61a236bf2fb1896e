"""Access tokens are renewed by one caller at a time, and never written anywhere readable."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.rows import connections
from tests.support.in_process import Connected, House
from workers.cronofy.errors import InvalidGrant, Unauthorised, Unavailable
from workers.jobs import tokens


@pytest.fixture
def connected(house: House) -> Connected:
    house.introduce()
    return house.connect()


def refreshes(house: House) -> int:
    return house.control.counts().get("POST /oauth/token", 0)


def test_a_token_that_is_about_to_expire_is_renewed_before_the_call(
    house: House, connected: Connected
) -> None:
    house.set_row(
        connected.connection_id,
        access_expires_at=house.runtime.services.now() + timedelta(seconds=30),
    )
    house.control.clear_calls()
    tokens.authorised(
        house.runtime.services, connected.connection_id, house.runtime.services.cronofy.userinfo
    )
    assert refreshes(house) == 1


def test_a_good_token_is_used_as_it_is(house: House, connected: Connected) -> None:
    house.control.clear_calls()
    tokens.authorised(
        house.runtime.services, connected.connection_id, house.runtime.services.cronofy.userinfo
    )
    assert refreshes(house) == 0


def test_a_refused_token_is_renewed_once_and_the_call_repeated(
    house: House, connected: Connected
) -> None:
    house.control.expire_tokens(connected.seat.sub)
    house.control.clear_calls()
    tokens.authorised(
        house.runtime.services, connected.connection_id, house.runtime.services.cronofy.userinfo
    )
    assert refreshes(house) == 1
    assert house.control.counts()["GET /v1/userinfo"] == 2


def test_a_call_that_is_refused_with_a_fresh_token_too_fails(
    house: House, connected: Connected
) -> None:
    house.control.fail("/v1/userinfo", 401, times=None)
    with pytest.raises(Unauthorised):
        tokens.authorised(
            house.runtime.services, connected.connection_id, house.runtime.services.cronofy.userinfo
        )


def test_of_many_callers_with_a_dead_token_one_renews_it_and_all_go_on(
    house: House, connected: Connected
) -> None:
    house.control.expire_tokens(connected.seat.sub)
    house.control.clear_calls()
    subs: list[str] = []

    def call() -> None:
        services = house.runtime.services
        subs.append(
            tokens.authorised(services, connected.connection_id, services.cronofy.userinfo).sub
        )

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subs == [connected.seat.sub] * 5
    assert refreshes(house) == 1


def test_a_failed_renewal_frees_the_way_for_the_next_one(
    house: House, connected: Connected
) -> None:
    services = house.runtime.services
    house.control.revoke_tokens(connected.seat.sub)
    for _ in range(2):
        with pytest.raises(InvalidGrant):
            tokens.authorised(services, connected.connection_id, services.cronofy.userinfo)


def test_a_dead_renewer_keeps_nobody_waiting_for_longer_than_half_a_reader_s_lease(
    house: House, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a renewal whose caller died, and leases of ten seconds; whoever waits looks so seldom
    # that a slow look does not push the last one past the end
    services = house.runtime.services
    settings = services.settings.model_copy(update={"lease_seconds": 10})
    services = replace(services, settings=settings)
    monkeypatch.setattr(tokens, "WAIT_SECONDS", 5.0)
    house.control.expire_tokens(connected.seat.sub)
    with services.database.write() as tx:
        assert connections.lease_tokens(
            tx, connected.connection_id, lease_ms=round(10_000 * tokens.SHARE)
        )
    # Then the next one renews it, in one go
    assert (
        tokens.authorised(services, connected.connection_id, services.cronofy.userinfo).sub
        == connected.seat.sub
    )


def test_who_has_no_time_left_neither_waits_nor_renews(house: House, connected: Connected) -> None:
    services = house.runtime.services
    house.set_row(connected.connection_id, access_expires_at=services.now())
    house.control.clear_calls()
    services = replace(services, cronofy=services.cronofy.until(time.monotonic()))
    with pytest.raises(Unavailable):
        tokens.authorised(services, connected.connection_id, services.cronofy.userinfo)
    assert house.control.calls() == []


def test_tokens_are_stored_sealed(house: House, connected: Connected) -> None:
    with house.runtime.services.database.read() as tx:
        stored = connections.tokens(tx, connected.connection_id)
    assert stored is not None
    opened = house.runtime.services.vault.open(connected.connection_id, stored.sealed)
    assert set(opened) == {"access", "refresh"}
    assert not any(token.encode() in stored.sealed for token in opened.values())


def test_a_connection_that_is_gone_has_no_tokens(house: House) -> None:
    with pytest.raises(InvalidGrant, match="removed"):
        tokens.refresh_token(house.runtime.services, "con_gone")
