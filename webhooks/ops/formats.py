"""How the ops pages say things: ages, moments, errors. Filters of their templates, all
named ops_*.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from domain.mail.safety import without_addresses
from webhooks.ops import runbook

SPANS = ((60, 1, "s", 0), (3600, 60, "min", 0), (2 * 86_400, 3600, "h", 1))


def age(seconds: float) -> str:
    """12 s, 5 min, 3.5 h, 12 d."""
    for below, unit, name, places in SPANS:
        if abs(seconds) >= below:
            continue
        if places:
            return f"{round(seconds / unit, places)} {name}"
        return f"{int(seconds / unit)} {name}"
    return f"{int(seconds / 86_400)} d"


def span(milliseconds: float | None) -> str:
    """85 ms, 1.2 s, 5 min."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{round(milliseconds)} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    return age(milliseconds / 1000)


def percent(share: float) -> str:
    """61 %, and less than 1 % where it is not nothing."""
    if 0 < share < 0.01:
        return "< 1 %"
    return f"{round(share * 100)} %"


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago, or in how long."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if seconds < 0:
        return f"in {age(-seconds)}"
    return age(seconds)


def ago(seconds: float, now: datetime) -> Markup | str:
    """The moment so long ago: of today as 17:32, of another day in full."""
    moment = now - timedelta(seconds=seconds)
    if moment.date() != now.date():
        return stamp(moment)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), f"{moment:%H:%M}"
    )


def stamp(moment: datetime | None) -> Markup | str:
    """A time element, in UTC."""
    if moment is None:
        return "–"
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S}"
    )


def instant(seconds: int) -> Markup | str:
    return stamp(datetime.fromtimestamp(seconds, UTC))


def error(text: str | None) -> str:
    """What went wrong, without any address that a server may have put into it."""
    return without_addresses(text or "")


def words(name: str) -> str:
    """last_known -> last known"""
    return name.replace("_", " ")


FILTERS: dict[str, Callable[..., Any]] = {
    "age": age,
    "ago": ago,
    "span": span,
    "percent": percent,
    "since": since,
    "stamp": stamp,
    "instant": instant,
    "error": error,
    "words": words,
    "paragraph": runbook.paragraph,
}
