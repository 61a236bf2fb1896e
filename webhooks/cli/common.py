"""What the commands share: settings from the environment with readable errors, a runtime, and an option type."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from workers.bootstrap import Runtime
    from workers.settings import Settings


def settings() -> "Settings":
    """From the environment; what is missing or wrong is told by the variable's name."""
    from pydantic import ValidationError

    from workers.settings import Settings, variable

    try:
        return Settings.load()
    except ValidationError as error:
        lines = [
            f"  {variable(str(problem['loc'][0]))}: {problem['msg']}" for problem in error.errors(include_input=False)
        ]
        raise click.ClickException("set these variables (see .env.example):\n" + "\n".join(lines)) from None


@contextmanager
def opened() -> Iterator["Runtime"]:
    from workers import logs
    from workers.bootstrap import bootstrap
    from workers.skew import ClockOff

    chosen = settings()
    logs.configure("warning")  # on stderr: stdout is the command's answer
    runtime = bootstrap(chosen, use="report")
    try:
        yield runtime
    except ClockOff as error:
        raise click.ClickException(str(error)) from None
    finally:
        runtime.close()


class Instant(click.ParamType[datetime]):
    """An ISO date or instant; without an offset it is UTC."""

    name = "instant"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no ISO instant; write 2026-11-23T09:00:00Z", param, ctx)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
