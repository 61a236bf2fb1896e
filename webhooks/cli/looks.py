"""Commands that look or ask: connect, refresh, slots, evaluate, doctor."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

import click

from webhooks.cli.common import InstantParam, Progress, as_json, opened

if TYPE_CHECKING:
    from workers.doctor.finding import Finding

OK, FAIL = click.style("ok   ", fg="green"), click.style("FAIL ", fg="red", bold=True)
WARN = click.style("WARN ", fg="yellow", bold=True)


@click.command()
@click.argument("coach")
@click.option("--provider", help="Preselect one: google, office365, apple, exchange...")
def connect(coach: str, provider: str | None) -> None:
    """Print the link with which COACH connects a calendar account; good for ten minutes."""
    from workers.jobs.account_linking import invite

    with opened() as runtime:
        url = invite(runtime.services, coach, provider=provider)
    if url is None:
        raise click.ClickException(
            f"there is no coach {coach}; make one with PUT /v1/coaches/{coach}"
        )
    click.echo(url)


@click.command()
@click.argument("coach")
@click.option(
    "--wait", type=float, default=30, show_default=True, help="Seconds to wait for the read."
)
@click.option(
    "--dry-run", is_flag=True, help="Read at Cronofy, say what would change, and store nothing."
)
def refresh(coach: str, wait: float, dry_run: bool) -> None:  # noqa: FBT001 (click)
    """Read COACH's calendars now, through the queue as a push would, and say what changed."""
    if dry_run:
        _dry_look(coach, wait)
        return
    from storage.rows import connections, push_marks
    from storage.slots import slot_sets

    with opened() as runtime:
        database = runtime.services.database
        with database.write() as tx:
            before = slot_sets.version(tx, coach)
            chosen = connections.ids_of_coach(tx, coach)
            for connection_id in chosen:
                push_marks.mark_dirty(tx, connection_id, userinfo=True)
        if not chosen:
            raise click.ClickException(
                f"{coach} has no calendar account; see: coachcal connect {coach}"
            )
        runtime.actors.wake(*chosen)
        end, progress = time.monotonic() + wait, Progress("waiting for the workers")
        while owed := _owed(runtime, chosen):
            if time.monotonic() > end:
                raise click.ClickException(
                    f"not read yet: {', '.join(owed)}; are worker and clock running? see:"
                    " coachcal doctor"
                )
            progress.at(f"{len(owed)} of {len(chosen)} accounts not read yet")
            time.sleep(0.05)
        with database.read() as tx:
            after = slot_sets.version(tx, coach)
    change = "no change"
    if after != before:
        change = f"version {before} -> {after}"
    click.echo(f"read {len(chosen)} account(s): {change}")


def _dry_look(coach: str, wait: float) -> None:
    from workers.jobs import dry_looks

    progress = Progress("looking at Cronofy")
    with opened() as runtime:
        found = dry_looks.look(
            runtime.services,
            coach,
            seconds=wait,
            progress=lambda read, of: progress.at(f"{read} of {of} accounts read"),
        )
    if found is None:
        raise click.ClickException(
            f"{coach} has no calendar account that can be read; see: coachcal connect {coach}"
        )
    click.echo(f"looked at {found.accounts} account(s), nothing was stored")
    for what, told in (("added", found.added), ("removed", found.removed)):
        named = [f"{start} to {end}" for start, end in told.first]
        click.echo(f"busy periods {what}: {_few(told.count, named)}")
    for it in found.starts:
        click.echo(f"{it.duration} min: would open {_few(it.opened, it.opened_first)}")
        click.echo(f"{it.duration} min: would close {_few(it.closed, it.closed_first)}")
    click.echo(f"to store it: coachcal refresh {coach}")


def _few(count: int, named: list[str]) -> str:
    if not count:
        return "0"
    more = ""
    if count > len(named):
        more = ", ..."
    return f"{count} ({', '.join(named)}{more})"


def _owed(runtime: Any, chosen: list[str]) -> list[str]:
    from storage.rows import refresh_jobs

    with runtime.services.database.read() as tx:
        return refresh_jobs.owed(tx, chosen)


@click.command()
@click.argument("coach")
@click.option("--from", "since", type=InstantParam(), help="Now by default.")
@click.option("--to", "until", type=InstantParam(), help="A week later by default.")
@click.option("--duration", type=int, help="Minutes; the coach's first by default.")
def slots(coach: str, since: datetime | None, until: datetime | None, duration: int | None) -> None:
    """Print what COACH can be booked at, one JSON object: the stored set as the API would answer it
    now.
    """
    from domain.errors import Invalid
    from storage.slots import listings
    from webhooks.api.slots import answer

    with opened() as runtime:
        now = runtime.services.now()
        with runtime.services.database.read() as tx:
            found = listings.listings(
                tx, [coach], now=now, stale_after=runtime.services.stale_after()
            )
        if coach not in found:
            raise click.ClickException(
                f"there is no coach {coach}; make one with PUT /v1/coaches/{coach}"
            )
        begin = since or now
        listing = found[coach]
        try:
            minutes = duration or listing.slots.durations[0]
            click.echo(answer(listing, minutes, begin, until or begin + timedelta(days=7), now=now))
        except Invalid as error:
            raise click.ClickException(f"{error.field}: {error.detail}") from None


class Lines(click.File):
    """A file of text, or - for a stdin that is open: click would answer a closed one
    with a trace.
    """

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> IO[Any]:
        if value == "-" and sys.stdin is None:
            self.fail("stdin is closed; name a file, or give the scenarios on stdin", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.argument("file", type=Lines("r", encoding="utf-8"))
def evaluate(file: IO[str]) -> None:
    """Answer the scenarios of FILE (- for stdin): one JSON object a line in, one a line out.

    It is the service's own code: it tells why a time was not offered. A line that cannot be read
    answers with its error, and the exit code is 1.
    """
    from domain.errors import Invalid
    from domain.scenario import evaluate as answer

    failed = False
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            result = answer(json.loads(line))
        except json.JSONDecodeError as error:
            failed = True
            detail = f"{error.msg} at column {error.colno}"
            result = _error(number, "line", "malformed_json", detail)
        except Invalid as error:
            failed, result = True, _error(number, error.field, error.code, error.detail)
        click.echo(json.dumps(result))
    raise SystemExit(int(failed))


def _error(number: int, field: str, code: str, detail: str) -> dict[str, Any]:
    return {"line": number, "error": {"field": field, "code": code, "detail": detail}}


@click.command()
@as_json
def doctor(as_json: bool) -> None:  # noqa: FBT001 (click)
    """Check settings, neighbours, certificates, clocks, disks, stored secrets and channels.

    For each failure or warning, say the next step. With --json a line for each check, for monitors:
    check, ok (a warning is ok), detail and next_step. The exit code is 1 when one fails."""
    from workers.doctor import examine
    from workers.doctor.finding import Finding

    failed = False
    with opened() as runtime:
        read_at = f"read at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"  # noqa: TID251 (real time)
        for finding in chain([Finding("settings", read_at)], examine(runtime.services)):
            failed = failed or finding.fails
            click.echo(_found(finding, as_json=as_json))
    raise SystemExit(int(failed))


def _found(finding: "Finding", *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            {
                "check": finding.check,
                "ok": not finding.fails,
                "detail": finding.detail,
                "next_step": finding.next_step or None,
            },
            ensure_ascii=False,
        )
    said = f"{finding.check}: {finding.detail}"
    if not finding.next_step:
        return f"{OK} {said}"
    mark = FAIL
    if finding.warns:
        mark = WARN
    return f"{mark} {said}\n      next: {finding.next_step}"
