"""What the tests of dead ends share: each command with arguments that it takes, and how
it is run.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from storage.schema.database import create
from storage.schema.tables import metadata
from webhooks.cli import main

COMMANDS: dict[str, tuple[str, ...]] = {
    "demo": ("--once",),
    "serve": (),
    "work": (),
    "clock": (),
    "sandbox": (),
    "migrate": (),
    "mails": ("looked-at",),
    "words": (),
    "keys create": ("coach-os", "--scope", "ops"),
    "keys list": (),
    "keys revoke": ("0123", "--yes"),
    "secrets create": (),
    "secrets reseal": (),
    "connect": ("ada",),
    "refresh": ("ada", "--wait", "0.1"),
    "slots": ("ada",),
    "evaluate": ("-",),
    "doctor": (),
    "queues": (),
    "withheld list": (),
    "withheld release": ("wad_1",),
    "causes list": (),
    "causes requeue": ("cau_1",),
    "causes discard": ("cau_1", "--yes"),
    "causes retry": ("cau_1",),
    "causes release": ("cau_1",),
    "causes acknowledge": ("cau_1",),
    "causes stop": ("blk_1",),
    "pauses": (),
    "pause": ("mail",),
    "resume": ("mail",),
    "dead list": (),
    "dead requeue": ("out_1",),
    "dead discard": ("out_1", "--yes"),
    "outbox": (),
    "coaches": (),
    "channels audit": (),
    "export": ("ada",),
    "lists": ("bookings",),
    "seed": ("--yes",),
    "history": ("bkg_1",),
    "erase": ("ada", "--yes"),
}
"""Every command. One that is new has to be written down here: then all the dead ends are tried with
it.
"""
ALONE = ("demo", "sandbox", "evaluate", "mails", "words", "secrets create")
"""Those that need no setting."""
RUNS = ("serve", "work", "clock")
"""Those that wait for a neighbour that is away."""
ASKS = [name for name in COMMANDS if name not in (*ALONE, *RUNS)]
"""Those that ask the database, answer and end."""

GOOD = {
    "REDIS_URL": "redis://127.0.0.1:9",
    "COACHCAL_PUBLIC_URL": "http://127.0.0.1:9",
    "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
    "COACHCAL_CRONOFY_CLIENT_ID": "cid",
    "COACHCAL_CRONOFY_CLIENT_SECRETS": "secret",
}


def leaves(group: click.Command = main, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, by what is typed: `keys create`."""
    if not isinstance(group, click.Group):
        yield name, group
        return
    for word, command in group.commands.items():
        yield from leaves(command, f"{name} {word}".strip())


def run(name: str, *more: str, arguments: tuple[str, ...] | None = None) -> Result:
    """The command in this process, with its usual arguments or these."""
    usual = COMMANDS[name] if arguments is None else arguments
    return CliRunner().invoke(main, [*name.split(), *usual, *more], input="")


def is_a_sentence(said: str, *names: str) -> None:
    """That this is what a command may end with: short, no trace, one of these names in it."""
    assert "Traceback" not in said, said
    told = said.strip().splitlines()
    assert len(told) == 1, said
    assert told[0].startswith("Error: "), said
    assert len(re.findall(r"[.!?] [A-Z]", told[0])) <= 1, f"more than two sentences: {said}"
    assert any(name in told[0] for name in names), f"none of {names} in: {said}"


def ended_well_said(result: Result, *names: str) -> None:
    """It failed, and said why in a sentence."""
    assert result.exit_code == 1, (result.exit_code, result.output)
    if "FAIL" in result.stdout:  # the doctor's findings are its answer
        assert any(
            name in line
            for name in names
            for line in result.stdout.splitlines()
            if "next: " in line
        )
        assert result.stderr == "", result.stderr
        return
    is_a_sentence(result.stderr, *names)


def content(url: str) -> dict[str, list[Any]]:
    """Every row of a database."""
    database = create(url)
    with database.read() as tx:
        found = {
            table.name: list(tx.execute(table.select()).all()) for table in metadata.sorted_tables
        }
    database.close()
    return found


def sqlite(path: Path) -> str:
    return f"sqlite:///{path}"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder with a disk of its own, of 128 kB."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk takes the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        (disk / "junk").write_bytes(bytes(1 << 20))


WAYS = (
    "no server",
    "no database",
    "password",
    "user",
    "no folder",
    "no file",
    "unwritable",
    "damaged",
)
NONSENSE = {
    "DATABASE_URL": (
        "mysql://x",
        "nonsense",
        "postgres://x/y",
        "postgresql+psycopg2://x/y",
        "postgresql://h:x/y",
    ),
    "REDIS_URL": ("nonsense", "http://x", "redis://h:x"),
    "COACHCAL_SECRET_KEYS": ("hunter2", ","),
    "COACHCAL_PUBLIC_URL": ("x",),
    "COACHCAL_SMTP_URL": ("x",),
    "COACHCAL_CALLBACK_URL": ("x",),
    "PORT": ("many",),
    "COACHCAL_CLOCK_METRICS_PORT": ("70000",),
}
