"""Conferencing: who makes the link of a session, and until when it is waited for.

A session's event asks for the link, and the link comes later, or never:

    asked ------- a call says that the service fails -------> failing
    asked, failing ---- no link for FAILED_AFTER, or it begins ----> failed: ops and platform know
    any of them ---- a link is seen at the event ----> assigned
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from domain.places import Place
from domain.sessions import Session

State = Literal["asked", "assigned", "failing", "failed"]
FAILED_AFTER = timedelta(minutes=10)
EXPLICIT, INTEGRATED, DEFAULT = "explicit", "integrated", "default"
# Such accounts show us less than a calendar, which then makes no link of its own either.
WITHOUT_THEIR_OWN = ("google_free_busy", "ms_graph_free_busy", "cronofy")


@dataclass(frozen=True, slots=True)
class Conferencing:
    """What an event asks for. `profile_id`: who makes the link; of `explicit` it is `join_url`, and
    `description` names where that leads.
    """

    profile_id: str
    description: str | None = None
    join_url: str | None = field(default=None, repr=False)

    def within(self, provider: str) -> "Conferencing":
        """The same in a calendar of this provider's: where it has no links of its own, those of the
        coach's own service.
        """
        if self.profile_id == INTEGRATED and provider in WITHOUT_THEIR_OWN:
            return replace(self, profile_id=DEFAULT)
        return self


def asked(place: Place | None) -> Conferencing | None:
    """What the event of a session at this place asks for, if it has to do with a link."""
    if place is None:
        return None
    if place.kind == "conferencing":
        return Conferencing(place.value or DEFAULT)
    if place.link is None:
        return None
    host = urlsplit(place.link).hostname
    return Conferencing(EXPLICIT, host or place.kind, place.link)


def is_assigned_later(session: Session) -> bool:
    """Whether the link of this session comes from Cronofy."""
    return session.active and session.place is not None and session.place.kind == "conferencing"


def awaits_link(session: Session) -> bool:
    return is_assigned_later(session) and session.join_url is None
