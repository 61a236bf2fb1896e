"""Reads what a request to the control API asks for; what is wrong with it is said in words."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, get_args

from flask import Response

from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.modes import REPLIES, Reply
from workers.cronofy.sandbox.responses import answer
from workers.cronofy.sandbox.times import UTC_ZONE, Moment, floats, instant, read_moment
from workers.cronofy.sandbox.world import FreeBusy

Result = TypeVar("Result")


def done() -> Response:
    """The order was carried out."""
    return answer({"ok": True})


def moment_in(asked: dict[str, Any], name: str) -> Moment:
    """A time; one without Z or offset floats unless `tzid` is given beside it.
    Raises ControlError 422.
    """
    moment = checked(read_moment, asked.get(name))
    # As Cronofy reads an event time: the zone beside it is the one that it is meant in.
    if floats(moment) and asked.get("tzid"):
        return checked(read_moment, {"time": asked[name], "tzid": asked["tzid"]})
    return moment


def instant_in(asked: dict[str, Any], name: str) -> datetime | None:
    """An instant; dates and floating times are taken as UTC.
    None when absent. Raises ControlError 422.
    """
    if not asked.get(name):
        return None
    moment = moment_in(asked, name)
    return instant(moment, UTC_ZONE)


def status_in(value: object) -> FreeBusy:
    """busy, tentative, free or unknown. Raises ControlError."""
    known: tuple[FreeBusy, ...] = get_args(FreeBusy)
    for status in known:
        if value == status:
            return status
    raise ControlError(f"status is one of {', '.join(known)}")


def reply_in(value: object) -> Reply:
    """accepted, tentative or declined. Raises ControlError."""
    for said in REPLIES:
        if value == said:
            return said
    raise ControlError(f"reply is one of {', '.join(REPLIES)}")


def checked(act: Callable[..., Result], *args: Any, **named: Any) -> Result:
    """What `act` gives. Its ValueError or TypeError becomes a ControlError 422."""
    try:
        return act(*args, **named)
    except (TypeError, ValueError) as error:
        raise ControlError(str(error), 422) from error
