"""Who is connected: an account, its profiles (calendar logins) and their calendars.

Quirks: provider names are an open list, and by them alone a profile says how much access it gives;
names and mails may be null; a relink URL is there only while a profile is disconnected; read-only
and deleted calendars are listed too; the account's token works while one profile is dead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.accounts import AccessMode, Account, Calendar, ConferencingProfile, Profile
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire.fields import (
    Object,
    document,
    flag,
    identifier,
    inner,
    inners,
    label,
    text,
)

MODES: dict[str, AccessMode] = {
    "google_free_busy": "free_busy",
    "ms_graph_free_busy": "free_busy",
    "cronofy": "no_access",
}
"""What a profile is called whose person chose less than to be read and written.
Source: docs.cronofy.com, Access modes. Whatever else it is called, it is read and written.
"""


def read_userinfo(raw: bytes) -> Account:
    """Source: docs.cronofy.com, User Info. Service accounts have no profiles."""
    person = document(raw, "userinfo")
    data = inner(person, "cronofy.data")
    # Never "no profiles, so no trouble": a lost login would look healthy.
    if not data:
        raise BadAnswer(
            "userinfo from Cronofy says nothing about the account's profiles; try again later"
        )
    # A calendar that lives in Cronofy is called `cronofy`, too, and is read and written.
    modes = MODES
    if person.get("cronofy.type") == "application_calendar":
        modes = {}
    profiles = [_profile(each, modes) for each in inners(data, "profiles")]
    return Account(
        sub=identifier(person, "sub"),
        name=label(person, "name"),
        email=label(person, "email"),
        zone=label(person, "zoneinfo"),
        scope=text(inner(data, "authorization"), "scope"),
        profiles=tuple(profiles),
        conferencing=tuple(map(_conferencing, inners(data, "conferencing_profiles"))),
    )


def _profile(profile: Object, modes: Mapping[str, AccessMode]) -> Profile:
    provider = label(profile, "provider_name") or ""
    service = label(profile, "provider_service") or ""
    return Profile(
        id=identifier(profile, "profile_id"),
        provider=provider,
        service=service,
        name=label(profile, "profile_name") or "",
        # Missing means well: a field that Cronofy leaves out one day must not disconnect everybody.
        connected=flag(profile, "profile_connected", default=True),
        # While it is true reads answer 200 and are incomplete, mostly empty.
        initial_sync=flag(profile, "profile_initial_sync_required", default=False),
        relink_url=_web_address(profile, "profile_relink_url"),
        mode=modes.get(provider) or modes.get(service) or "read_write",
        calendars=tuple(map(_calendar, inners(profile, "profile_calendars"))),
    )


def _conferencing(profile: Object) -> ConferencingProfile:
    """Source: docs.cronofy.com, User Info; that one has a relink URL is inferred."""
    return ConferencingProfile(
        id=identifier(profile, "profile_id"),
        provider=label(profile, "provider_name") or "",
        connected=flag(profile, "profile_connected", default=True),
        relink_url=_web_address(profile, "profile_relink_url"),
    )


def read_conferencing_page(raw: bytes) -> str:
    """Source: docs.cronofy.com, Conferencing service authorizations."""
    answer = document(raw, "a conferencing authorization")
    page = _web_address(inner(answer, "authorization_request"), "url")
    if page is None:
        raise BadAnswer("Cronofy names no page where conferencing is connected; try again later")
    return page


def _calendar(calendar: Object) -> Calendar:
    return Calendar(
        id=identifier(calendar, "calendar_id"),
        name=label(calendar, "calendar_name") or "",
        readonly=flag(calendar, "calendar_readonly", default=False),
        deleted=flag(calendar, "calendar_deleted", default=False),
        primary=flag(calendar, "calendar_primary", default=False),
    )


def _web_address(owner: Object, key: str) -> str | None:
    """A link that a page may offer: never one that runs something."""
    value = text(owner, key)
    if value is None or not re.match(r"https?://[\x21-\x7e]+\Z", value):
        return None
    return value
