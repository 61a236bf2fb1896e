"""Requests of `every_request` for lists: an id in a filter may be anybody's."""

from tests.webhooks.request_parts import CONTEXT, WEEK, Request

FILTERS = WEEK | CONTEXT | {"limit": "2", "changed_since": "2026-06-01", "in_conflict": "false"}
FILTERS |= {"short_of_seats": "false", "held_mails": "false", "moved": "false", "status": "booked"}
WHOSE = {"coach_id": "{coach_id}", "participant_id": "{participant_id}"}
ANYBODY = {"coach_id": (200, 200), "participant_id": (200, 200)}
ABOUT_LISTS = (
    Request("lists_bookings", 200, ANYBODY, query=FILTERS | WHOSE),
    Request("lists_pods", 200, ANYBODY, query=FILTERS | WHOSE),
    Request("lists_coaches", 200, {"ids": (200, 200)}, query={"state": "fresh", "limit": "2"}),
    Request("lists_mailers", 200, {"scope_id": (200, 200)}, query={"scope_id": "{scope_id}"}),
    Request("sessions_show", 200, ANYBODY, query=FILTERS | WHOSE),
)
