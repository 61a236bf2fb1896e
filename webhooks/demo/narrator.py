"""What the demo prints: numbered steps with how long each took, and lines under them."""

import sys
import time
from collections.abc import Sequence
from datetime import datetime

import click

from domain.hours import timezone

MOST_SHOWN = 9


class Narrator:
    """Plain text; bold where the terminal can. Progress is shown while something long goes on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._step_began = self._began
        self._number = 0

    def title(self, text: str) -> None:
        click.secho(f"\n{text}", bold=True)

    def begin(self, what: str) -> None:
        """A step begins; its name stands there while it runs."""
        self._number += 1
        self._step_began = time.monotonic()
        click.secho(f"\n{self._number:>2}  {what}", bold=True, nl=False)
        if sys.stdout.isatty():
            click.echo(" ...", nl=False)
        else:
            click.echo("")
        sys.stdout.flush()

    def done(self, *lines: str) -> None:
        """The step is over; what came out of it."""
        if sys.stdout.isatty():
            click.echo()
        took = time.monotonic() - self._step_began
        for line in lines:
            click.echo(f"      {line}")
        click.echo(f"      ({took:.2f} s)")

    def failed(self, text: str) -> None:
        click.secho(f"\nFAILED  {text}", fg="red", err=True)

    def elapsed(self) -> float:
        return time.monotonic() - self._began


def clock_time(instant: str, zone: str) -> str:
    """14:15 of a UTC instant, in a zone."""
    return f"{local(instant, zone):%H:%M}"


def day_and_time(instant: str, zone: str) -> str:
    return f"{local(instant, zone):%a %d %b %Y, %H:%M} ({zone})"


def local(instant: str, zone: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(timezone(zone))


def few(items: Sequence[str]) -> str:
    """The first of many, and how many more."""
    shown = " ".join(items[:MOST_SHOWN])
    if len(items) <= MOST_SHOWN:
        return shown
    return f"{shown} ... {len(items) - MOST_SHOWN} more"
