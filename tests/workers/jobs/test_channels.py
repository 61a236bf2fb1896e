"""One channel an account, whatever crashes in between."""

from dataclasses import replace

import pytest

from storage.rows import channels as channel_rows
from storage.rows import connections
from storage.schema.tables import channels
from tests.support.in_process import Connected, House


@pytest.fixture
def connected(house: House) -> Connected:
    house.introduce()
    return house.connect()


def open_channels(house: House, connected: Connected) -> list[str]:
    services = house.runtime.services
    with services.database.read() as tx:
        stored = connections.tokens(tx, connected.connection_id)
    assert stored is not None
    access = services.vault.open(connected.connection_id, stored.sealed)["access"]
    return [channel.callback_url for channel in services.cronofy.channels(access)]


def test_the_first_read_opens_the_channel_before_it_reads(
    house: House, connected: Connected
) -> None:
    # A change after the channel is pushed, a change before it is in the read: nothing falls
    # between.
    house.refresh(connected.connection_id)
    routes = [
        call["route"]
        for call in house.control.calls()
        if call["route"] in ("/v1/channels", "/v1/free_busy")
    ]
    assert routes[0] == "/v1/channels"
    assert len(open_channels(house, connected)) == 1


def test_a_channel_is_opened_once(house: House, connected: Connected) -> None:
    for _ in range(3):
        house.mark_dirty(connected.connection_id)
        house.refresh(connected.connection_id)
    assert house.control.counts()["POST /v1/channels"] == 1


def test_a_crash_after_cronofy_opened_it_does_not_open_a_second_one(
    house: House, connected: Connected
) -> None:
    # Given a first read that died after Cronofy opened the channel: its id was never written down
    house.refresh(connected.connection_id)
    with house.runtime.services.database.write() as tx:
        tx.execute(channels.update().values(channel_id=None))
    # When the read is made again
    house.mark_dirty(connected.connection_id)
    house.refresh(connected.connection_id)
    # Then the same URL was asked for, which answers the same channel
    assert len(open_channels(house, connected)) == 1
    with house.runtime.services.database.read() as tx:
        assert len(channel_rows.open_channels(tx, limit=9)) == 1


def test_the_token_in_the_url_is_stored_as_a_hash_and_sealed(
    house: House, connected: Connected
) -> None:
    house.refresh(connected.connection_id)
    (url,) = open_channels(house, connected)
    token = url.rpartition("/")[2]
    with house.runtime.services.database.read() as tx:
        row = tx.execute(channels.select()).one()
    assert row.token_hash == channel_rows.channel_hash(token)
    assert token.encode() not in row.token


def test_a_failed_opening_is_tried_again_by_the_next_read(
    house: House, connected: Connected
) -> None:
    house.control.fail("/v1/channels", 503, times=None)
    house.refresh(connected.connection_id)
    assert house.owed(connected.connection_id)
    house.control.clear_faults()
    house.set_row(connected.connection_id, next_attempt_at_ms=0)
    house.refresh(connected.connection_id)
    assert house.listing().state == "fresh"
    assert len(open_channels(house, connected)) == 1


def test_another_public_url_is_used_for_new_channels(house: House, connected: Connected) -> None:
    moved = house.runtime.settings.model_copy(
        update={"public_url": "https://calendars.example.test/"}
    )
    runtime = replace(house.runtime, services=replace(house.runtime.services, settings=moved))
    house.runtime = runtime
    house.refresh(connected.connection_id)
    (url,) = open_channels(house, connected)
    assert url.startswith("https://calendars.example.test/webhooks/cronofy/")
