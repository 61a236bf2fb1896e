"""No command is a dead end: whatever is away, wrong, taken or full, it ends in a sentence."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storage import migrations
from storage.schema.database import create
from tests.support.databases import Kind, PostgresDatabases
from tests.webhooks.cli.dead_ends import (
    ALONE,
    ASKS,
    COMMANDS,
    GOOD,
    NONSENSE,
    RUNS,
    WAYS,
    ended_well_said,
    fill,
    is_a_sentence,
    leaves,
    run,
    small_disk,
    sqlite,
)
from webhooks.cli import common
from webhooks.demo.processes import Processes
from webhooks.sentences import sentence
from workers.cronofy.sandbox.server import Sandbox
from workers.settings import Settings, variable


@pytest.fixture(scope="module")
def cronofy() -> Iterator[dict[str, str]]:
    """A Cronofy that is well: what the doctor says of others is soon said of it."""
    with Sandbox(seeds=()) as sandbox:
        yield {
            "COACHCAL_CRONOFY_ORIGIN": sandbox.origin,
            "COACHCAL_CRONOFY_CLIENT_ID": sandbox.client_id,
            "COACHCAL_CRONOFY_CLIENT_SECRETS": sandbox.client_secret,
        }


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cronofy: dict[str, str]
) -> pytest.MonkeyPatch:
    """Good settings; and no command that would start a server takes this process with it."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    for name, value in {
        **GOOD,
        **cronofy,
        "DATABASE_URL": sqlite(tmp_path / "none.sqlite"),
    }.items():
        monkeypatch.setenv(name, value)

    def started(*arguments: object) -> None:
        raise AssertionError(f"it would have started: {arguments}")

    monkeypatch.setattr(os, "execve", started)
    monkeypatch.setattr(common, "PORT_SECONDS", 0)
    return monkeypatch


def test_every_command_is_tried_here() -> None:
    assert {name for name, _ in leaves()} == set(COMMANDS)


# -- the database ------------------------------------------------------------------------


@pytest.fixture
def bad_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    def made(way: str) -> str:
        files = {
            "no folder": tmp_path / "none" / "x.sqlite",
            "no file": tmp_path,
            "unwritable": Path("/proc/x.sqlite"),
        }
        if way in files:
            return sqlite(files[way])
        if way == "damaged":
            (tmp_path / "notes").write_text("milk, eggs; " * 100)
            return sqlite(tmp_path / "notes")
        if way == "no server":
            return "postgresql://nobody@127.0.0.1:9/none"
        databases: PostgresDatabases = request.getfixturevalue("postgres")
        url = urlsplit(databases.server.url)
        if way == "no database":
            return url._replace(path="/none").geturl()
        user, password = ("nobody", "x") if way == "user" else (url.username, "wrong")
        return url._replace(netloc=f"{user}:{password}@{url.hostname}:{url.port}").geturl()

    return made


@pytest.mark.parametrize("way", WAYS)
def test_a_database_that_is_not_to_be_had_is_a_sentence(
    environment: pytest.MonkeyPatch, bad_url: Callable[[str], str], way: str
) -> None:
    environment.setenv("DATABASE_URL", bad_url(way))
    for name in ASKS:
        ended_well_said(run(name), "DATABASE_URL")


def test_a_database_without_a_schema_has_every_command_but_migrate_name_it(
    environment: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    environment.setenv("DATABASE_URL", empty_database_url)
    for name in (*ASKS, "clock"):
        if name != "migrate":
            ended_well_said(run(name), "coachcal migrate")
    assert run("migrate").exit_code == 0


def test_a_schema_of_an_older_release_is_never_a_trace(
    environment: pytest.MonkeyPatch, empty_database_url: str
) -> None:
    """What a command does not need of the newer schema, it does not miss."""
    oldest = min(migrations.KNOWN)
    database = create(empty_database_url)
    migrations.migrate(database, oldest)
    database.close()
    environment.setenv("DATABASE_URL", empty_database_url)
    missed = []
    for name in (*ASKS, "clock"):
        if name == "migrate":
            continue
        result = run(name)
        assert "Traceback" not in result.output
        if "coachcal migrate" in result.output:
            missed.append(name)
            ended_well_said(result, "coachcal migrate")
    assert {"clock", "doctor", "dead list"} <= set(missed)


# -- settings ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ASKS, *RUNS])
def test_all_that_is_missing_is_named_at_once(environment: pytest.MonkeyPatch, name: str) -> None:
    for variable_name in (*GOOD, "DATABASE_URL"):
        environment.delenv(variable_name)
    environment.setenv("PORT", "many")
    result = run(name)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    named = {line.split(":")[0].strip() for line in result.stderr.splitlines()[1:]}
    assert named == {*GOOD, "DATABASE_URL", "PORT"}


@pytest.mark.parametrize(
    ("wrong", "value"), [(name, value) for name, values in NONSENSE.items() for value in values]
)
def test_a_value_that_makes_no_sense_is_named(
    environment: pytest.MonkeyPatch, wrong: str, value: str
) -> None:
    environment.setenv(wrong, value)
    for name in ("migrate", *RUNS):
        result = run(name)
        assert result.exit_code == 1
        (_, said) = result.stderr.splitlines()
        assert said.startswith(f"  {wrong}: ")
        assert len(said) > len(wrong) + 20, "it does not say what to write"


@pytest.mark.parametrize("name", RUNS)
def test_what_a_setting_needs_and_is_not_installed_is_named(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.setitem(__import__("sys").modules, "sentry_sdk", None)
    environment.setenv("COACHCAL_SENTRY_DSN", "https://key@sentry.invalid/1")
    ended_well_said(run(name), "COACHCAL_SENTRY_DSN")


# -- Redis -------------------------------------------------------------------------------


def test_without_redis_commands_do_what_they_can(
    environment: pytest.MonkeyPatch, fresh_database: Callable[[Kind], str]
) -> None:
    environment.setenv("DATABASE_URL", fresh_database("sqlite"))
    for name in ASKS:
        result = run(name)
        assert "Traceback" not in result.output
        if name in ("queues", "doctor"):
            ended_well_said(result, "REDIS_URL")
        elif result.exit_code:
            is_a_sentence(result.stderr, "ada", "0123", "coachcal")


# -- ports -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("serve", "PORT"),
        ("serve", "COACHCAL_INTERNAL_PORT"),
        ("work", "COACHCAL_WORKER_METRICS_PORT"),
        ("clock", "COACHCAL_CLOCK_METRICS_PORT"),
        ("sandbox", "--port"),
    ],
)
def test_a_port_that_is_taken_is_named_with_its_setting(
    environment: pytest.MonkeyPatch, name: str, setting: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        more = (setting, port) if name == "sandbox" else ()
        if not more:
            environment.setenv(setting, port)
        result = run(name, *more)
    ended_well_said(result, setting)
    assert port in result.stderr


def test_an_address_that_is_not_this_machine_s_is_named(environment: pytest.MonkeyPatch) -> None:
    ended_well_said(run("serve", "--host", "192.0.2.1"), "COACHCAL_HOST")


def test_the_port_for_the_inside_is_another_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "8123")
    environment.setenv("COACHCAL_INTERNAL_PORT", "8123")
    ended_well_said(run("serve"), "COACHCAL_INTERNAL_PORT")


# -- files and disks ---------------------------------------------------------------------


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for path in ("/proc/none/ready.json", str(tmp_path / "none" / "ready.json")):
        ended_well_said(
            run("sandbox", "--port", "0", "--ready-file", path), path.rpartition("/")[0]
        )


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes("Zoë".encode("latin-1"))
    ended_well_said(run("evaluate", arguments=(str(tmp_path / "latin.jsonl"),)), "UTF-8")


def test_a_full_disk_is_told_and_changes_nothing(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        environment.setenv("DATABASE_URL", sqlite(disk / "small.sqlite"))
        ended_well_said(run("migrate"), "DATABASE_URL")
        database = create(sqlite(disk / "small.sqlite"))
        assert migrations.standing(database) == "none"
        database.close()
        fill(disk)
        ended_well_said(
            run("sandbox", "--port", "0", "--ready-file", str(disk / "ready.json")), "disk is full"
        )


def test_a_demo_on_a_full_disk_blames_the_disk_and_not_a_process(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        processes = Processes(disk)
        processes.start("odd", module="nonesuch", env={})
        with pytest.raises(OSError, match="No space") as failed:
            processes.wait_for_file(disk / "ready.json")
        processes.stop()
    assert "the disk is full" in str(sentence(failed.value))


# -- the rest ----------------------------------------------------------------------------


def test_what_nobody_foresaw_is_a_sentence_too_and_a_trace_on_request(
    environment: pytest.MonkeyPatch,
) -> None:
    class Odd(Exception):
        pass

    def fails() -> None:
        raise Odd("two\nlines")

    environment.setattr("webhooks.cli.looks.opened", fails)
    ended_well_said(run("connect"), "coachcal --trace")
    from click.testing import CliRunner

    from webhooks.cli import main

    assert isinstance(CliRunner().invoke(main, ["--trace", "connect", "ada"]).exception, Odd)


def test_whatever_needs_no_setting_runs_without_any(environment: pytest.MonkeyPatch) -> None:
    for name in (*GOOD, "DATABASE_URL"):
        environment.delenv(name)
    assert run("evaluate").exit_code == 0
    assert run("secrets create").exit_code == 0
    assert set(ALONE) < set(COMMANDS)
