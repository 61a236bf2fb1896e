"""What the commands share: how they fail and ask, settings, a runtime, an option type.

A command that fails ends with exit code 1 (2 for a wrong argument) and one sentence on stderr,
never with a trace.
"""

import errno
import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from workers.bootstrap import Runtime
    from workers.settings import Settings


ENV_FILE = ".env"
PORT_SECONDS = 5.0
"""How long a port is waited for: whoever had it may be ending, as in a restart."""
WAIT_SECONDS = 0.1

asks_first = click.option("--yes", is_flag=True, help="Do not ask.")
"""For each command that destroys something; with `confirm`."""


as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
"""For each command that lists; with `listed`."""
QUIET_SECONDS = 2.0


def listed(rows: Iterable[tuple[dict[str, Any], str]], *, as_json: bool, nothing: str = "") -> None:
    """Print each row, as it is for programs or as the line for people; to people `nothing` where
    there is none.
    """
    there_are = False
    for row, line in rows:
        there_are = True
        said = line
        if as_json:
            said = json.dumps(row, default=_iso, ensure_ascii=False)
        click.echo(said)
    if nothing and not there_are and not as_json:
        click.echo(nothing)


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


class Progress:
    """Says on a terminal's stderr what takes longer than two seconds, and how far it is, at most
    once a second.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = self._last_said = time.monotonic()

    def at(self, how_far: str) -> None:
        now = time.monotonic()
        is_early = now - self._began < QUIET_SECONDS or now - self._last_said < 1.0
        if is_early or not sys.stderr.isatty():
            return
        self._last_said = now
        click.echo(f"{self._what}: {how_far}, {now - self._began:.0f} s", err=True)


class Commands(click.Group):
    """The one place where an error becomes a sentence; `coachcal --trace COMMAND` shows
    its trace.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            if ctx.params.get("trace"):
                raise
            raise click.ClickException(_sentence(error)) from None


def _sentence(error: Exception) -> str:
    from webhooks.sentences import sentence

    line, _, _ = str(error).partition("\n")
    defect = f"this is a defect ({type(error).__name__}: {line}); its trace: coachcal --trace ..."
    return sentence(error) or defect


def confirm(question: str, *, yes: bool) -> None:
    """Go on only with `--yes`, or when somebody at a terminal agrees. Raises ClickException."""
    if yes:
        return
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        raise click.ClickException("nothing was changed: there is no terminal to ask on; say --yes")
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise click.ClickException("nothing was changed; --yes does it without asking")


def need_port(host: str, port: int, setting: str) -> None:
    """Raises ClickException where nobody could listen: what is started next would tell a trace."""
    family = socket.AF_INET
    if ":" in host:
        family = socket.AF_INET6
    end = time.monotonic() + PORT_SECONDS
    while True:
        try:
            socket.create_server((host.strip("[]"), port), family=family).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > end:
                reason = error.strerror or type(error).__name__
                raise click.ClickException(
                    f"cannot listen on port {port} of {host} ({reason});"
                    f" end what has it, or set {setting} to another one"
                ) from None
        else:
            return
        time.sleep(WAIT_SECONDS)


def settings() -> "Settings":
    """From the environment and `.env`; all that is missing or wrong is told, each by the variable's
    name.
    """
    from pydantic import ValidationError

    from workers.settings import Settings, variable

    read_env_file()
    try:
        return Settings.load()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            field = str(problem["loc"][0])
            lines.append(f"  {variable(field)}: {_mistake(field, problem['type'], problem['msg'])}")
        raise click.ClickException(
            "set these variables (see .env.example):\n" + "\n".join(lines)
        ) from None


def read_env_file() -> None:
    """The variables of `.env` in the current folder, where there is one; what is set already wins.

    Into the environment: then a process that we start has them too, and so have OpenTelemetry and
    Sentry. Raises ClickException for a file that is no text.
    """
    from dotenv import load_dotenv

    try:
        load_dotenv(ENV_FILE)
    except ValueError:  # not UTF-8, or a NUL in a value
        raise click.ClickException(
            f"{ENV_FILE} in this folder is no UTF-8 text; write it anew"
        ) from None


def _mistake(field: str, kind: str, message: str) -> str:
    from workers.settings import described

    if kind == "missing":
        return f"is not set; it is {described(field)}"
    said = message.removeprefix("Value error, ")
    if kind == "value_error":
        return said
    return f"{said}; it is {described(field)}"


@contextmanager
def opened() -> Iterator["Runtime"]:
    from storage.schema import doorways
    from workers import logs
    from workers.bootstrap import bootstrap
    from workers.skew import ClockOff

    chosen = settings()
    doorways.begin("command", actor())
    logs.configure("error")  # on stderr, where the sentence is to be seen
    runtime = bootstrap(chosen, use="report")
    try:
        yield runtime
    except ClockOff as error:
        raise click.ClickException(str(error)) from None
    finally:
        runtime.close()


def actor() -> str:
    """Who is at the command line, as the ops diary and the history tell it."""
    try:
        return f"cli/{getpass.getuser()}"
    except (KeyError, OSError):  # in a container whose user has no name
        return f"cli/{os.getuid()}"


class InstantParam(click.ParamType[datetime]):
    """An ISO date or instant; without an offset it is UTC."""

    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no ISO instant; write 2026-11-23T09:00:00Z", param, ctx)
        if parsed.tzinfo is None:
            return parsed.replace(tzinfo=UTC)
        return parsed
