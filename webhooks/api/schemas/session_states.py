"""The states of a session as requests and answers call them, in the forms of all dates."""

from typing import Literal

from domain.sessions import SessionStatus

SaidStatus = Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]


def kept_status(said: SaidStatus | None) -> SessionStatus | None:
    """As it is kept: in the oldest form, as events are."""
    if said == "called_off":
        return "disabled"
    return said
