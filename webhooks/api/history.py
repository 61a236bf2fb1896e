"""The history of a booking over HTTP."""

from storage.reports import timelines
from webhooks.api.schemas.history import HistoryOut, entry_out
from webhooks.http.context import runtime


def show(booking_id: str) -> HistoryOut:
    """What happened to a booking and its session, by whom, and what was sent because of it.

    Each change with what was another before and after, by which means it was made, in which
    request, and why where that was given; each mail, calendar write and callback with its state.
    Ids and times, never a text or an address. It begins with the release that keeps it.
    """
    with runtime().services.database.read() as tx:
        found = timelines.of_booking(tx, booking_id)
    return HistoryOut(booking_id=booking_id, history=list(map(entry_out, found)))
