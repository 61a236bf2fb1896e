"""The commands that ops type: each says what it did, or the next step."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dramatiq import Worker

from storage.rows import api_keys
from tests.support import people
from tests.support.command_line import run
from tests.support.in_process import House, built
from webhooks.cli import main
from workers.actors import declare_actors
from workers.broker import create_broker, create_redis


@pytest.fixture
def working(told: House, redis_url: str) -> Iterator[House]:
    """And a worker on the real Redis."""
    broker = create_broker(create_redis(redis_url, timeout=5))
    declare_actors(broker, told.runtime.services)
    worker = Worker(broker, worker_timeout=20, worker_threads=2)
    worker.start()
    yield told
    worker.stop()
    broker.close()


def test_a_new_key_is_shown_once_and_opens(told: House) -> None:
    result = run("keys", "create", "coach-os", "--scope", "slots:read", "--days", "30")
    key = result.stdout.strip()
    with told.runtime.services.database.read() as tx:
        found = api_keys.authenticate(tx, key, now=told.runtime.services.now())
    assert found is not None
    assert found.scopes == ("slots:read",)
    listed = run("keys", "list").stdout
    assert found.id in listed
    assert "active until" in listed
    assert key not in listed


def test_a_revoked_key_is_told_and_cannot_be_revoked_twice(told: House) -> None:
    key_id = run("keys", "create", "coach-os", "--scope", "ops").stdout.split("_")[1]
    assert run("keys", "revoke", key_id, "--yes").exit_code == 0
    assert "revoked" in run("keys", "list").stdout
    again = run("keys", "revoke", key_id, "--yes")
    assert again.exit_code == 1
    assert "coachcal keys list" in again.output


def test_a_third_key_is_refused_with_the_next_step(told: House) -> None:
    results = [run("keys", "create", "coach-os", "--scope", "ops") for _ in range(3)]
    assert [result.exit_code for result in results] == [0, 0, 1]
    assert "revoke one first" in results[2].output


def test_connect_prints_a_link_for_a_coach_who_is_there(told: House) -> None:
    told.introduce()
    assert run("connect", "ada").stdout.startswith(f"{told.runtime.settings.base_url}/c/")
    missing = run("connect", "nobody")
    assert missing.exit_code == 1
    assert "PUT /v1/coaches/nobody" in missing.output


def test_refresh_reads_through_the_queue_and_says_what_changed(working: House) -> None:
    working.introduce()
    account = working.connect()
    working.refresh(account.connection_id)
    version = working.listing().version
    assert run("refresh", "ada").stdout == "read 1 account(s): no change\n"
    start = people.NOW.replace(day=2, hour=10)
    working.control.add_event(account.calendar, start, start.replace(hour=11), notify=False)
    assert (
        run("refresh", "ada").stdout == f"read 1 account(s): version {version} -> {version + 1}\n"
    )


def test_a_dry_run_of_refresh_says_what_would_change_and_stores_nothing(told: House) -> None:
    told.introduce()
    account = told.connect()
    told.refresh(account.connection_id)
    version = told.listing().version
    result = run("refresh", "ada", "--dry-run")
    assert result.stdout.startswith("looked at 1 account(s), nothing was stored\n"), result.output
    assert "busy periods added: " in result.stdout
    assert told.listing().version == version
    assert not told.owed(account.connection_id)
    missing = run("refresh", "nobody", "--dry-run")
    assert missing.exit_code == 1
    assert "coachcal connect nobody" in missing.output


def test_refresh_without_a_worker_says_so(told: House) -> None:
    told.introduce()
    told.connect()
    result = run("refresh", "ada", "--wait", "0.1")
    assert result.exit_code == 1
    assert "are worker and clock running?" in result.output


def test_refresh_of_a_coach_without_a_calendar_says_how_to_connect_one(told: House) -> None:
    told.introduce()
    assert "coachcal connect ada" in run("refresh", "ada").output


def test_slots_prints_what_the_api_answers(told: House) -> None:
    told.introduce()
    told.refresh(told.connect().connection_id)
    result = run("slots", "ada", "--from", "2026-06-02", "--to", "2026-06-03", "--duration", "60")
    # The command's clock is the real one: what it shows of 2026 is past, and said to be stale.
    answer = json.loads(result.stdout)
    assert answer["coach_id"] == "ada"
    assert answer["version"] == told.listing().version
    assert run("slots", "nobody").exit_code == 1
    assert "duration" in run("slots", "ada", "--duration", "45").output


def test_the_doctor_is_content_or_says_the_next_step(
    told: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = run("doctor")
    assert well.exit_code == 0, well.output
    assert "FAIL" not in well.output
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    ill = run("doctor")
    assert ill.exit_code == 1
    assert re.search(r"FAIL\s+redis.*\n\s+next: ", ill.output)


def test_a_monitor_reads_the_doctor_line_by_line(
    told: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    ill = run("doctor", "--json")
    assert ill.exit_code == 1
    found = [json.loads(line) for line in ill.stdout.splitlines()]
    assert found[0]["check"] == "settings"
    assert all(set(each) == {"check", "ok", "detail", "next_step"} for each in found)
    assert all(each["ok"] == (each["next_step"] is None) for each in found)
    assert "redis" in [each["check"] for each in found if not each["ok"]]


def test_migrate_brings_an_empty_database_up(
    told: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite")
    assert "next: run: coachcal migrate" in run("doctor").output
    assert run("migrate").stdout == "the schema is at head\n"
    assert "schema: up to date" in run("doctor").output


@pytest.mark.parametrize(
    "arguments", [("slots", "ada", "--from", "soon"), ("demo", "--now", "25:00")]
)
def test_an_instant_that_is_none_is_refused_with_an_example(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "2026-11-23T09:00:00Z" in result.output


def test_every_command_explains_itself() -> None:
    for name in main.commands:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()) > 3


def test_a_house_can_be_built_for_any_settings(database_url: str, redis_url: str) -> None:
    with built(database_url, redis_url, stale_minutes=5) as other:
        assert other.runtime.settings.least_stale_after.total_seconds() == 300
