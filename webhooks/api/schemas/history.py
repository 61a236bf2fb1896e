"""The history of a booking, typed, as OpenAPI tells it."""

from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from domain import events
from domain.history import INSTANTS, Kept
from storage.reports.outbox import Message
from storage.reports.timelines import TimelineEntry
from storage.rows.history import HistoryRow
from webhooks.api.schemas.responses import Instant
from webhooks.http.times import iso, iso_or_none

HistoryKind = Literal["booking", "session", "mail", "calendar", "callback"]


class ByOut(BaseModel):
    door: str = Field(
        description="api, page, ops, import, command, worker, clock or calendar: by what means."
    )
    name: str | None = Field(
        description="Which: of the API and of imports the client, of pages participant, coach or"
        " manager, of ops client and key, of a calendar the account that was read."
    )
    request_id: str | None = Field(description="The X-Request-ID that it was done in.")


class HistoryEntryOut(BaseModel):
    at: Instant = Field(description="When it was done, or when what was to leave was written down.")
    kind: HistoryKind
    what: str = Field(
        description="Of a booking or session what happened; of a mail its kind; of the coach's"
        " calendar upsert, delete or look; of a callback its type."
    )
    id: str = Field(
        description="Of the change: entries with the same one are one change. Of a message its own."
    )
    session_id: str | None
    booking_id: str | None
    before: dict[str, Any] = Field(description="What became another, as it was.")
    after: dict[str, Any]
    reason: str | None = Field(
        description="Why it was forced; empty once that was forgotten with its participant."
    )
    excused: bool = Field(description="It did not count, late or over a limit though it was.")
    by: ByOut | None = Field(description="Null for a message: its change says it.")
    state: str | None = Field(description="Of a message, as in the outbox.")
    recipient: str | None = Field(description="Of a mail: participant or coach.")
    due_at: Instant | None
    sent_at: Instant | None
    attempts: int | None


class HistoryOut(BaseModel):
    booking_id: str
    history: list[HistoryEntryOut] = Field(
        description="The oldest first; of very long ones the newest 500 steps and messages."
    )


def entry_out(entry: TimelineEntry) -> HistoryEntryOut:
    if entry.step is not None:
        return _step(entry.step)
    assert entry.message is not None  # noqa: S101 (it is one of the two)
    return _message(entry.message)


def _step(step: HistoryRow) -> HistoryEntryOut:
    kind: HistoryKind = "booking"
    if step.booking_id is None:
        kind = "session"
    return HistoryEntryOut(
        at=iso(int(step.at.timestamp())),
        kind=kind,
        what=step.what,
        id=step.change_id,
        session_id=step.session_id,
        booking_id=step.booking_id,
        before=kept_out(step.before),
        after=kept_out(step.after),
        reason=step.reason,
        excused=step.excused,
        by=ByOut(door=step.door, name=step.name, request_id=step.request_id),
        state=None,
        recipient=None,
        due_at=None,
        sent_at=None,
        attempts=None,
    )


def kept_out(kept: Kept) -> dict[str, Any]:
    """With its instants as they are written everywhere."""
    written: dict[str, Any] = {}
    for name, value in kept.items():
        written[name] = value
        if name in INSTANTS and isinstance(value, int):
            written[name] = iso(value)
    return written


def _message(message: Message) -> HistoryEntryOut:
    return HistoryEntryOut(
        at=iso(int(message.created_at.timestamp())),
        kind=cast(HistoryKind, message.kind),
        what=events.plain(message.topic),
        id=message.id,
        session_id=message.session_id,
        booking_id=message.booking_id,
        before={},
        after={},
        reason=None,
        excused=False,
        by=None,
        state=message.state,
        recipient=message.role,
        due_at=iso_or_none(message.due_at),
        sent_at=iso_or_none(message.sent_at),
        attempts=message.attempts,
    )
