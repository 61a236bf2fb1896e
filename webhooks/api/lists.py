"""Lists over HTTP: all that there is of a kind, by filters, page after page."""

from flask import Response

from webhooks.api.list_pages import page
from webhooks.api.schemas.lists import BookingsQuery, PodsQuery
from webhooks.api.session_lists import BOOKINGS, PODS


def bookings(query: BookingsQuery) -> Response:
    """Bookings, those that ended too, with the session of each.

    Each filter that is sent has to hold; `company`, `project`, `cohort` and `programme_name` are
    the booking's own, or else its session's.
    """
    return page(BOOKINGS, query)


def pods(query: PodsQuery) -> Response:
    """Pods, those called off too, with everyone who has or had a seat.

    Each filter that is sent has to hold; `company`, `project`, `cohort` and `programme_name` are
    the pod's own.
    """
    return page(PODS, query)
