"""People, profiles, calendars and events as the state file holds them: plain JSON, and back."""

from dataclasses import fields
from datetime import date, datetime
from typing import Any

from workers.cronofy.sandbox.times import Moment
from workers.cronofy.sandbox.world import (
    SandboxAccount,
    SandboxCalendar,
    SandboxEvent,
    SandboxProfile,
)

MOMENTS = ("start", "end", "created", "updated")
# A name that is the parent would lead round in circles; it is known from where the item stands.
PARENTS = ("account", "profile")
DAY = len("2026-11-03")


def save_account(account: SandboxAccount) -> dict[str, Any]:
    """`{sub, name, email, zone, profiles: [{…, calendars: [{…, events: [...]}]}]}`."""
    return _plain(account) | {"profiles": [_profile(each) for each in account.profiles]}


def restore_account(saved: dict[str, Any]) -> SandboxAccount:
    """Raises KeyError, TypeError and ValueError for what is none."""
    account = SandboxAccount(**saved | {"profiles": []})
    for its in saved["profiles"]:
        broken_at = moment_or_none(its["broken_at"])
        profile = SandboxProfile(
            **its | {"account": account, "calendars": [], "broken_at": broken_at}
        )
        account.profiles.append(profile)
        for entry in its["calendars"]:
            profile.calendars.append(_calendar_of(profile, entry))
    return account


def moment_or_none(text: str | None) -> Any:
    """The instant, floating time or date that was written, as ISO 8601 tells them apart."""
    if text is None:
        return None
    if len(text) == DAY:
        return date.fromisoformat(text)
    return datetime.fromisoformat(text)


def _plain(item: Any) -> dict[str, Any]:
    return {
        each.name: getattr(item, each.name) for each in fields(item) if each.name not in PARENTS
    }


def _profile(profile: SandboxProfile) -> dict[str, Any]:
    calendars = [_calendar(each) for each in profile.calendars]
    return _plain(profile) | {"calendars": calendars, "broken_at": _text(profile.broken_at)}


def _calendar(calendar: SandboxCalendar) -> dict[str, Any]:
    held = None
    if calendar.held is not None:
        held = [_event(each) for each in calendar.held.values()]
    return _plain(calendar) | {
        "events": [_event(each) for each in calendar.events.values()],
        "held": held,
    }


def _calendar_of(profile: SandboxProfile, saved: dict[str, Any]) -> SandboxCalendar:
    held = saved["held"]
    if held is not None:
        held = {each["uid"]: _event_of(each) for each in held}
    events = {each["uid"]: _event_of(each) for each in saved["events"]}
    return SandboxCalendar(**saved | {"profile": profile, "events": events, "held": held})


def _event(event: SandboxEvent) -> dict[str, Any]:
    plain = _plain(event)
    for name in MOMENTS:
        plain[name] = _text(plain[name])
    plain["earlier"] = [(_text(start), _text(end)) for start, end in event.earlier]
    return plain


def _event_of(saved: dict[str, Any]) -> SandboxEvent:
    moments = {name: moment_or_none(saved[name]) for name in MOMENTS}
    earlier = []
    for start, end in saved["earlier"]:
        earlier.append((moment_or_none(start), moment_or_none(end)))
    return SandboxEvent(**saved | moments | {"earlier": tuple(earlier)})


def _text(moment: Moment | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat()
