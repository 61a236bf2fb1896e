"""A push that was refused with 503 is made up for once the database is back, before Cronofy comes
again.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from storage.schema.database import create
from tests.support.http_client import Desk
from tests.support.no_threads import none_left
from tests.webhooks.api.pushes import kind
from webhooks.http import late_pushes
from webhooks.http.late_pushes import LatePushes

REFUSING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'on purpose' USING ERRCODE = '25006';
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON connections FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@contextmanager
def read_only(desk: Desk) -> Iterator[None]:
    with desk.database.write() as tx:
        tx.exec_driver_sql(REFUSING)
    yield
    with desk.database.write() as tx:
        tx.exec_driver_sql("DROP FUNCTION refuse CASCADE")


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    file = desk.database.engine.url.database
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")


OUTAGES: dict[str, Callable[[Desk], AbstractContextManager[None]]] = {
    "postgresql": read_only,
    "sqlite": locked,
}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_was_refused_is_owed_and_woken_for_once_the_database_is_back(
    desk: Desk, ada: str
) -> None:
    # Given three pushes of two kinds that could not be written down
    out = OUTAGES[desk.database.engine.dialect.name]
    with out(desk):
        for raw in (kind("change"), kind("profile_disconnected"), kind("change")):
            assert desk.push(raw).status_code == 503
        assert desk.owes(ada) == 0
    # When the database is back, and Cronofy does not come again
    until(lambda: desk.owes(ada) > 0 and bool(desk.woken()))
    # Then a read is owed, and a worker was woken for it
    assert desk.woken() == [ada]
    # And when Cronofy does, that is no more than another push
    assert desk.push().status_code == 204


def test_a_channel_that_is_gone_by_then_owes_nothing(desk: Desk, ada: str) -> None:
    out = OUTAGES[desk.database.engine.dialect.name]
    with out(desk):
        assert desk.push(kind("a_type_of_2027")).status_code == 204
        assert desk.push(path="/webhooks/cronofy/of-nobody").status_code == 404
    assert desk.owes(ada) == 0


class Owing:
    """What could not be owed at first, in place of a database that is out."""

    def __init__(self) -> None:
        self.out = {b"broken", b"held", b"one", b"two"}
        self.owed: set[bytes] = set()

    def __call__(self, channel: bytes, kind: str) -> None:
        if channel in self.out:
            raise OperationalError(None, None, Exception("away"))
        if channel == b"broken":
            raise ValueError("on purpose")
        self.owed.add(channel)


def test_none_is_in_the_way_of_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_pushes, "MOST", 4)
    monkeypatch.setattr(late_pushes, "AGAIN_SECONDS", 0.05)
    owing = Owing()
    late = LatePushes(desk.database, owing)
    for channel in (b"held", b"broken", b"one", b"two", b"one"):
        late.remember(channel, "change")
    # When all can be owed but one, whose row somebody holds, and one is beyond us
    owing.out = {b"held"}
    until(lambda: owing.owed == {b"one", b"two"})
    # Then the one that was held follows, and whatever comes after it
    owing.out = set()
    until(lambda: b"held" in owing.owed)
    late.remember(b"four", "change")
    until(lambda: b"four" in owing.owed)


def test_what_is_remembered_has_its_bound_and_its_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_pushes, "MOST", 3)
    monkeypatch.setattr(late_pushes, "KEPT_SECONDS", 10.0)
    monkeypatch.setattr(late_pushes, "AGAIN_SECONDS", 0.05)
    tried = set()

    def out(channel: bytes, _kind: str) -> None:
        tried.add(channel)
        raise OperationalError(None, None, Exception("away"))

    late = LatePushes(desk.database, out)
    for number in range(20):
        late.remember(b"%d" % number, "change")
    until(lambda: not late._trying)
    assert 3 <= len(tried) <= 4, "one may have been on trial while another took its place"


def test_whose_database_was_closed_meanwhile_says_nothing() -> None:
    database = create("sqlite://")
    with capture_logs() as logs:
        LatePushes(database, lambda *_: database.close()).remember(b"one", "change")
        until(lambda: "late-pushes" not in [each.name for each in threading.enumerate()])
    assert "late_pushes_made_up" not in [line["event"] for line in logs]


def test_where_no_thread_is_left_the_next_refused_push_finds_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_pushes, "MOST", 1)
    owing = Owing()
    owing.out = set()
    late = LatePushes(desk.database, owing)
    # Given a push that nobody can make up for
    with none_left("late-pushes"):
        late.remember(b"one", "change")
    assert owing.owed == set()
    # When another is refused, for which there is not even room
    late.remember(b"two", "change")
    # Then the first is made up for
    until(lambda: owing.owed == {b"one"})
