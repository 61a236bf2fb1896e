"""The doctor's checks of the database: its schema and its rows, well and ill; and a check that dies
hides no other.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, make_url

from storage.schema import tables
from storage.schema.database import create
from storage.schema.vault import Vault
from tests.support.databases import Kind, PostgresDatabases
from tests.support.in_process import House
from tests.workers.doctor.kit import GOOD, found, only
from workers import doctor
from workers.doctor.finding import Finding
from workers.services import Services
from workers.settings import Settings

# -- one never hides another -------------------------------------------------------------


@pytest.mark.parametrize("name", [*doctor.NEIGHBOURS, *doctor.ROWS])
def test_a_check_that_dies_is_told_and_hides_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def dies(_services: Services) -> Iterator[Finding]:
        yield Finding("before", "it found this")
        raise KeyError("x of ada@example.test")

    well = {finding.check for finding in doctor.examine(house.runtime.services)}
    checks = doctor.NEIGHBOURS if name in doctor.NEIGHBOURS else doctor.ROWS
    itself = {finding.check for finding in checks[name](house.runtime.services)}
    monkeypatch.setitem(checks, name, dies)
    findings = {finding.check: finding for finding in doctor.examine(house.runtime.services)}
    assert findings[name].detail == "could not be looked at: KeyError: 'x of [redacted]'"
    assert "coachcal doctor" in findings[name].next_step
    assert set(findings) >= (well - itself) | {"before"}


def test_a_database_that_goes_away_meanwhile_is_told_by_each_check_of_rows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_tables(services: Services) -> Iterator[Finding]:
        with services.database.write() as tx:
            tables.metadata.drop_all(tx)
        yield Finding("settings", "fine")

    monkeypatch.setitem(doctor.NEIGHBOURS, "settings", without_tables)
    findings = {finding.check: finding for finding in doctor.examine(house.runtime.services)}
    reading = set(doctor.ROWS) - {"writes"}
    assert {findings[name].next_step for name in reading} == {"run: coachcal migrate"}


# -- the schema --------------------------------------------------------------------------


def test_the_schema_of_a_newer_release_is_told_and_the_rows_are_looked_at(house: House) -> None:
    with house.runtime.services.database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in only(house.runtime.services, "schema").detail
    assert not only(house.runtime.services, "backlog").next_step


@pytest.fixture
def read_only(fresh_database: Callable[[Kind], str], postgres: PostgresDatabases) -> Iterator[str]:
    """A PostgreSQL as after a fail-over: it answers, and takes no write."""
    url = fresh_database("postgresql")
    change = f'ALTER DATABASE "{make_url(url).database}" {{}} default_transaction_read_only'
    server = create_engine(postgres.server.url, isolation_level="AUTOCOMMIT")
    with server.connect() as tx:
        tx.exec_driver_sql(change.format("SET") + " = on")
    yield url
    with server.connect() as tx:
        tx.exec_driver_sql(change.format("RESET"))
    server.dispose()


def test_a_database_that_may_only_be_read_is_told(house: House, read_only: str) -> None:
    assert only(house.runtime.services, "writes").next_step == ""
    after = replace(house.runtime.services, database=create(read_only))
    # No connection to it is used for anything, since it would stay so for as long as it lives
    assert "can only be read" in only(after, "database").detail
    assert "DATABASE_URL" in only(after, "database").next_step
    # And what is known to be out is not asked again for a while, but told in the same words
    assert "can only be read" in only(after, "database").detail
    after.database.close()


# -- stored secrets ----------------------------------------------------------------------


def test_stored_secrets_that_do_not_open_are_counted(house: House) -> None:
    services = house.runtime.services
    house.introduce()
    connection_id = house.connect().connection_id
    house.refresh(connection_id)
    assert only(services, "secrets") == Finding("secrets", "2 stored, all open with the newest key")
    old = house.runtime.settings.secret_keys[0].get_secret_value()
    new = Fernet.generate_key().decode()
    # With a newer key first
    rotated = only(replace(services, vault=Vault([new, old])), "secrets")
    assert "2 stored, all open, 2 with a later one of COACHCAL_SECRET_KEYS" in rotated.detail
    assert rotated.next_step == "run: coachcal secrets reseal"
    # Without theirs; and the channel that nobody can ask about hides nothing
    lost = replace(services, vault=Vault([new]))
    assert (
        only(lost, "secrets").detail == f"2 of 2 do not open, those of {connection_id} among them"
    )
    assert "COACHCAL_SECRET_KEYS" in only(lost, "secrets").next_step
    assert only(lost, f"channel of {connection_id}").next_step
    assert only(lost, "channels").detail == "1 looked at"


# -- channels ----------------------------------------------------------------------------


def test_a_channel_that_pushes_to_an_address_of_before_is_found_and_mended(house: House) -> None:
    services = house.runtime.services
    house.introduce()
    connection_id = house.connect().connection_id
    house.refresh(connection_id)
    assert found(services, f"channel of {connection_id}") == []
    moved = replace(
        services,
        settings=services.settings.model_copy(update={"public_url": _url("http://127.0.0.2:9")}),
    )
    finding = only(moved, f"channel of {connection_id}")
    assert finding.detail == "pushes to http://127.0.0.1:9, not to COACHCAL_PUBLIC_URL"
    assert finding.next_step == "run: coachcal channels audit"


def _url(text: str) -> Any:
    return Settings(**GOOD | {"public_url": text}).public_url
