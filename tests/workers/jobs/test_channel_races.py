"""One channel an account, whoever plans it at the same moment; none for one that is gone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select

from storage.schema import tables
from storage.schema.vault import Vault
from tests.support.in_process import House
from workers.cronofy.errors import InvalidGrant
from workers.jobs import channels


class Together(Vault):
    """Whoever seals waits until so many do: each has found that no channel is planned."""

    def __init__(self, key: str, barrier: Barrier) -> None:
        super().__init__([key])
        self._barrier = barrier

    def seal(self, owner: str, secrets: dict[str, str]) -> bytes:
        self._barrier.wait(60)
        return super().seal(owner, secrets)


def test_an_audit_and_two_readers_plan_one_channel_together(house: House) -> None:
    house.introduce()
    connection_id = house.connect().connection_id
    services = house.runtime.services
    (key,) = services.settings.secret_keys
    together = Together(key.get_secret_value(), Barrier(3))
    racing = replace(services, vault=together)
    with ThreadPoolExecutor(3) as pool:
        urls = list(pool.map(lambda _: channels.callback_url(racing, connection_id), range(3)))
    assert len(set(urls)) == 1
    assert urls[0] == channels.callback_url(services, connection_id)
    with services.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tables.channels)) == 1


def test_a_connection_that_is_gone_has_none_planned(house: House) -> None:
    with pytest.raises(InvalidGrant):
        channels.callback_url(house.runtime.services, "con_gone")
