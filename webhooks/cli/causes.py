"""Commands for errors by their cause: how many failed so and since when, and what is done to all of
them. What is begun here goes on by the clock, should the command end before it.
"""

import time
from typing import TYPE_CHECKING, Any

import click

from webhooks.cli.common import Progress, actor, as_json, asks_first, confirm, listed, opened

if TYPE_CHECKING:
    from storage.reports.causes import SharedError
    from storage.rows.bulk_deeds import Action, BulkDeed
    from workers.bootstrap import Runtime

NONE = "no message fails so any more; see: coachcal causes list"
LOCKED_SECONDS = 0.1


@click.group()
def causes() -> None:
    """Errors by cause, and deeds for all messages that fail alike."""


@causes.command(name="list")
@as_json
def list_(as_json: bool) -> None:  # noqa: FBT001 (click)
    """List them, the most frequent first: how many, for how long, and who knows about it."""
    from storage.reports import causes as reported

    with opened() as runtime, runtime.services.database.read() as tx:
        found = reported.find_all(tx, now=runtime.services.now())
    listed(map(_row, found), as_json=as_json, nothing="nothing fails")


@causes.command()
@click.argument("cause_id")
def requeue(cause_id: str) -> None:
    """Try all dead letters of this cause again; mend it first."""
    _all(cause_id, "requeue", yes=True)


@causes.command()
@click.argument("cause_id")
def retry(cause_id: str) -> None:
    """Try all that wait for their next try now."""
    _all(cause_id, "retry", yes=True)


@causes.command()
@click.argument("cause_id")
def release(cause_id: str) -> None:
    """Take the addresses off that these mails wait for."""
    _all(cause_id, "release", yes=True)


@causes.command()
@click.argument("cause_id")
@asks_first
def discard(cause_id: str, yes: bool) -> None:  # noqa: FBT001 (click)
    """Give all of this cause up for good. It cannot be undone."""
    _all(cause_id, "discard", yes=yes)


@causes.command()
@click.argument("cause_id")
def acknowledge(cause_id: str) -> None:
    """Answer for this cause for a day: alerts and the first line of /ops tell it no more."""
    from storage.reports import causes as reported
    from storage.transactions import acknowledgements

    with opened() as runtime, runtime.services.database.write() as tx:
        now = runtime.services.now()
        found = reported.find(tx, cause_id, now=now)
        if found is None:
            raise click.ClickException(NONE)
        acknowledgements.acknowledge(tx, found, actor=actor(), now=now)
    click.echo(f"{found.count} {found.kind} {found.state}: acknowledged")


@causes.command()
@click.argument("deed_id")
def stop(deed_id: str) -> None:
    """Stop what is being done to many messages; what is done stays done."""
    from storage.transactions import bulk_deeds

    with opened() as runtime, runtime.services.database.write() as tx:
        stopped = bulk_deeds.stop(tx, deed_id, actor=actor(), now=runtime.services.now())
    if not stopped:
        raise click.ClickException(
            f"{deed_id} is not being done, or has ended; see: coachcal causes list"
        )
    click.echo(f"{deed_id}: stopped")


def _all(cause_id: str, action: "Action", *, yes: bool) -> None:
    """The count first; then batch by batch."""
    from storage.reports import causes as reported
    from storage.transactions import bulk_deeds

    with opened() as runtime:
        database, now = runtime.services.database, runtime.services.now()
        with database.read() as tx:
            seen_ms = reported.shown_ms(tx)
            found = reported.find(tx, cause_id, now=now)
        if found is None:
            raise click.ClickException(NONE)
        fits = bulk_deeds.fitting(found)
        if action not in fits:
            can = ", ".join(fits) or "nothing"
            raise click.ClickException(f"what is {found.kind} {found.state} takes: {can}")
        click.echo(f"{found.count} {found.kind} {found.state}: {found.error}")
        confirm(f"{action.capitalize()} {found.count} message(s) for good?", yes=yes)
        with database.write() as tx:
            deed = bulk_deeds.ask(tx, found, action, actor=actor(), seen_ms=seen_ms, now=now)
        click.echo(_told(_done(runtime, deed)))


def _done(runtime: "Runtime", deed: "BulkDeed") -> "BulkDeed":
    from storage.rows import bulk_deeds
    from workers.jobs.bulk_deeds import step

    progress = Progress(deed.id)
    while deed.ended_at is None:
        after = step(runtime.services, runtime.actors, deed.id)
        if after is None:  # a clock has its row, or has ended it
            time.sleep(LOCKED_SECONDS)
            with runtime.services.database.read() as tx:
                after = bulk_deeds.get(tx, deed.id) or deed
        deed = after
        progress.at(f"{deed.done} of {deed.total}")
    return deed


def _told(deed: "BulkDeed") -> str:
    told = f"{deed.id}: {deed.action} done to {deed.done} of {deed.total}"
    if deed.passed_over:
        told += f"; {deed.passed_over} passed over: somebody was faster, or the address is withheld"
    return told


def _row(each: "SharedError") -> tuple[dict[str, Any], str]:
    known = None
    if each.known is not None:
        known = each.known.actor
    age = "-"
    if each.seconds is not None:
        age = f"{each.seconds:.0f} s"
    row = {"id": each.id, "kind": each.kind, "state": each.state, "error": each.error}
    more = {"count": each.count, "seconds": each.seconds, "acknowledged_by": known}
    line = f"{each.id}  {each.kind} {each.state}  {each.count}  for {age}  {each.error}"
    if known:
        line += f"  acknowledged by {known}"
    return row | more, line
