"""The commands for the secrets of settings: made, and what they seal sealed anew."""

from base64 import b64encode, urlsafe_b64encode
from secrets import token_bytes

import click

from webhooks.cli.common import opened
from webhooks.cli.ops import note

KEYS = "COACHCAL_SECRET_KEYS"
KEY_BYTES = 32


@click.group()
def secrets() -> None:
    """Manage the secrets of settings, and the tokens of calendar accounts that they seal."""


@secrets.command()
@click.option(
    "--callback", is_flag=True, help="For COACHCAL_CALLBACK_SECRET, which signs webhooks."
)
def create(callback: bool) -> None:  # noqa: FBT001 (click)
    """Print a new secret for COACHCAL_SECRET_KEYS. Nothing is stored: put it into the settings."""
    made = token_bytes(KEY_BYTES)
    if callback:
        click.echo(f"whsec_{b64encode(made).decode()}")
        return
    click.echo(urlsafe_b64encode(made).decode())


@secrets.command()
def reseal() -> None:
    """Seal with the newest key what an older one sealed, so that the older one may go.

    Start every process with the new key first, then run it; all may go on running. What a worker
    renews meanwhile is left to its newer value. It may be run again.
    """
    from workers.jobs import sealing

    with opened() as runtime:
        found = sealing.reseal(runtime.services)
        older = len(runtime.settings.secret_keys) - 1
        if found.done:
            with runtime.services.database.write() as tx:
                note(runtime, tx, "reseal", "secrets")
    click.echo(f"re-sealed {found.done}, and {found.already} had the newest key already")
    if found.left:
        raise click.ClickException(
            f"{found.left} were sealed with another key meanwhile, so keep all keys: start every"
            " process with the"
            f" newest of {KEYS} first, then run: coachcal secrets reseal"
        )
    if older:
        click.echo(f"nothing stored needs the older keys of {KEYS} now:")
        click.echo("  once every process was started with the newest first, take the others out")
        click.echo("  eight hours after that start no login and no open page ends by it")
        click.echo("  keep them with the backups from before, which they open")
