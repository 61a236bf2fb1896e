"""Providers and access modes: how much of a calendar a person lets the application have, told by
the name of the profile alone.

Vendor's habits kept here: an event that is written reaches a person of the two lesser modes as an
invitation, which they accept or not; of somebody without access the API shows what was written
through it, and nothing else. Inferred: of a free/busy calendar the API shows what was written once
the invitation is accepted, and a changed time invites anew.
"""

from typing import Literal, get_args

Mode = Literal["read_write", "free_busy", "no_access"]
Reply = Literal["accepted", "tentative", "declined"]
Invitation = Literal["needs_action", "accepted", "tentative", "declined"]
REPLIES: tuple[Reply, ...] = get_args(Reply)

PROVIDERS = {
    "google": ("google", "gsuite"),
    "apple": ("apple", "icloud"),
    "office365": ("exchange", "office365"),
    "exchange": ("exchange", "exchange"),
    "live_connect": ("live_connect", "outlook_com"),
    "google_free_busy": ("google_free_busy", "google_free_busy"),
    "ms_graph_free_busy": ("ms_graph_free_busy", "ms_graph_free_busy"),
    "cronofy": ("cronofy", "cronofy"),
}
"""What a link may preselect -> provider_name and provider_service of the profile that comes of it.

That `office365` may be preselected, which no profile is called, say the README of Cronofy's
omniauth-cronofy and the tests of cronofy-php; the others are names of profiles. The documented list
itself could not be read, and Cronofy's is open: what it makes of another name nobody here knows.
Here that is refused, so that a slip is seen.
"""

MODES: dict[str, Mode] = {
    "google_free_busy": "free_busy",
    "ms_graph_free_busy": "free_busy",
    "cronofy": "no_access",
}
"""Providers of another mode than read_write."""
NEEDED = "free_busy_write"
"""The scope whose application people are offered the other modes for."""


def mode_of(provider: str) -> Mode:
    return MODES.get(provider, "read_write")


def offered(provider: str, scope: str) -> bool:
    """Whether a person can choose it at the consent of an application that asks for this scope."""
    return provider not in MODES or NEEDED in scope.split()


def shows(mode: Mode, *, managed: bool, invitation: Invitation | None) -> bool:
    """Whether the API shows an event of such a calendar: one of the application's own (`managed`)
    that came as this invitation, or one of the person's.
    """
    if mode == "no_access":
        return managed
    if mode == "free_busy" and managed:
        return invitation in ("accepted", "tentative")
    return True
