"""Channels that Cronofy closed without a word are found within a day, and opened again; odd ones
are closed.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from storage.rows import channels as channel_rows
from storage.rows import connections
from storage.schema import tables
from tests.support import people
from tests.support.clock_work import drain, later
from tests.support.in_process import Connected, House
from workers import clock, doctor
from workers.cronofy.errors import CronofyError
from workers.jobs import channels
from workers.jobs.channel_audit import Audited, attempt, audit

DAY = timedelta(days=1)


@pytest.fixture
def connected(house: House) -> Connected:
    house.introduce()
    account = house.connect()
    house.refresh(account.connection_id)
    drain(house)
    return account


def listed(house: House) -> dict[str, str]:
    """Cronofy's channels: id and URL."""
    return {
        one["id"]: one["callback_url"]
        for one in house.control.state()["channels"]
        if not one["closed"]
    }


def access(house: House, connected: Connected) -> str:
    services = house.runtime.services
    with services.database.read() as tx:
        stored = connections.tokens(tx, connected.connection_id)
    assert stored is not None
    return services.vault.open(connected.connection_id, stored.sealed)["access"]


def row(house: House) -> Any:
    with house.runtime.services.database.read() as tx:
        return tx.execute(tables.channels.select()).one()


def run(house: House) -> int:
    return clock.audit(house.runtime.services, house.runtime.actors)


def test_all_is_well_and_nothing_is_done(house: House, connected: Connected) -> None:
    before = listed(house)
    later(house, days=1)
    assert audit(house.runtime.services, connected.connection_id) == Audited(
        connected.connection_id, False, ()
    )
    assert listed(house) == before
    assert row(house).audited_at == people.NOW + DAY
    assert not house.owed(connected.connection_id)


def test_a_closed_channel_is_opened_again_and_what_it_did_not_tell_is_read(
    house: House, connected: Connected
) -> None:
    # Given a channel that was closed silently, and a meeting made since
    (channel,) = listed(house)
    url = listed(house)[channel]
    house.control.close_channel(channel)
    start = people.NOW.replace(day=2, hour=10)
    house.control.add_event(connected.calendar, start, start + timedelta(hours=1))
    # When it is audited
    with capture_logs() as logs:
        assert attempt(house.runtime.services, connected.connection_id)
    # Then the same URL has a channel, we know which, and the meeting is found and counted
    (again,) = listed(house)
    assert (again != channel, listed(house)[again], row(house).channel_id) == (True, url, again)
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["channels_mended"]
    house.refresh(connected.connection_id)
    assert people.at(2, 10) not in house.listing().slots.open_starts(60)
    with house.runtime.services.database.read() as tx:
        assert people.row_of(tx, connected.connection_id).missed_pushes == 1


def test_an_odd_channel_of_ours_is_closed_and_another_deployment_s_is_not(
    house: House, connected: Connected
) -> None:
    services = house.runtime.services
    (mine,) = listed(house)
    token = access(house, connected)
    odd = services.cronofy.open_channel(
        token, f"{services.settings.base_url}/webhooks/cronofy/of-an-older-life"
    ).id
    other = services.cronofy.open_channel(
        token, "http://127.0.0.1:8/webhooks/cronofy/of-a-staging-system"
    ).id
    assert audit(services, connected.connection_id) == Audited(
        connected.connection_id, False, (odd,)
    )
    assert set(listed(house)) == {mine, other}


def test_the_missing_channel_is_opened_before_an_odd_one_is_closed(
    house: House, connected: Connected
) -> None:
    services = house.runtime.services
    (mine,) = listed(house)
    services.cronofy.open_channel(
        access(house, connected), f"{services.settings.base_url}/webhooks/cronofy/odd"
    )
    house.control.close_channel(mine)
    house.control.clear_calls()
    found = audit(services, connected.connection_id)
    assert (found.reopened, len(found.closed)) == (True, 1)
    methods = [
        call["method"] for call in house.control.calls() if call["route"].startswith("/v1/channels")
    ]
    assert methods == ["GET", "POST", "DELETE"]


def test_another_public_url_moves_the_channel(house: House, connected: Connected) -> None:
    (before,) = listed(house)
    moved = house.runtime.settings.model_copy(update={"public_url": "http://127.0.0.1:7"})
    services = replace(house.runtime.services, settings=moved)
    assert audit(services, connected.connection_id) == Audited(
        connected.connection_id, True, (before,)
    )
    assert [url.startswith("http://127.0.0.1:7/") for url in listed(house).values()] == [True]


def test_an_audit_that_breaks_halfway_is_made_again(house: House, connected: Connected) -> None:
    (mine,) = listed(house)
    house.control.close_channel(mine)
    house.control.fail("/v1/channels", 503, times=None, skip=1)
    services = house.runtime.services
    with pytest.raises(CronofyError):
        audit(services, connected.connection_id)
    assert not attempt(services, connected.connection_id)
    house.control.clear_faults()
    assert audit(services, connected.connection_id).reopened


def test_an_audit_that_slept_writes_nothing_over_what_was_said_since(
    house: House, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an audit that has seen the list of channels, and sleeps while the account is connected
    # again
    services = house.runtime.services
    whole = channels.keep

    def slept(*arguments: Any) -> bool:
        house.connect_again(connected)
        return whole(*arguments)

    monkeypatch.setattr(channels, "keep", slept)
    # When it comes back, it writes and closes nothing: the next read opens the channel under the
    # new grant
    found = audit(services, connected.connection_id)
    monkeypatch.undo()
    assert found == Audited(connected.connection_id, reopened=False, closed=())
    assert row(house).channel_id is None
    house.refresh(connected.connection_id)
    assert row(house).channel_id in listed(house)


def test_two_audits_at_once_are_one(house: House, connected: Connected) -> None:
    services = house.runtime.services
    (mine,) = listed(house)
    house.control.close_channel(mine)
    with channels.leased(services, connected.connection_id):
        assert not audit(services, connected.connection_id).reopened
    assert audit(services, connected.connection_id).reopened


def test_the_clock_has_each_channel_audited_once_a_day_the_longest_ago_first(
    house: House, connected: Connected
) -> None:
    other = house.connect()
    house.refresh(other.connection_id)
    drain(house)
    assert run(house) == 0
    later(house, days=1, minutes=1)
    with house.runtime.services.database.write() as tx:
        mine = tables.channels.c.connection_id == other.connection_id
        tx.execute(tables.channels.update().where(mine).values(audited_at=people.NOW - DAY))
    assert run(house) == 2
    assert drain(house) == [("audit_channel", each.connection_id) for each in (other, connected)]
    for each in (other, connected):
        attempt(house.runtime.services, each.connection_id)
    assert run(house) == 0


def test_a_fleet_is_audited_a_few_a_minute(house: House, connected: Connected) -> None:
    few = house.runtime.settings.model_copy(update={"rate_per_minute": 50})
    house.runtime = replace(house.runtime, services=replace(house.runtime.services, settings=few))
    house.refresh(house.connect().connection_id)
    drain(house)
    later(house, days=2)
    assert [run(house), len(drain(house))] == [1, 1]


def test_an_account_that_lost_its_login_is_found_out_and_not_asked_again(
    house: House, connected: Connected
) -> None:
    house.control.revoke_tokens(connected.seat.sub)
    later(house, days=2)
    assert attempt(house.runtime.services, connected.connection_id)
    house.refresh(connected.connection_id)
    assert house.listing().state == "disconnected"
    assert run(house) == 0


def test_an_audit_that_nobody_makes_is_told_as_an_error(house: House, connected: Connected) -> None:
    later(house, days=2)
    with capture_logs() as logs:
        run(house)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == []
    later(house, minutes=1)
    with capture_logs() as logs:
        run(house)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["audit_overdue"]
    findings = {finding.check: finding for finding in doctor.examine(house.runtime.services)}
    assert "coachcal clock" in findings["audit"].next_step
    with house.runtime.services.database.read() as tx:
        assert channel_rows.oldest_audit(tx) == people.NOW


def test_without_a_channel_no_audit_is_overdue(house: House) -> None:
    with house.runtime.services.database.read() as tx:
        assert channel_rows.oldest_audit(tx) is None
