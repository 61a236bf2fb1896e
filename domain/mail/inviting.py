"""The facts of a mail as what it says to its reader's calendar, if it says anything there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.mail import tokens
from domain.mail.endings import REQUESTS
from domain.mail.invitations import (
    Address,
    Conference,
    Invitation,
    dialled,
    method_of,
    status_of,
)
from domain.mail.safety import one_line, together, web_address

if TYPE_CHECKING:
    from domain.mail import MailFacts

LONGEST_SUMMARY = 900
"""Characters, with its names."""


def invitation(
    facts: MailFacts,
    summary: str,
    values: Mapping[str, str],
    *,
    organizer: Address,
    attendee: Address,
) -> Invitation | None:
    """None: the calendar is left alone. `values`: of the tokens in `summary`."""
    if facts.starts is None or facts.ends is None:
        return None
    if not facts.uid or not _invited(facts):
        return None
    starts = datetime.fromtimestamp(facts.starts, UTC)
    method = method_of(facts.kind, before_start=facts.changed_at < starts)
    if method is None:
        return None
    goes_on = facts.kind == "seat_left" or (facts.pod and facts.kind == "missed")
    return Invitation(
        method=method,
        status=status_of(method, goes_on=goes_on),
        uid=facts.uid,
        sequence=facts.sequence,
        dtstamp=facts.changed_at.astimezone(UTC),
        organizer=organizer,
        attendee=attendee,
        starts=starts,
        ends=datetime.fromtimestamp(facts.ends, UTC),
        summary=together(tokens.fill(one_line(summary), values), LONGEST_SUMMARY),
        description=values["programme_name"],
        url=values["my_page_url"] or values["join_url"],
        location=_location(facts),
        conference=_conference(facts),
    )


def _invited(facts: MailFacts) -> bool:
    if facts.invite is not None:
        return facts.invite
    return facts.recipient.role == "participant"


def _location(facts: MailFacts) -> str:
    """In no language, since a calendar shows it to whoever looks: a link that follows is nothing
    yet.
    """
    if facts.join_url:
        return web_address(facts.join_url)
    return one_line(facts.place or "")


def _conference(facts: MailFacts) -> Conference | None:
    """How to take part from afar, where the mail asks for a session that is to come."""
    if facts.kind not in REQUESTS:
        return None
    if facts.place_kind == "phone":
        return dialled(facts.place or "")
    url = web_address(facts.join_url)
    if not url:
        return None
    return Conference(url, ("AUDIO", "VIDEO"))
