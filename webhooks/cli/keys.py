"""API keys: made, listed and revoked here; a key is shown once, when it is made."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import click

from webhooks.cli.common import as_json, asks_first, confirm, listed, opened

if TYPE_CHECKING:
    from storage.rows.api_keys import Key


class Scope(click.Choice[str]):
    """A scope of the API's.

    Which there are is imported when somebody asks: that takes the database's library along.
    """

    def __init__(self) -> None:
        self.case_sensitive = True

    @cached_property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]  # an attribute that is set at once in theirs
        from storage.rows.api_keys import SCOPES

        return SCOPES


@click.group()
def keys() -> None:
    """Manage the API keys of Coach OS and of ops."""


@keys.command()
@click.argument("client")
@click.option("--scope", "scopes", type=Scope(), multiple=True, required=True)
@click.option(
    "--days", type=click.IntRange(min=1), help="Expire after so many days; never by default."
)
def create(client: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key for CLIENT; a second one is for rotation. Its scopes apply to all of the client's
    keys.
    """
    from storage.rows import api_keys

    with opened() as runtime:
        now = runtime.services.now()
        expires_at = None
        if days is not None:
            expires_at = now + timedelta(days=days)
        try:
            with runtime.services.database.write() as tx:
                key = api_keys.create_key(tx, client, scopes, now=now, expires_at=expires_at)
        except api_keys.TooManyKeys as error:
            raise click.ClickException(str(error)) from None
    click.echo(key)


@keys.command()
@click.argument("key_id")
@asks_first
def revoke(key_id: str, yes: bool) -> None:  # noqa: FBT001 (click)
    """Revoke the key with this id (the part between the underscores). It cannot be undone."""
    from storage.rows import api_keys

    confirm(f"Revoke the key {key_id}? Whoever uses it is refused from then on.", yes=yes)
    with opened() as runtime, runtime.services.database.write() as tx:
        revoked = api_keys.revoke_key(tx, key_id, now=runtime.services.now())
    if not revoked:
        raise click.ClickException(f"no active key has the id {key_id}; see: coachcal keys list")
    click.echo(f"revoked {key_id}")


@keys.command(name="list")
@as_json
def list_(as_json: bool) -> None:  # noqa: FBT001 (click)
    """List every key: id, client, scopes, state. Never the secret."""
    from storage.rows import api_keys

    with opened() as runtime, runtime.services.database.read() as tx:
        now = runtime.services.now()
        listed((_row(key, _state(key, now)) for key in api_keys.list_keys(tx)), as_json=as_json)


def _row(key: "Key", state: str) -> tuple[dict[str, object], str]:
    row: dict[str, object] = {
        "id": key.id,
        "client": key.client_id,
        "state": state,
        "scopes": list(key.scopes),
    }
    return row, f"{key.id}  {key.client_id:<20} {state:<24} {' '.join(key.scopes)}"


def _state(key: "Key", now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "active"
    if key.expires_at <= now:
        return f"expired {key.expires_at:%Y-%m-%d}"
    return f"active until {key.expires_at:%Y-%m-%d}"
