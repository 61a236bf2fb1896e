"""Commands for ops: what waits and what was given up, who cannot be trusted, and what is held of a
coach.

They tell ids, never a title, a token or an address; only `export` tells all there is. What changes
something is written into the ops diary.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from webhooks.cli import rows
from webhooks.cli.common import Progress, actor, as_json, asks_first, confirm, listed, opened

if TYPE_CHECKING:
    from storage.rows.outbox_claims import Wake
    from storage.schema.database import Tx
    from workers.bootstrap import Runtime

    Work = Callable[[Tx, str, datetime], Wake | bool | str | None]

FIRST = 200
ALL = 1_000_000
WAITS_FOR = {
    "text": "their text to be corrected",
    "address": "an address that is withheld; see coachcal withheld list",
    "mailer": "the mail server, which is away or refuses us; see coachcal outbox --state pending",
}
STATES = (
    "scheduled",
    "pending",
    "paused",
    "sending",
    "waiting_for_text",
    "withheld",
    "sent",
    "dead",
    "superseded",
)


@click.command()
def queues() -> None:
    """Tell what waits: reads that are owed, wake-ups per queue, and what is due in the outbox."""
    from storage.reports import metrics
    from storage.rows import refresh_jobs
    from workers import queues as waiting

    with opened() as runtime:
        now, depths = runtime.services.now(), waiting.depths(runtime.services)
        with runtime.services.database.read() as tx:
            owed, due = refresh_jobs.backlog(tx), metrics.oldest_due(tx, now=now)
            mails = metrics.waiting_mails(tx)
    click.echo(f"reads owed   {owed.dirty}, the oldest for {_span(owed.oldest_seconds)}")
    for kind, since in sorted(due.items()):
        click.echo(
            f"outbox       {kind}: the oldest due for {_span((now - since).total_seconds())}"
        )
    for cause, count in mails.items():
        if count:
            click.echo(f"outbox       mail: {count} wait for {WAITS_FOR[cause]}")
    for queue, depth in (depths or {}).items():
        click.echo(f"queue        {queue}: {depth} wake-ups")
    if depths is None:
        raise click.ClickException(
            "Redis is away: start it, or correct REDIS_URL; the rows are kept meanwhile"
        )


@click.group()
def dead() -> None:
    """What was given up: dead letters of mails, calendar writes and callbacks."""


@dead.command(name="list")
@click.option("--limit", type=click.IntRange(min=1), default=FIRST, show_default=True)
@as_json
def list_(limit: int, as_json: bool) -> None:  # noqa: FBT001 (click)
    """List them, the latest first, each with its reason."""
    from storage.rows import dead_letters

    with opened() as runtime, runtime.services.database.read() as tx:
        found = dead_letters.newest(tx, limit=limit)
    listed(map(rows.dead_row, found), as_json=as_json, nothing="no dead letters")


@dead.command()
@click.argument("outbox_ids", nargs=-1, required=True)
def requeue(outbox_ids: tuple[str, ...]) -> None:
    """Try these again; mend the cause first."""
    from storage.rows import dead_letters, withheld_addresses

    def requeued(tx: "Tx", outbox_id: str, now: datetime) -> "Wake | str | None":
        nobody_there = withheld_addresses.of_message(tx, outbox_id)
        if nobody_there is not None:  # it would be withheld at once, and nobody would be told
            return nobody_there.next_step
        return dead_letters.requeue(tx, outbox_id, now=now)

    _each(outbox_ids, "requeue", requeued)


@dead.command()
@click.argument("outbox_ids", nargs=-1, required=True)
@asks_first
def discard(outbox_ids: tuple[str, ...], yes: bool) -> None:  # noqa: FBT001 (click)
    """Give these up for good. It cannot be undone."""
    from storage.rows import dead_letters

    def discarded(tx: "Tx", outbox_id: str, _now: datetime) -> bool | None:
        return dead_letters.discard(tx, outbox_id) or None

    confirm(f"Give up {len(outbox_ids)} dead letter(s) for good?", yes=yes)
    _each(outbox_ids, "discard", discarded)


def _each(outbox_ids: tuple[str, ...], action: str, work: "Work") -> None:
    """Each with its line in the diary in one transaction; wake-ups after it."""
    done = {}
    with opened() as runtime:
        for outbox_id in outbox_ids:
            done[outbox_id] = _one(runtime, outbox_id, action, work)
    for outbox_id, refusal in done.items():
        click.echo(f"{outbox_id}: {refusal or f'{action} done'}")
    if any(done.values()):
        raise click.ClickException("nothing was done to some of them; see: coachcal dead list")


def _one(runtime: "Runtime", outbox_id: str, action: str, work: "Work") -> str:
    """Why it was not done; empty when it was."""
    with runtime.services.database.write() as tx:
        found = work(tx, outbox_id, runtime.services.now())
        if found is None or isinstance(found, str):
            return found or "it is no dead letter"
        note(runtime, tx, action, outbox_id)
    if isinstance(found, tuple):
        runtime.actors.wake_outbox([found])
    return ""


@click.command()
@click.option("--state", type=click.Choice(STATES))
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=FIRST,
    show_default=True,
    help="Of the rows of a state.",
)
@as_json
def outbox(state: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 (click)
    """Count the outbox by kind and state; with --state, list those rows, the longest due first."""
    from storage.reports import outbox as outbox_report

    with opened() as runtime, runtime.services.database.read() as tx:
        now = runtime.services.now()
        if state is None:
            listed(map(rows.tally_row, outbox_report.tallies(tx, now=now)), as_json=as_json)
            return
        listed(
            map(rows.outbox_row, outbox_report.listed(tx, state=state, now=now, limit=limit)),
            as_json=as_json,
        )


@click.command()
@click.option(
    "--stale",
    is_flag=True,
    help="Only those whose calendars cannot be trusted: stale or disconnected.",
)
@as_json
def coaches(stale: bool, as_json: bool) -> None:  # noqa: FBT001 (click)
    """List every coach: how the calendars stand, and when they were last read; with --stale, also
    why they were not.
    """
    with opened() as runtime:
        found = _everybody(runtime)
        if stale:
            found = _untrusted(runtime)
        listed(map(rows.coach_row, found), as_json=as_json)


def _untrusted(runtime: "Runtime") -> Iterator[rows.Stands]:
    from storage.reports import overview
    from storage.reports.coach_states import UNTRUSTED

    now, stale_after = runtime.services.now(), runtime.services.stale_after()
    with runtime.services.database.read() as tx:
        for state in UNTRUSTED:
            for each in overview.troubled(tx, state, now=now, stale_after=stale_after, limit=ALL):
                yield each.coach_id, state, each.read_at, each.error


def _everybody(runtime: "Runtime") -> Iterator[rows.Stands]:
    from storage.reports import coach_states

    after, stale_after = "", runtime.services.stale_after()
    while True:
        with runtime.services.database.read() as tx:
            found = coach_states.page(
                tx, after=after, now=runtime.services.now(), stale_after=stale_after
            )
        if not found:
            return
        for each in found:
            yield each.coach_id, each.state, each.as_of, None
        after = found[-1].coach_id


@click.group()
def channels() -> None:
    """Cronofy's notification channels."""


@channels.command(name="audit")
@click.argument("coach", required=False)
def audit_(coach: str | None) -> None:
    """Compare the channels with Cronofy's own list now, and put right what differs: COACH's, or
    everybody's.
    """
    from storage.rows import channels as channel_rows
    from storage.rows import connections
    from storage.schema.vault import Sealed
    from workers.cronofy.errors import CronofyError
    from workers.jobs.channel_audit import audit

    failed = 0
    with opened() as runtime:
        tomorrow = runtime.services.now() + timedelta(days=1)  # by then, each of them is due
        with runtime.services.database.read() as tx:
            if coach is not None:
                chosen = connections.ids_of_coach(tx, coach)
            else:
                chosen = channel_rows.due_for_audit(tx, before=tomorrow, limit=ALL)
        if coach is not None and not chosen:
            raise click.ClickException(
                f"{coach} has no calendar account; see: coachcal connect {coach}"
            )
        progress = Progress("comparing channels")
        for number, connection_id in enumerate(chosen, start=1):
            progress.at(f"{number} of {len(chosen)}")
            try:
                found = audit(runtime.services, connection_id)
            except (CronofyError, Sealed) as error:  # one that does not open hides no other
                failed += 1
                click.echo(f"{connection_id}: {error}")
                continue
            said = "as it should be"
            if found.reopened:
                runtime.actors.wake(connection_id)
                said = "was closed, opened anew"
            if found.closed:
                said += f"; {len(found.closed)} too many closed"
            click.echo(f"{connection_id}: {said}")
    if failed:
        raise click.ClickException(
            f"{failed} could not be compared; coachcal coaches --stale tells whose they are"
        )


def note(runtime: "Runtime", tx: "Tx", action: str, target: str) -> None:
    from storage.rows import audit_log
    from storage.rows.audit_log import Deed

    audit_log.note(tx, Deed(runtime.services.now(), actor(), action, target, "on the command line"))


def _span(seconds: float) -> str:
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
