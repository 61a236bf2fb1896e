"""Invented facts, to show a text before anybody gets it."""

from datetime import datetime, timedelta
from typing import cast

from domain.errors import one_of
from domain.mail import COACH_ONLY, TEXT_KINDS, Kind, MailFacts, Recipient

HOUR = 3600


def sample(text_kind: str, language: str, *, now: datetime) -> MailFacts:
    """Everything a text may ask for, filled in;
    the session is tomorrow on the full hour. Raises Invalid.
    """
    kind = one_of("kind", text_kind, TEXT_KINDS)
    starts = int((now + timedelta(days=1)).timestamp()) // HOUR * HOUR
    grace = Recipient("Grace Hopper", "grace@example.com", "Europe/Berlin", language, "participant")
    ada = Recipient("Ada Lovelace", "ada@example.com", "Europe/Berlin", language, "coach")
    recipient = grace
    if kind.startswith("coach_") or kind in COACH_ONLY:
        recipient = ada
    return MailFacts(
        kind=cast(Kind, kind.removeprefix("coach_")),
        recipient=recipient,
        booking_id="bkg_sample",
        version=1,
        changed_at=now,
        coach_name="Ada Lovelace",
        participant_name="Grace Hopper",
        starts=starts,
        ends=starts + HOUR,
        previous_starts=starts - 24 * HOUR,
        event_starts=starts + 2 * HOUR,
        event_ends=starts + 3 * HOUR,
        programme_name="New Leaders",
        title="Group coaching",
        place_kind="url",
        place="https://example.com/join",
        join_url="https://example.com/join",
        my_page_url="https://example.com/my-page",
        relink_url="https://example.com/connect",
        changes_url="https://example.com/changes",
        uid="sample@example.com",
    )
