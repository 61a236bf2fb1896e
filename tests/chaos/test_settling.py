"""What is waited for at the end of a run."""

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import settle

TABLES = """
CREATE TABLE outbox (kind, topic, state, due_at);
CREATE TABLE connections (coach_id, done_gen, req_gen);
CREATE TABLE event_differences (session_id, kind, token, mailed_token);
"""


@pytest.mark.parametrize(
    ("kind", "mailed", "owed"),
    [
        ("moved", None, ["1 changes of events to mail of"]),
        ("moved", "before", ["1 changes of events to mail of"]),
        ("moved", "now", []),
        ("settled", "before", []),
    ],
)
def test_a_change_of_an_event_is_waited_for_until_its_coach_is_mailed(
    kind: str, mailed: str | None, owed: list[str]
) -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    change = ("ses_1", kind, "now", mailed)
    database.execute("INSERT INTO event_differences VALUES (?, ?, ?, ?)", change)
    scene: Any = SimpleNamespace(
        database=SimpleNamespace(query=lambda sql: database.execute(sql).fetchall()),
        control=SimpleNamespace(pending=lambda: 0),
    )
    onlooker: Any = SimpleNamespace(unseen=0)
    assert list(settle._left(scene, onlooker)) == owed
