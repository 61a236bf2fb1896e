"""What destroys asks first: nobody to ask is a no, and nothing is changed then."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from storage import migrations
from storage.reports.causes import id_of
from storage.rows import api_keys
from storage.schema import tables
from storage.schema.database import create
from tests.support import people
from tests.support.databases import Kind
from tests.webhooks.cli.dead_ends import GOOD, content, is_a_sentence, leaves, run, sqlite
from workers.settings import Settings, variable

ROOT = Path(__file__).parents[3]
OLDEST = min(migrations.KNOWN)
REFUSED = "550 5.7.1"
DEAD_LETTER: dict[str, object] = {
    "id": "out_1",
    "kind": "mail",
    "topic": "booked",
    "dedupe_key": "1",
    "payload": {},
    "state": "dead",
    "last_error": REFUSED,
    "due_at": people.NOW,
    "created_at": people.NOW,
}
DESTROY = {
    "migrate": (("--to", "base"), ("--to", OLDEST)),
    "keys revoke": (("k1",),),
    "dead discard": (("out_1",),),
    "erase": (("ada",),),
    "causes discard": ((id_of("mail", "dead", REFUSED),),),
    # It destroys nothing, and fills somebody's database.
    "seed": (("--among-real-coaches", "--coaches", "1", "--bookings", "1"),),
}


@pytest.fixture
def url(fresh_database: Callable[[Kind], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a coach, a key and a dead letter; the settings name it."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    made = fresh_database("sqlite")
    for name, value in {**GOOD, "DATABASE_URL": made}.items():
        monkeypatch.setenv(name, value)
    database = create(made)
    people.introduce(database)
    with database.write() as tx:
        api_keys.create_key(tx, "coach-os", ("ops",), now=people.NOW)
        tx.execute(tables.api_keys.update().values(id="k1"))
        tx.execute(tables.outbox.insert().values(**DEAD_LETTER))
    database.close()
    return made


def test_each_command_that_destroys_has_a_yes_and_no_other_has_one() -> None:
    with_yes = {
        name for name, command in leaves() if any(_is_yes(option) for option in command.params)
    }
    assert with_yes == set(DESTROY)


def _is_yes(option: click.Parameter) -> bool:
    return option.name == "yes"


@pytest.mark.parametrize(
    ("name", "arguments"), [(name, each) for name, all_ in DESTROY.items() for each in all_]
)
def test_without_a_terminal_nothing_is_destroyed(
    url: str, name: str, arguments: tuple[str, ...]
) -> None:
    before = content(url)
    result = run(name, arguments=arguments)
    assert result.exit_code == 1
    is_a_sentence(result.stderr, "--yes")
    assert content(url) == before


def test_the_way_up_is_not_asked_about(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite(tmp_path / "new.sqlite"))
    assert run("migrate", "--to", OLDEST).exit_code == 0
    assert run("migrate").exit_code == 0
    assert run("migrate", "--to", "head").exit_code == 0
    assert run("migrate", "--to", migrations.HEAD).exit_code == 0
    assert run("migrate", "--to", "base", "--yes").exit_code == 0
    assert run("migrate", "--to", "base").exit_code == 0  # there is nothing left to destroy


@pytest.mark.parametrize("revision", ["9999", "-1", "000", "head-1", ""])
def test_a_revision_that_is_none_is_a_sentence(url: str, revision: str) -> None:
    before = content(url)
    result = run("migrate", f"--to={revision}")
    assert result.exit_code == 1
    is_a_sentence(result.stderr, "--to takes head, base, 0001")
    assert content(url) == before


def test_a_schema_of_a_newer_release_is_left_alone(url: str) -> None:
    database = create(url)
    with database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert migrations.standing(database) == "newer"
    database.close()
    for arguments in ((), ("--to", "base", "--yes")):
        result = run("migrate", arguments=arguments)
        assert result.exit_code == 1
        is_a_sentence(result.stderr, "newer release (9999)")


def process(*arguments: str, stdin: int | None, close: bool = False) -> subprocess.Popen[str]:
    ours = [sys.executable, "-m", "webhooks", *arguments]
    command = ["sh", "-c", 'exec "$@" <&-', "sh", *ours] if close else ours
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("close", [True, False])
def test_a_closed_or_empty_stdin_is_a_no(url: str, close: bool) -> None:
    before = content(url)
    with process("migrate", "--to", "base", stdin=subprocess.DEVNULL, close=close) as running:
        _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    is_a_sentence(said, "--yes")
    assert content(url) == before


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("\x04", 1), ("y\n", 0)])
def test_a_terminal_is_asked_on(url: str, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    with process("migrate", "--to", "base", stdin=theirs) as running:
        os.close(theirs)
        os.write(ours, answer.encode())
        out, said = running.communicate(timeout=60)
    os.close(ours)
    assert running.returncode == code, said
    assert "What is in the tables that go is lost" in said
    assert out == ("the schema is at base\n" if code == 0 else "")
    database = create(url)
    assert migrations.standing(database) == ("none" if code == 0 else "current")
    database.close()
