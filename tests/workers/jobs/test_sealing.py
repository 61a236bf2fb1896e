"""After `reseal` nothing needs an older key, and nothing that was written meanwhile is lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet

from storage.rows import connections, sealed_secrets
from storage.rows.sealed_secrets import SealedSecret
from storage.schema.vault import Sealed, Vault
from tests.support.in_process import BROWSER, Connected, House
from workers.doctor import sealed
from workers.jobs import account_linking as connecting
from workers.jobs import sealing, tokens
from workers.jobs.sealing import Resealed
from workers.services import Services

NEW = Fernet.generate_key().decode()


@dataclass
class Rotating:
    """An account with its channel, a consent that waits for its yes, and the services of each step
    of a rotation.
    """

    house: House
    ada: Connected
    state: str
    services: Services
    """The old key alone."""

    @property
    def keys(self) -> list[str]:
        """The new one first."""
        return [NEW, self.house.runtime.settings.secret_keys[0].get_secret_value()]

    @property
    def rotated(self) -> Services:
        return replace(self.services, vault=Vault(self.keys))

    @property
    def without_the_old(self) -> Services:
        return replace(self.services, vault=Vault([NEW]))

    def stored(self) -> list[SealedSecret]:
        with self.services.database.read() as tx:
            return sealed_secrets.all_of(tx)

    def tokens(self) -> dict[str, str]:
        with self.services.database.read() as tx:
            found = connections.tokens(tx, self.ada.connection_id)
        assert found is not None
        return self.rotated.vault.open(self.ada.connection_id, found.sealed)

    def renew(self, services: Services) -> None:
        """As a reader does whose token is refused."""
        self.house.control.expire_tokens(self.ada.seat.sub)
        tokens.authorised(services, self.ada.connection_id, services.cronofy.userinfo)


class Meanwhile(Vault):
    """Something happens before the first row is sealed anew."""

    def __init__(self, keys: list[str], happens: Callable[[], None]) -> None:
        super().__init__(keys)
        self._happens = [happens]

    def seal(self, owner: str, secrets: dict[str, str]) -> bytes:
        if self._happens:
            self._happens.pop()()
        return super().seal(owner, secrets)


@pytest.fixture
def rotating(house: House) -> Rotating:
    services = house.runtime.services
    house.introduce()
    ada = house.connect()
    house.refresh(ada.connection_id)
    state = begun(house)
    return Rotating(house, ada, state, services)


def begun(house: House) -> str:
    """A second account agreed, and its person has not said yes yet."""
    seat = house.control.create_account("ada again")
    link = connecting.begin(house.runtime.services, "ada", browser=BROWSER)
    assert link is not None
    back = parse_qs(urlsplit(house.control.consent(link, profile=seat.profiles[0])).query)
    (state,), (code,) = back["state"], back["code"]
    connecting.come_back(house.runtime.services, state, browser=BROWSER, code=code, declined=False)
    return state


def finding(services: Services) -> Any:
    (found,) = sealed.look(services)
    return found


def test_afterwards_the_old_key_can_be_dropped_and_everything_opens(rotating: Rotating) -> None:
    before = rotating.tokens()
    assert finding(rotating.rotated).next_step == "run: coachcal secrets reseal"
    # When everything is sealed anew
    assert sealing.reseal(rotating.rotated) == Resealed(done=3, already=0, left=0)
    # Then the new key alone opens tokens, channel and consent, and they are what they were
    services = rotating.without_the_old
    assert finding(services).detail == "3 stored, all open with the newest key"
    assert rotating.tokens() == before
    assert tokens.authorised(services, rotating.ada.connection_id, services.cronofy.channels)
    ended = connecting.confirm(
        services, rotating.house.runtime.actors, rotating.state, browser=BROWSER
    )
    assert ended.outcome == "connected"


def test_what_is_sealed_by_the_newest_key_is_left_as_it_is(rotating: Rotating) -> None:
    sealing.reseal(rotating.rotated)
    before = rotating.stored()
    assert sealing.reseal(rotating.rotated) == Resealed(done=0, already=3, left=0)
    assert rotating.stored() == before


def test_a_token_that_was_renewed_meanwhile_is_not_overwritten(rotating: Rotating) -> None:
    seen = rotating.tokens()
    renewed: dict[str, str] = {}

    def renew() -> None:
        rotating.renew(rotating.rotated)
        renewed.update(rotating.tokens())

    vault = Meanwhile(rotating.keys, renew)
    assert sealing.reseal(replace(rotating.services, vault=vault)) == Resealed(
        done=2, already=1, left=0
    )
    assert rotating.tokens() == renewed != seen


def test_what_a_process_with_the_old_key_first_wrote_meanwhile_is_told(rotating: Rotating) -> None:
    vault = Meanwhile(rotating.keys, lambda: rotating.renew(rotating.services))
    assert sealing.reseal(replace(rotating.services, vault=vault)) == Resealed(
        done=2, already=0, left=1
    )
    assert sealing.reseal(rotating.rotated) == Resealed(done=1, already=2, left=0)


def test_what_went_meanwhile_is_no_error(rotating: Rotating) -> None:
    def go() -> None:
        with rotating.services.database.write() as tx:
            connections.unlink(tx, rotating.ada.connection_id)

    vault = Meanwhile(rotating.keys, go)
    assert sealing.reseal(replace(rotating.services, vault=vault)) == Resealed(
        done=1, already=0, left=0
    )


def test_a_reader_whose_token_is_refused_renews_it_though_it_was_sealed_anew_meanwhile(
    rotating: Rotating,
) -> None:
    # Sealed anew it looks like another token, and is the same one.
    services = rotating.rotated
    rotating.house.control.expire_tokens(rotating.ada.seat.sub)
    given: list[str] = []

    def call(access: str) -> Any:
        if not given:
            sealing.reseal(services)
        given.append(access)
        return services.cronofy.userinfo(access)

    assert (
        tokens.authorised(services, rotating.ada.connection_id, call).sub == rotating.ada.seat.sub
    )
    assert len(set(given)) == len(given) == 2


def test_with_a_key_missing_nothing_is_changed(rotating: Rotating) -> None:
    # Given one row that opens, and others whose key is gone
    rotating.renew(rotating.rotated)
    before = rotating.stored()
    with pytest.raises(Sealed, match=r"2 of 3 .* COACHCAL_SECRET_KEYS, .* nothing was changed"):
        sealing.reseal(rotating.without_the_old)
    assert rotating.stored() == before


def test_a_secret_of_another_row_is_not_sealed_for_this_one(rotating: Rotating) -> None:
    with rotating.services.database.read() as tx:
        stored = connections.tokens(tx, rotating.ada.connection_id)
    assert stored is not None
    other = rotating.services.vault.seal("con_another", {"access": "at", "refresh": "rt"})
    rotating.house.set_row(rotating.ada.connection_id, tokens=other)
    with pytest.raises(Sealed, match=f"1 of 3 .* {rotating.ada.connection_id}"):
        sealing.reseal(rotating.rotated)
