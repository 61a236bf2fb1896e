"""Whole lists on stdout, for reports: NDJSON, or CSV for a spreadsheet."""

import sys
from typing import TYPE_CHECKING, Any

import click

from webhooks.cli.common import Progress, actor, opened

if TYPE_CHECKING:
    from webhooks.api.list_pages import ItemList, Reader
    from workers.services import Services

NAMES = ("bookings", "sessions", "pods", "coaches", "mailers")


@click.command()
@click.argument("name", type=click.Choice(NAMES), metavar="LIST")
@click.argument("filters", nargs=-1)
@click.option("--csv", "as_csv", is_flag=True, help="A table for spreadsheets, not NDJSON.")
def lists(name: str, filters: tuple[str, ...], as_csv: bool) -> None:  # noqa: FBT001 (click)
    """Print all of LIST (bookings, sessions, pods, coaches, mailers), an item a line. FILTERS are
    those of the API: company=acme status=missed from=2026-06-01.

    It names people, as the API does; that it was printed is in the audit.
    """
    from storage.rows.audit_log import Deed, note
    from webhooks.api.list_files import CSV, NDJSON
    from webhooks.api.list_pages import written

    chosen, query = _asked(name, filters)
    progress = Progress(name)
    kind = CSV if as_csv else NDJSON
    with opened() as runtime:
        services = runtime.services
        read = _reader(chosen, services, query)
        with services.database.write() as tx:
            note(tx, Deed(services.now(), actor(), "export", name, " ".join(filters)))
        pieces = written(chosen, kind, services.database, read, _told(progress))
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _reader(chosen: "ItemList", services: "Services", query: Any) -> "Reader":
    """Raises ClickException."""
    from domain.errors import Invalid
    from webhooks.http.problems import RefusedRequest

    try:
        return chosen.reader(services, query)
    except (Invalid, RefusedRequest) as error:
        raise click.ClickException(f"{error.field}: {error.detail}") from None


def _told(progress: Progress) -> Any:
    return lambda count: progress.at(f"{count:,} items")


def _asked(name: str, filters: tuple[str, ...]) -> tuple["ItemList", Any]:
    """Raises ClickException for what is no filter of the list."""
    from pydantic import ValidationError

    from webhooks.api.list_pages import PAGING
    from webhooks.api.whole_lists import LISTS

    chosen, model = LISTS[name]
    sent = {}
    for each in filters:
        field, equals, value = each.partition("=")
        if not equals or field in PAGING:
            raise click.ClickException(f"{each} is no filter; write one as company=acme")
        sent[field] = value
    try:
        return chosen, model.model_validate(sent)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise click.ClickException(f"{where}: {first['msg']}") from None
