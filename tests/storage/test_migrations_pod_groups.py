"""Migration 0018: what the hybrid_v2 pods of the release before mean afterwards."""

from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text

from domain.sessions import Refused
from storage import migrations
from storage.rows import pod_groups, sessions
from storage.schema.database import Database, create
from storage.transactions import pod_seats
from tests.storage.kit import TEN, TWO
from tests.support import people

BEFORE = import_module("storage.migrations.versions.0018_pod_groups").down_revision
COLUMNS = "id, coach_id, kind, starts, ends, status, capacity, format, title, context, created_at"


def kept(database: Database, name: str, **other: Any) -> None:
    """A pod as the release before wrote it."""
    values = {"id": name, "coach_id": "ada", "kind": "pod", "starts": TEN, "ends": TEN + 3600}
    values |= {"status": "unbooked", "capacity": 3, "format": "hybrid_v2", "title": "Feedback"}
    values |= {"context": '{"cohort": "spring"}', "created_at": 0} | other
    marks = ", ".join(f":{column}" for column in COLUMNS.split(", "))
    with database.write() as tx:
        tx.execute(text(f"INSERT INTO sessions ({COLUMNS}) VALUES ({marks})"), values)


def test_each_pod_that_bound_who_chose_it_is_a_group_of_its_own_and_binds_them_still(
    empty_database_url: str,
) -> None:
    database = create(empty_database_url)
    migrations.migrate(database)
    people.introduce(database, people.MAILED)
    migrations.migrate(database, BEFORE, destroy=True)
    kept(database, "ses_a")
    kept(database, "ses_b", starts=TWO, ends=TWO + 3600)
    kept(database, "ses_c", starts=TWO + 9000, ends=TWO + 12600, format="open")
    migrations.migrate(database)
    with database.write() as tx:
        groups = [sessions.get(tx, name).group_id for name in ("ses_a", "ses_b", "ses_c")]
        assert groups == ["grp_ses_a", "grp_ses_b", None]
        begun = pod_groups.get(tx, "grp_ses_a")
        assert begun is not None
        assert (begun.title, begun.context.cohort) == ("Feedback", "spring")
        terms = people.terms()
        pod_seats.take_seat(tx, "ses_a", people.GRACE, people.PROGRAMME, terms)
        with pytest.raises(Refused, match="format_forbids"):
            pod_seats.take_seat(tx, "ses_b", people.GRACE, people.PROGRAMME, terms)
    migrations.migrate(database, BEFORE, destroy=True)
    migrations.migrate(database)
    database.close()
