"""The instants and zones inside a body, as the domain takes them."""

from datetime import UTC, datetime

from domain.errors import Invalid
from domain.hours import timezone
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import YEARS


def instant(field: str, text: str) -> int:
    """An instant with an offset, in epoch seconds. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS or moment.microsecond:
        detail = "Send an instant with an offset, on a whole second, such as 2026-06-01T09:00:00Z."
        raise RefusedRequest("invalid_instant", detail, field=field)
    return int(moment.timestamp())


def instant_or_none(field: str, text: str | None) -> int | None:
    """The same; None for None."""
    if text is None:
        return None
    return instant(field, text)


def moment(field: str, text: str | None) -> datetime | None:
    """The same as an aware datetime; None for None."""
    if text is None:
        return None
    return datetime.fromtimestamp(instant(field, text), UTC)


def same_zone(field: str, zone: str) -> str:
    """The zone, if there is one of this name. Raises Invalid, with the field."""
    try:
        return timezone(zone).key
    except Invalid as error:
        raise Invalid(field, error.code, error.detail) from None
