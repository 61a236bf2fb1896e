"""Points in time as calendars know them (an instant, a floating wall time, a day),
and how the wire shows them.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Moment = date
"""An aware datetime is an instant (kept in UTC), a naive one floats, a plain date is an all-day
boundary.
"""

UTC_ZONE = ZoneInfo("UTC")

NO_TIMESTAMP = "0000-12-29T00:00:00Z"
"""What Cronofy shows when a provider keeps no created or updated time. Year 0 breaks Python's
datetime.
"""


def read_moment(value: object) -> Moment:
    """Their event time: `…T…Z`, `… …Z`, an offset, a Date, or `{time, tzid}`. Raises ValueError."""
    if isinstance(value, Mapping):
        return _in_zone(read_moment(value.get("time")), str(value.get("tzid") or "UTC"))
    if not isinstance(value, str):
        raise ValueError("a time is a string or an object with time and tzid")
    text = value.strip()
    if len(text) == len("2026-11-03"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text.replace("UTC", "Z"))
    # Cronofy rejects a fraction that is not zero.
    if moment.microsecond:
        raise ValueError("a time has no fraction of a second")
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC)


def zone_named(tzid: str) -> ZoneInfo:
    """The IANA zone of that name. Raises ValueError, whatever way the name is wrong."""
    try:
        return ZoneInfo(tzid)
    except (KeyError, OSError) as error:  # OSError: "Europe" is a folder of the zone database
        raise ValueError(f"{tzid} is no IANA time zone; write one like Europe/Paris") from error


def floats(moment: Moment) -> bool:
    """Whether it is a wall time without a zone."""
    return isinstance(moment, datetime) and moment.tzinfo is None


def whole_day(moment: Moment) -> bool:
    """Whether it is a date."""
    return not isinstance(moment, datetime)


def instant(moment: Moment, zone: ZoneInfo) -> datetime:
    """The UTC instant: dates at their midnight in `zone`, floating times in `zone`.

    A wall time that the zone skips lands behind the gap, an ambiguous one is its first occurrence.
    """
    # Python's own reading of a wall time that is shown twice, or never, is the one wanted: fold 0.
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def utc_text(moment: datetime) -> str:
    """`2026-11-03T09:00:00Z`: whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def on_the_wire(moment: Moment, zone: ZoneInfo, *, localized: bool) -> str | dict[str, str]:
    """UTC text or Date;
    with `localized` an object of the local time (Z for a zero offset) and its zone.
    """
    if whole_day(moment):
        text = moment.isoformat()
    elif localized:
        text = instant(moment, zone).astimezone(zone).isoformat().replace("+00:00", "Z")
    else:
        text = utc_text(instant(moment, zone))
    if not localized:
        return text
    return {"time": text, "tzid": zone.key}


def _in_zone(moment: Moment, tzid: str) -> Moment:
    zone = zone_named(tzid)
    if not isinstance(moment, datetime):
        return moment
    return instant(moment, zone)
