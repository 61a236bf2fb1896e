"""Answering for a cause: alerts and the first line of /ops leave it out; the audit says who."""

from datetime import datetime

from sqlalchemy import Connection

from storage.reports.causes import SharedError
from storage.rows import acknowledgements, audit_log
from storage.rows.acknowledgements import Acknowledgement
from storage.rows.audit_log import Deed


def acknowledge(tx: Connection, cause: SharedError, *, actor: str, now: datetime) -> None:
    """For a day, or until no message has it any more."""
    made = Acknowledgement(cause.id, cause.kind, cause.state, cause.error, now, actor)
    acknowledgements.put(tx, made)
    _note(tx, "acknowledge", cause, actor, now)


def withdraw(tx: Connection, cause: SharedError, *, actor: str, now: datetime) -> None:
    """Nobody answers for it any more: it is told again."""
    acknowledgements.withdraw(tx, cause.id)
    _note(tx, "withdraw", cause, actor, now)


def _note(tx: Connection, action: str, cause: SharedError, actor: str, now: datetime) -> None:
    detail = f"{cause.count} {cause.kind} {cause.state}, {cause.error}"
    audit_log.note(tx, Deed(now, actor, action, cause.id, detail))
