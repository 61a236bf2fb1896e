"""Why a week has no open time, as far as it is no secret: how the coach's calendars are, notice,
horizon; or all taken.

What closes single times is asked for elsewhere, and told only to those who may see reasons.
"""

from typing import Literal

from storage.slots.listings import Listing

Ill = Literal["initial_sync", "stale", "disconnected", "no_access", "unconnected"]
Why = Ill | Literal["notice", "horizon", "full", "never"]
MINUTE, DAY = 60, 24 * 3600


def ill(listing: Listing) -> Ill | None:
    """What is wrong with the coach's calendars, be times shown or not; None where the policy asks
    for none.
    """
    state = listing.state
    if state == "fresh" or state == "refreshing" or listing.effect == "hours_only":
        return None
    return state


def why(listing: Listing, since: int, until: int, now: int, soonest: int | None) -> Why:
    """Of a week without an open time; `since`, `until`, `now`, `soonest` in epoch seconds."""
    if listing.effect == "hide":
        return ill(listing) or "stale"
    if since >= now + listing.horizon_days * DAY:
        return "horizon"
    if soonest is None:
        return "never"
    if until <= now + listing.notice * MINUTE:
        return "notice"
    return "full"
