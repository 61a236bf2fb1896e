"""A person's data: exported, and erased."""

import json
from typing import TYPE_CHECKING

import click

from webhooks.cli.common import actor, asks_first, confirm, opened

if TYPE_CHECKING:
    from storage.reports.personal_data import Person

PARTICIPANT = click.option(
    "--participant", is_flag=True, help="PERSON is a participant's id, not a coach's."
)


@click.command()
@click.argument("person")
@PARTICIPANT
def export(person: str, participant: bool) -> None:  # noqa: FBT001 (click)
    """Print all that is kept of the coach PERSON as JSON: settings, calendars, times, sessions,
    mails. No tokens.
    """
    from storage.reports import personal_data

    with opened() as runtime, runtime.services.database.write() as tx:
        chosen = _person(person, participant=participant)
        exported = personal_data.export(tx, chosen, actor=actor(), now=runtime.services.now())
    if exported is None:
        raise _nobody(person, participant=participant)
    click.echo(json.dumps(exported, indent=2, sort_keys=True, ensure_ascii=False))


@click.command()
@click.argument("person")
@PARTICIPANT
@asks_first
def erase(person: str, participant: bool, yes: bool) -> None:  # noqa: FBT001 (click)
    """Erase the coach PERSON: revoke the calendars at Cronofy, and forget all that `export` prints.

    Of a participant, times, seats and statuses stay, under a name that says nothing. It cannot be
    undone. Nobody is told: cancel the coming sessions first if somebody should know.
    """
    from workers.jobs import erasure

    whose = "session, booking and mail"
    if participant:
        whose = "booking and mail"
    confirm(f"Erase {person} with every {whose}?", yes=yes)
    chosen = _person(person, participant=participant)
    with opened() as runtime:
        outcome = erasure.erase(runtime.services, chosen, actor=actor())
    if outcome is None:
        raise _nobody(person, participant=participant)
    erased = outcome.erased
    click.echo(
        f"erased {person}: {outcome.revoked} accounts, {erased.sessions} sessions"
        f" ({erased.coming} still to come), "
        f"{erased.bookings} bookings, {erased.outbox} outbox rows, {erased.answers} kept answers"
    )
    if erased.revoking:
        raise click.ClickException(
            f"Cronofy did not revoke {erased.revoking} accounts yet ({outcome.failure}); the"
            " workers go on trying, and "
            "the clock forgets the rest: keep both running"
        )


def _nobody(person: str, *, participant: bool) -> click.ClickException:
    if participant:
        return click.ClickException(f"nothing is kept of a participant {person}")
    return click.ClickException(
        f"there is no coach {person}; a participant's id takes --participant"
    )


def _person(person: str, *, participant: bool) -> "Person":
    from storage.reports.personal_data import Person

    if participant:
        return Person("participant", person)
    return Person("coach", person)
