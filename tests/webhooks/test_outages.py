"""What a client is told when the database answers with an error: status, code, and what
to do next.
"""

from collections.abc import Iterator

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support.databases import PostgresDatabases
from tests.support.http_client import SETTINGS, Desk
from webhooks.app import App
from webhooks.front.kinds import KINDS

MOOD = """
CREATE TABLE mood (state text);
CREATE SEQUENCE tries;
CREATE FUNCTION moody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('tries');
    RAISE EXCEPTION 'on purpose' USING ERRCODE = (SELECT state FROM mood);
END $$;
CREATE TRIGGER moody BEFORE INSERT ON coaches FOR EACH ROW EXECUTE FUNCTION moody();
"""
TOLD = {
    "08006": (503, "database_away", 1),
    "25006": (503, "database_read_only", 1),
    "25001": (500, "internal_error", 1),
    "25P03": (503, "database_away", 1),
    "40001": (503, "busy", 2),
    "40P01": (503, "busy", 2),
    "40003": (500, "internal_error", 1),
    "53100": (503, "database_away", 1),
    "55P03": (503, "busy", 1),
    "55000": (500, "internal_error", 1),
    "57014": (503, "database_away", 1),
    "57P01": (503, "database_away", 1),
    "XX000": (503, "database_away", 1),
}


@pytest.fixture(scope="module")
def moody(postgres: PostgresDatabases) -> Iterator[Desk]:
    """A desk whose database refuses each new coach, with the error that its table `mood` says."""
    url = postgres.fresh()
    with desks.opened(url, broker=StubBroker()) as opened:
        with opened.database.write() as tx:
            tx.exec_driver_sql(MOOD)
        yield opened
    postgres.drop(url)


@pytest.mark.parametrize("state", TOLD)
def test_each_error_of_the_database_has_its_answer(moody: Desk, state: str) -> None:
    with moody.database.write() as tx:
        tx.exec_driver_sql(
            "DELETE FROM mood; ALTER SEQUENCE tries RESTART; SELECT nextval('tries')"
        )
        tx.exec_driver_sql(f"INSERT INTO mood VALUES ('{state}')")
    answer = moody.put("/v1/coaches/grace", SETTINGS)
    status, code, tries = TOLD[state]
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    with moody.database.read() as tx:
        assert tx.exec_driver_sql("SELECT last_value FROM tries").scalar() == 1 + tries
    assert moody.look("/readyz").json["database"] == "ok"


def test_what_no_view_saw_says_when_to_come_again_like_any_other_503(moody: Desk) -> None:
    app = moody.client.application
    assert isinstance(app, App)
    for kind, (status, _) in KINDS.items():
        _, headers, _ = app.unread(kind, {})
        assert ("Retry-After" in dict(headers)) == (status == 503), kind
