"""Commands for addresses whose mailbox does not exist, as a mail server said. They show ids, never
an address.
"""

from typing import TYPE_CHECKING, Any

import click

from webhooks.cli.common import as_json, listed, opened
from webhooks.cli.ops import note
from webhooks.cli.rows import moment

if TYPE_CHECKING:
    from storage.rows.withheld_addresses import Withheld


@click.group()
def withheld() -> None:
    """Addresses that nothing is sent to: their mailboxes do not exist, as a mail server said."""


@withheld.command(name="list")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True)
@as_json
def list_(limit: int, as_json: bool) -> None:  # noqa: FBT001 (click)
    """List them, the latest first: whose mail met the refusal, how many wait, and what the server
    said.
    """
    from storage.rows import withheld_addresses as stored

    with opened() as runtime, runtime.services.database.read() as tx:
        found = stored.find_all(tx, limit=limit)
    listed(map(_row, found), as_json=as_json, nothing="no address is withheld")


def _row(each: "Withheld") -> tuple[dict[str, Any], str]:
    about = f"{each.role or '-'} of {each.booking_id or '-'}"
    days = f"since {moment(each.since)} until {each.until:%Y-%m-%d}"
    said = each.reply or each.reason
    row = {
        "id": each.id,
        "since": each.since,
        "until": each.until,
        "role": each.role,
        "booking_id": each.booking_id,
    }
    more = {"waiting": each.waiting, "said": said}
    return row | more, f"{each.id or '-'}  {days}  {about}  {each.waiting} waiting  {said}"


@withheld.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ID_OR_ADDRESS...")
def release(addresses: tuple[str, ...]) -> None:
    """Take these off: mails that are still true leave now, the others end as superseded."""
    from domain.errors import Invalid
    from storage.rows import withheld_addresses as stored

    missing = 0
    with opened() as runtime:
        for which in addresses:
            try:
                with runtime.services.database.write() as tx:
                    found = stored.release(tx, which, now=runtime.services.now())
                    if found is not None:
                        note(runtime, tx, "release", found.id)
            except Invalid as error:
                raise click.ClickException(f"{which}: {error.detail}") from None
            if found is None:
                missing += 1
                click.echo(f"{which}: it is not withheld")
                continue
            runtime.actors.wake_outbox(found.wake)
            click.echo(f"{found.id}: released; {len(found.wake)} leave, {found.superseded} ended")
    if missing:
        raise click.ClickException("nothing was done to some of them; see: coachcal withheld list")
