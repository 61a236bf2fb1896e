"""Commands that pause and resume what leaves: a kind of messages, or the mails of a company."""

from typing import TYPE_CHECKING, Any

import click

from webhooks.cli.common import actor, as_json, listed, opened
from webhooks.cli.rows import moment

if TYPE_CHECKING:
    from storage.rows.pauses import Pause, What

WRITE = "write mail, calendar, callback, or company:NAME for the mails of a company"


@click.command()
@as_json
def pauses(as_json: bool) -> None:  # noqa: FBT001 (click)
    """List what is paused: since when, by whom, and how many messages wait."""
    from storage.rows import pauses as stored

    with opened() as runtime, runtime.services.database.read() as tx:
        found = stored.find_waiting(tx, now=runtime.services.now())
    listed((_row(each, waiting) for each, waiting in found), as_json=as_json, nothing="nothing")


@click.command()
@click.argument("what")
def pause(what: str) -> None:
    """Let nothing of WHAT leave until it is resumed; it stays owed, in its order.

    WHAT: mail, calendar, callback, or company:NAME for the mails of a company."""
    _do(what, "pause")


@click.command()
@click.argument("what")
def resume(what: str) -> None:
    """Let WHAT leave again, in its order."""
    _do(what, "resume")


def _do(what: str, action: str) -> None:
    from storage.rows import audit_log
    from storage.rows import pauses as stored
    from storage.rows.audit_log import Deed
    from storage.rows.pauses import Pause

    kind, company = _parsed(what)
    with opened() as runtime, runtime.services.database.write() as tx:
        mine = Pause(kind, company, runtime.services.now(), actor())
        if action == "pause":
            changed = stored.put(tx, mine)
        else:
            changed = stored.lift(tx, kind, company)
        waiting = stored.waiting(tx, mine, now=mine.at)
        if changed:
            deed = Deed(mine.at, mine.actor, action, mine.name, f"{waiting} wait")
            audit_log.note(tx, deed)
    if not changed:
        raise click.ClickException(
            f"nothing was changed: {what} was so already; see: coachcal pauses"
        )
    click.echo(f"{mine.name}: {action} done; {waiting} wait")


def _parsed(what: str) -> "tuple[What, str]":
    from storage.rows.pauses import KINDS

    scope, _, company = what.partition(":")
    if scope == "company" and company and company.isprintable():
        return "company", company
    for kind in KINDS:
        if what == kind:
            return kind, ""
    raise click.ClickException(f"{what} cannot be paused; {WRITE}")


def _row(each: "Pause", waiting: int) -> tuple[dict[str, Any], str]:
    row = {"what": each.name, "since": each.at, "by": each.actor, "waiting": waiting}
    return row, f"{each.name}  since {moment(each.at)}  by {each.actor}  {waiting} waiting"
