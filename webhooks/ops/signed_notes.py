"""What a page of ops carries to its next request, signed: no process has to remember it."""

from typing import Any

from flask import abort, request
from itsdangerous import BadData

from webhooks.http.context import runtime
from webhooks.ops.ops_sessions import signer


def signed(field: str, coach_id: str, *said: Any) -> str:
    """A note about this coach, for a form's field of this name. `said`: as JSON has it."""
    return str(signer(runtime().services.settings, field).dumps([coach_id, *said]))


def told(field: str, coach_id: str) -> list[Any]:
    """What the form's field says of this coach. 403 if we did not sign that, or of another."""
    try:
        note = request.form.get(field, "")
        known, *said = signer(runtime().services.settings, field).loads(note)
    except (BadData, ValueError):
        abort(403, "This page was not made here, or is too old. Nothing was done: begin again.")
    if known != coach_id:
        abort(403, "This page is about another coach. Nothing was done: begin again.")
    return list(said)
