"""API keys: shown once, kept as a hash, refused when wrong, old or revoked."""

from datetime import timedelta

import pytest

from storage.rows import api_keys as api_key_rows
from storage.schema.database import Database
from storage.schema.tables import api_keys
from tests.support.people import NOW

SCOPES = ("slots:read", "coaches:write")


def create(database: Database, **options: object) -> str:
    with database.write() as tx:
        return api_key_rows.create_key(tx, "coach-os", SCOPES, now=NOW, **options)  # type: ignore[arg-type]


def authenticate(database: Database, key: str, days: int = 0) -> api_key_rows.Key | None:
    with database.read() as tx:
        return api_key_rows.authenticate(tx, key, now=NOW + timedelta(days=days))


def test_a_key_opens_for_its_client_and_scopes(database: Database) -> None:
    found = authenticate(database, create(database))
    assert found is not None
    assert (found.client_id, found.scopes) == ("coach-os", SCOPES)


@pytest.mark.parametrize(
    "spoil", ["{}x", "x{}", "{0}"[:0], "cck_", "cck__", "bearer", "cck_0123_456", "ü{}"]
)
def test_any_other_key_is_refused(database: Database, spoil: str) -> None:
    assert authenticate(database, spoil.format(create(database))) is None


def test_a_key_with_another_prefix_is_refused(database: Database) -> None:
    assert authenticate(database, "xyz" + create(database)[3:]) is None


def test_the_secret_is_nowhere_in_the_database(database: Database) -> None:
    secret = create(database).split("_", 2)[2]
    with database.read() as tx:
        stored = repr(tx.execute(api_keys.select()).all())
    assert secret not in stored


def test_an_expired_key_is_refused(database: Database) -> None:
    key = create(database, expires_at=NOW + timedelta(days=1))
    assert authenticate(database, key) is not None
    assert authenticate(database, key, days=1) is None


def test_a_revoked_key_is_refused_and_can_be_revoked_once(database: Database) -> None:
    key = create(database)
    key_id = key.split("_")[1]
    with database.write() as tx:
        assert api_key_rows.revoke_key(tx, key_id, now=NOW)
        assert not api_key_rows.revoke_key(tx, key_id, now=NOW)
    assert authenticate(database, key) is None


def test_a_client_has_two_active_keys_at_most_so_that_it_can_rotate(database: Database) -> None:
    first = create(database)
    create(database)
    with pytest.raises(api_key_rows.TooManyKeys):
        create(database)
    with database.write() as tx:
        api_key_rows.revoke_key(tx, first.split("_")[1], now=NOW)
    create(database)
    with database.read() as tx:
        assert len(api_key_rows.list_keys(tx)) == 3
