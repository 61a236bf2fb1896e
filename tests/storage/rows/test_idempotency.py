"""One key, one effect: the answer of a write is kept, and given again to whoever repeats it."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from storage.rows import idempotency
from storage.rows.idempotency import KeyReused, StoredAnswer
from storage.schema.database import Database
from tests.support import people

BODY, OTHER = b"digest of a body", b"digest of another"
ANSWER = StoredAnswer(201, b'{"id": "bkg_1"}')


def write(
    database: Database, key: str = "k1", digest: bytes = BODY, client: str = "os", **by: float
) -> StoredAnswer | None:
    """One request: the stored answer, or None when it did the work."""
    now = people.NOW + timedelta(**by)
    with database.write() as tx:
        known = idempotency.begin(tx, client, key, digest, now=now)
        if known is None:
            idempotency.remember(tx, client, key, ANSWER)
    return known


def test_a_repeated_write_gets_the_stored_answer(database: Database) -> None:
    assert write(database) is None
    assert write(database) == ANSWER
    assert write(database, hours=47) == ANSWER


def test_the_key_of_another_body_is_refused_and_nothing_is_written(database: Database) -> None:
    write(database)
    with pytest.raises(KeyReused):
        write(database, digest=OTHER)
    assert write(database) == ANSWER


def test_keys_belong_to_a_client(database: Database) -> None:
    write(database)
    assert write(database, client="another", digest=OTHER) is None
    assert write(database, key="k2") is None


def test_after_two_days_a_key_is_new(database: Database) -> None:
    write(database)
    assert write(database, digest=OTHER, hours=48) is None
    assert write(database, digest=OTHER, hours=49) == ANSWER


def test_old_answers_are_dropped(database: Database) -> None:
    write(database)
    write(database, key="k2", hours=10)
    with database.write() as tx:
        assert idempotency.drop_old(tx, now=people.NOW + timedelta(hours=48)) == 1
        assert idempotency.drop_old(tx, now=people.NOW + timedelta(hours=48)) == 0
    assert write(database, key="k2", hours=48) == ANSWER


def test_a_write_that_failed_leaves_its_key_free(database: Database) -> None:
    with suppress(RuntimeError), database.write() as tx:
        assert idempotency.begin(tx, "os", "k1", BODY, now=people.NOW) is None
        raise RuntimeError
    assert write(database, digest=OTHER) is None


@pytest.mark.parametrize("fails", [False, True])
def test_a_second_request_waits_for_the_first(database: Database, fails: bool) -> None:
    """It gets the first one's answer; or, when that one failed, does the work itself."""
    found: list[StoredAnswer | None] = []
    second = threading.Thread(target=lambda: found.append(write(database)))
    with suppress(RuntimeError), database.write() as tx:
        idempotency.begin(tx, "os", "k1", BODY, now=people.NOW)
        second.start()
        second.join(0.3)
        assert second.is_alive()
        if fails:
            raise RuntimeError
        idempotency.remember(tx, "os", "k1", ANSWER)
    second.join(60)
    assert found == [None if fails else ANSWER]
