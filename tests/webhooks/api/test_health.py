"""What watches us: alive, ready, and counting."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.schema.database import create
from tests.support import forks, people
from tests.support import http_client as desks
from tests.support.databases import Kind, migrate
from tests.support.http_client import Desk


def test_alive_is_whoever_answers() -> None:
    with desks.opened("postgresql://127.0.0.1:1/nobody") as desk:
        assert desk.look("/healthz").json == {"status": "ok"}


def test_ready_is_who_reaches_a_database_of_this_release(database_url: str, redis_url: str) -> None:
    with desks.opened(database_url, redis_url) as desk:
        answer = desk.look("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ready", "database": "ok", "redis": "ok"},
    )


def test_redis_is_told_and_not_required(desk: Desk) -> None:
    answer = desk.look("/readyz")
    assert (answer.status_code, answer.json["redis"]) == (200, "away")


def test_without_a_database_nobody_is_ready() -> None:
    with desks.opened("postgresql://127.0.0.1:1/nobody") as desk:
        answer = desk.look("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["database"]) == (
        503,
        "not_ready",
        "away",
    )


def test_a_database_that_was_not_migrated_is_not_ready(empty_database_url: str) -> None:
    create(empty_database_url).close()
    with desks.opened(empty_database_url) as desk:
        answer = desk.look("/readyz")
    assert (answer.status_code, answer.json["database"]) == (503, "other_schema")


def test_while_the_next_release_is_rolled_out_this_one_is_still_ready(
    empty_database_url: str,
) -> None:
    """Its migration has run, and this process was not restarted yet: a proxy may go on
    asking it.
    """
    url = migrate(empty_database_url)  # of its own: others find their database as it was
    with desks.opened(url) as desk:
        with desk.database.write() as tx:
            tx.execute(text("UPDATE alembic_version SET version_num = '9999_next'"))
        answer = desk.look("/readyz")
    assert (answer.status_code, answer.json["database"]) == (200, "ok")


def test_metrics_tell_what_was_asked_owed_and_queued(database_url: str, redis_url: str) -> None:
    with desks.opened(database_url, redis_url) as desk:
        people.introduce(desk.database)
        desks.connect(desk)
        desk.push()
        desk.get("/v1/coaches/ada")
        desk.get("/v1/coaches/nobody")
        desk.get("/no/such/path")
        answer = desk.look("/metrics")
    told = answer.text.splitlines()
    for line in (
        'coachcal_pushes_total{outcome="accepted"} 1.0',
        'coachcal_requests_total{route="/v1/coaches/<coach_id>",status="200"} 1.0',
        'coachcal_requests_total{route="/v1/coaches/<coach_id>",status="404"} 1.0',
        'coachcal_requests_total{route="none",status="404"} 1.0',
        "coachcal_database_up 1.0",
        "coachcal_connections_owed 1.0",
        "coachcal_redis_up 1.0",
        'coachcal_queue_depth{queue="freebusy"} 1.0',
        'coachcal_queue_depth{queue="slots"} 0.0',
    ):
        assert line in told
    assert "ada" not in answer.text
    assert answer.mimetype == "text/plain"


@pytest.mark.parametrize("port", [None, 9190])
def test_metrics_are_nowhere_but_inside(
    fresh_database: Callable[[Kind], str], port: int | None
) -> None:
    with desks.opened(fresh_database("sqlite"), internal_port=port) as desk:
        outside, inside = {"SERVER_PORT": "8000"}, {"SERVER_PORT": "9190"}
        assert desk.look("/metrics", environ_overrides=outside).json["code"] == "unknown_path"
        assert desk.look("/metrics", environ_overrides=inside).status_code == (
            404 if port is None else 200
        )
        # The pages of ops are with the rest where there is no port for the inside
        assert desk.look("/ops/login", environ_overrides=outside).status_code == (
            200 if port is None else 404
        )
        assert desk.look("/ops/login", environ_overrides=inside).status_code == 200


def test_metrics_are_there_when_nothing_else_is() -> None:
    with desks.opened("postgresql://127.0.0.1:1/nobody") as desk:
        told = desk.look("/metrics").text
    assert "coachcal_database_up 0.0" in told
    assert "coachcal_redis_up 0.0" in told
    assert "coachcal_connections_owed" not in told


def test_two_apps_in_one_process_count_apart(fresh_database: Callable[[Kind], str]) -> None:
    with (
        desks.opened(fresh_database("sqlite")) as one,
        desks.opened(fresh_database("sqlite")) as other,
    ):
        one.look("/healthz")
        assert 'route="/healthz"' in one.look("/metrics").text
        assert 'route="/healthz"' not in other.look("/metrics").text


def test_web_processes_count_together_where_they_share_a_folder(
    fresh_database: Callable[[Kind], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    url = fresh_database("sqlite")
    told = [forks.run("tests.webhooks.a_count", url).stdout for _ in range(2)]
    assert 'coachcal_requests_total{route="/healthz",status="200"} 2.0' in told[1]
    assert "coachcal_database_up 1.0" in told[1]
