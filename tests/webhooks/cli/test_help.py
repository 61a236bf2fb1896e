"""Each command shows an example that can be typed; what lists says it to programs too; nothing
colours a pipe.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from domain.mail import LANGUAGES, TEXT_KINDS
from tests.support.in_process import House
from tests.webhooks.cli.test_commands import run, told
from webhooks.cli import main
from webhooks.cli.examples import EXAMPLES

__all__ = ["told"]


def leaves(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        path = f"{above} {name}".strip()
        if isinstance(command, click.Group):
            yield from leaves(command, path)
        else:
            yield path, command


ALL = dict(leaves(main))


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    assert sorted(EXAMPLES) == sorted(ALL)


@pytest.mark.parametrize("path", sorted(ALL))
def test_help_shows_an_example_that_the_command_takes(path: str) -> None:
    shown = CliRunner().invoke(main, [*path.split(), "--help"], prog_name="coachcal")
    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: coachcal {path} ")
    example = " ".join(shown.output.partition("Example: ")[2].split())
    assert example.startswith(f"coachcal {path}")
    typed = shlex.split(example.partition(" < ")[0].partition(" > ")[0])[1 + len(path.split()) :]
    with ALL[path].make_context(path, typed):
        pass


def test_a_wrong_word_is_answered_as_coachcal() -> None:
    wrong = CliRunner().invoke(main, ["queue"], prog_name="coachcal")
    assert wrong.exit_code == 2
    assert "Usage: coachcal " in wrong.output
    assert "Try 'coachcal --help'" in wrong.output


LISTS = (("keys", "list"), ("dead", "list"), ("outbox",), ("withheld", "list"), ("coaches",))


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_a_list_is_json_for_programs(
    told: House,
    command: tuple[str, ...],
) -> None:
    told.introduce()
    run("keys", "create", "coach-os", "--scope", "ops")
    found = run(*command, "--json")
    assert found.exit_code == 0
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert bool(rows) is (command[0] in ("keys", "coaches"))
    assert all(isinstance(row, dict) for row in rows)


def test_no_colour_goes_into_a_pipe(told: House) -> None:
    assert "\x1b" not in run("doctor").output


def test_every_mail_is_written_to_look_at(tmp_path: Path) -> None:
    done = run("mails", str(tmp_path))
    assert done.exit_code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        f"{kind}.{lang}.{end}"
        for kind in TEXT_KINDS
        for lang in LANGUAGES
        for end in ("html", "txt")
    }
    assert (tmp_path / "booked.de.txt").read_text("utf-8").startswith("Subject: ")
