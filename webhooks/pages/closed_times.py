"""Why times of the booking page are closed, and to whom that is told."""

from domain.sessions import Terms
from domain.slots.cells import GRID
from domain.slots.reasons import Reason
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.bookable import ELSEWHERE
from storage.slots.listings import Listing
from webhooks.http.page_sessions import guest
from webhooks.http.permissions import May

NEVER_FORCED = ("past", "session", "hold")
"""What closes a time for good; there is no use in asking for it."""


def closed(listing: Listing, duration: int, since: int, until: int, terms: Terms) -> dict[int, str]:
    """Why each closed start is so, as the API tells it; a participant is told of those alone that
    only other sessions of their own close.
    """
    asked = Asked(duration, since, until, terms.seconds)
    theirs = availability.elsewhere(listing, asked).tolist()
    found: dict[int, str] = dict.fromkeys(theirs, ELSEWHERE)
    if not guest().may(May.see_reasons):
        return found
    # Where the set ends, so does what is known.
    found = dict.fromkeys(range(since, until, GRID), Reason.horizon.name) | found
    for first, end, why in availability.reasons(listing, asked):
        found |= dict.fromkeys(range(first, end, GRID), why.name)
    past = range(since, min(until, terms.seconds), GRID)
    return found | dict.fromkeys(past, "past")


def forcible(reason: str) -> bool:
    return guest().may(May.force) and reason not in NEVER_FORCED
