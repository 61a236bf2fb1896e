"""The command for the keys that seal what is stored."""

import click

from webhooks.cli.common import opened
from webhooks.cli.ops import _note

KEYS = "COACHCAL_SECRET_KEYS"


@click.group()
def secrets() -> None:
    """Manage the secrets at rest: tokens of calendar accounts, sealed with COACHCAL_SECRET_KEYS."""


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
                _note(runtime, tx, "reseal", "secrets")
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
