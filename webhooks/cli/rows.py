"""What lists print of each row: as a dict for programs, and as a line for people."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage.reports.outbox import Message, Tally

Stands = tuple[str, str, datetime | None, str | None]
"""A coach, the state of the calendars, when they were read, and what went wrong last."""


def dead_row(row: Any) -> tuple[dict[str, Any], str]:
    about = row.booking_id or row.session_id
    fields = {
        "id": row.id,
        "created_at": row.created_at,
        "kind": row.kind,
        "topic": row.topic,
        "about": about,
    }
    line = (
        f"{row.id}  {row.created_at:%Y-%m-%d %H:%M} UTC  {row.kind} {row.topic}  {about or '-'} "
        f" {row.last_error}"
    )
    return fields | {"error": row.last_error}, line


def tally_row(tally: "Tally") -> tuple[dict[str, Any], str]:
    line = f"{tally.kind:<9} {tally.state:<16} {tally.count:>7}  oldest {moment(tally.oldest)}"
    return {
        "kind": tally.kind,
        "state": tally.state,
        "count": tally.count,
        "oldest": tally.oldest,
    }, line


def outbox_row(row: "Message") -> tuple[dict[str, Any], str]:
    about = row.booking_id or row.session_id
    fields = {
        "id": row.id,
        "kind": row.kind,
        "topic": row.topic,
        "about": about,
        "due_at": row.due_at,
    }
    line = (
        f"{row.id}  {row.kind} {row.topic}  {about or '-'}  due {moment(row.due_at)}  attempts"
        f" {row.attempts}"
    )
    return fields | {
        "attempts": row.attempts,
        "error": row.last_error,
    }, f"{line}  {row.last_error or ''}".rstrip()


def coach_row(stands: Stands) -> tuple[dict[str, Any], str]:
    coach_id, state, read_at, error = stands
    read = "never read"
    if read_at is not None:
        read = f"read {moment(read_at)}"
    line = f"{coach_id:<24} {state:<13} {read}  {error or ''}".rstrip()
    return {"coach": coach_id, "state": state, "read_at": read_at, "error": error}, line


def moment(moment: datetime) -> str:
    """By the second, UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
