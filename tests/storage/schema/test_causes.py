"""Whatever the database says, a person is told what is the matter and the next step."""

import psycopg.errors
import pytest
from sqlalchemy.exc import ArgumentError, DBAPIError, TimeoutError  # noqa: A004 (the pool's own)

from storage.schema import causes
from storage.schema.causes import Cause, cause

# Every class of error that means "not now" or "not so", by a state of each; and what is wrong with
# the schema.
STATES = {
    "3D000": causes.NO_DATABASE,
    "28000": causes.NO_ENTRY,
    "28P01": causes.NO_ENTRY,
    "42501": causes.NO_RIGHT,
    "42P01": causes.MIGRATE,
    "42703": causes.MIGRATE,
    "3F000": causes.MIGRATE,
    "25006": causes.READ_ONLY,
    "53100": causes.NO_ROOM,
    "55P03": causes.BUSY,
    "57014": causes.BUSY,
    "40001": causes.BUSY,
    "40P01": causes.BUSY,
    **dict.fromkeys(
        ("08006", "25P02", "25P03", "53200", "53300", "55006", "57P01", "57P03", "58030", "XX000")
    ),
}
REFUSALS = {
    'FATAL:  database "x" does not exist': causes.NO_DATABASE,
    'FATAL:  password authentication failed for user "x"': causes.NO_ENTRY,
    'FATAL:  role "x" does not exist': causes.NO_ENTRY,
    "fe_sendauth: no password supplied": causes.NO_ENTRY,
    'FATAL:  no pg_hba.conf entry for host "::1"': causes.NO_ENTRY,
    "session is read-only": causes.READ_ONLY,
    "FATAL:  sorry, too many clients already": None,
    "FATAL:  the database system is starting up": None,
    "port 9 failed: Connection refused\n\tIs the server running?": None,
    "la base de données n'existe pas": None,
}


def raised(error: Exception) -> Cause:
    """As SQLAlchemy hands a driver's error on."""
    found = cause(DBAPIError("SELECT 1", {}, error))
    assert found is not None
    assert "DATABASE_URL" in f"{found}" or found is causes.MIGRATE
    assert "\n" not in f"{found.matter}{found.next_step}"
    return found


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_postgresql_has_a_next_step(state: str) -> None:
    found = raised(psycopg.errors.lookup(state)("what it said\nLINE 1: ..."))
    assert found is (STATES[state] or found)


@pytest.mark.parametrize("said", REFUSALS)
def test_a_refused_connection_has_a_next_step_too(said: str) -> None:
    found = raised(psycopg.OperationalError(f"connection failed: {said}"))
    assert found is (REFUSALS[said] or found)


def test_what_sqlalchemy_itself_says_is_the_database_s_too() -> None:
    for error in (ArgumentError("no URL"), TimeoutError("QueuePool limit")):
        found = cause(error)
        assert found is not None
        assert "DATABASE_URL" in found.next_step
    assert cause(KeyError("x")) is None
