"""Every secret is replaced while the product serves: no request, no read and no push fails
meanwhile.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from apiflask import APIFlask
from cryptography.fernet import Fernet
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select

from storage.rows import api_keys
from storage.schema import tables
from storage.schema.vault import Sealed
from tests.support import people
from tests.support.http_client import CHANGE, WEEK
from tests.support.in_process import Connected, House, client, settings_for
from webhooks.app import create_app
from workers.bootstrap import Runtime, bootstrap, create_services
from workers.cronofy import signature
from workers.jobs import freebusy, sealing, tokens

CALLERS = 2


@dataclass
class Process:
    """One of the product's, started with these secrets."""

    runtime: Runtime
    app: APIFlask


@dataclass
class Traffic:
    """Callers that go on and on, at the processes that run just now and with the secrets that are
    good just now.
    """

    ada: Connected
    path: str
    key: str
    signing: list[str]
    running: list[Process] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    rounds: list[int] = field(default_factory=lambda: [0] * CALLERS)
    ended: threading.Event = field(default_factory=threading.Event)

    def call(self, number: int) -> None:
        while not self.ended.is_set():
            for process in list(self.running):
                self.serve(process)
            self.seen["round"] += 1
            self.rounds[number] += 1

    def serve(self, process: Process) -> None:
        web, services = process.app.test_client(), process.runtime.services
        read = web.get(WEEK, headers={"Authorization": f"Bearer {self.key}"})
        self.seen[f"read {read.status_code}"] += 1
        pushed = {
            signature.HEADER: signature.sign(CHANGE, self.signing),
            "Content-Type": "application/json",
        }
        push = web.post(self.path, data=CHANGE, headers=pushed)
        self.seen[f"push {push.status_code}"] += 1
        try:
            freebusy.refresh(services, self.ada.connection_id)
            tokens.authorised(services, self.ada.connection_id, services.cronofy.userinfo)
        except Exception as error:  # noqa: BLE001 (whatever it is, it must not happen)
            self.seen[repr(error)] += 1

    def some_rounds(self) -> None:
        """Until each caller began another round, and ended it: a slow one would still be at a
        process, or with a secret, of two steps ago.
        """
        wanted = [done + 2 for done in self.rounds]
        while any(done < least for done, least in zip(self.rounds, wanted, strict=True)):
            time.sleep(0.01)

    @contextmanager
    def goes_on(self) -> Iterator[None]:
        callers = [threading.Thread(target=self.call, args=(n,)) for n in range(CALLERS)]
        for caller in callers:
            caller.start()
        try:
            yield
        finally:
            self.ended.set()
            for caller in callers:
                caller.join()


@pytest.fixture
def traffic(house: House) -> Traffic:
    house.introduce()
    ada = house.connect()
    house.refresh(ada.connection_id)
    with house.runtime.services.database.read() as tx:
        sealed = tx.execute(select(tables.channels.c.token)).scalar_one()
    token = house.runtime.services.vault.open(ada.connection_id, sealed)["channel"]
    return Traffic(ada, f"/webhooks/cronofy/{token}", new_key(house), [house.sandbox.client_secret])


def new_key(house: House) -> str:
    with house.runtime.services.database.write() as tx:
        return api_keys.create_key(tx, "coach-os", ("slots:read",), now=people.NOW)


def started(house: House, keys: list[str], secrets: list[str], afterwards: ExitStack) -> Process:
    given = house.runtime.settings
    changes = {"secret_keys": ",".join(keys), "cronofy_client_secrets": ",".join(secrets)}
    limits: dict[str, Any] = {"limit_reads": 0, "limit_wrong": 0}
    settings = settings_for(house.sandbox, given.database_url, given.redis_url, **changes, **limits)
    services = create_services(settings)
    cronofy = client(services, house.sandbox.origin, house.sandbox.client_id, secrets[0])
    services = replace(services, now=house.runtime.services.now, cronofy=cronofy)
    runtime = bootstrap(settings, services=services, broker=StubBroker())
    afterwards.callback(runtime.close)
    return Process(runtime, create_app(runtime))


def test_no_request_fails_while_every_secret_is_replaced(house: House, traffic: Traffic) -> None:
    old, new = (
        house.runtime.settings.secret_keys[0].get_secret_value(),
        Fernet.generate_key().decode(),
    )
    first = house.sandbox.client_secret
    with ExitStack() as afterwards:

        def restart(keys: list[str], secrets: list[str]) -> None:
            """One process after the other, while the accounts' tokens end."""
            for place in range(2):
                traffic.running[place : place + 1] = [started(house, keys, secrets, afterwards)]
                house.control.expire_tokens(traffic.ada.seat.sub)
                traffic.some_rounds()

        # Given two processes with callers that go on, and end before the processes do: a closed
        # database would open its connections anew for them
        traffic.running = [started(house, [old], [first], afterwards) for _ in range(2)]
        with traffic.goes_on():
            # When all can open what the new key seals, and Cronofy has a second secret, and the
            # client a second API key
            restart([old, new], [first])
            second = house.control.add_secret()
            traffic.signing = [first, second]
            restart([new, old], [second, first])
            revoked, traffic.key = traffic.key, new_key(house)
            traffic.some_rounds()
            # And the first ones of all three end
            with house.runtime.services.database.write() as tx:
                assert api_keys.revoke_key(tx, revoked.split("_")[1], now=people.NOW)
            assert sealing.reseal(traffic.running[0].runtime.services).left == 0
            house.control.drop_secret()
            traffic.signing = [second]
            restart([new], [second])
    # Then nothing failed, and all that is stored opens with the new key
    assert traffic.seen.keys() == {"read 200", "push 204", "round"}, traffic.seen
    assert traffic.seen["round"] >= 3 * 2 * CALLERS


def test_tokens_in_another_account_s_row_open_nothing(house: House, traffic: Traffic) -> None:
    # Given Ada's and Bob's accounts, and somebody who swaps their tokens in the database
    house.introduce(people.coach(id="bob"))
    bob = house.connect("bob")
    services = house.runtime.services
    mine = [traffic.ada.connection_id, bob.connection_id]
    with services.database.read() as tx:
        sealed = [people.row_of(tx, each).tokens for each in mine]
    for connection_id, theirs in zip(mine, reversed(sealed), strict=True):
        house.set_row(connection_id, tokens=theirs)
        house.mark_dirty(connection_id)
    house.control.clear_calls()
    # When they are read, then nobody is asked with another's token
    for connection_id in mine:
        with pytest.raises(Sealed, match=connection_id):
            house.refresh(connection_id)
    assert house.control.counts() == {}
    # And their reads stay owed
    assert all(house.owed(connection_id) for connection_id in mine)
