"""The command that tells what happened to a booking."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from webhooks.cli.common import as_json, listed, opened

if TYPE_CHECKING:
    from webhooks.api.schemas.history import HistoryEntryOut

Told = tuple[dict[str, Any], str]


@click.command()
@click.argument("booking")
@as_json
def history(booking: str, as_json: bool) -> None:  # noqa: FBT001 (click)
    """Tell what happened to BOOKING and its session: by whom, in which request, and what was sent
    because of it.
    """
    from domain.sessions import Unknown
    from storage.reports import timelines
    from webhooks.api.schemas.history import entry_out

    with opened() as runtime, runtime.services.database.read() as tx:
        try:
            found = timelines.of_booking(tx, booking)
        except Unknown:
            raise click.ClickException(
                f"there is no booking {booking}; see: coachcal lists bookings"
            ) from None
        listed(_rows(list(map(entry_out, found))), as_json=as_json)


def _rows(entries: "list[HistoryEntryOut]") -> Iterator[Told]:
    for entry in entries:
        fields = entry.model_dump(mode="json")
        yield fields, f"{entry.at}  {entry.kind:<8} {entry.what:<15}  {_more(entry)}".rstrip()


def _more(entry: "HistoryEntryOut") -> str:
    if entry.by is None:
        return f"{entry.state}, {entry.attempts} attempts  {entry.recipient or ''}  {entry.id}"
    by = " ".join(filter(None, (entry.by.door, entry.by.name, entry.by.request_id)))
    changes = [f"{name}: {_was(entry, name)}{value}" for name, value in entry.after.items()]
    said = f"{', '.join(changes)}  by {by}"
    if entry.reason:
        said += f"  because: {entry.reason}"
    if entry.excused:
        said += "  excused"
    return said


def _was(entry: "HistoryEntryOut", name: str) -> str:
    if name not in entry.before:
        return ""
    return f"{entry.before[name]} -> "
