"""Requests of every operation about the feed (`every_request`)."""

from tests.webhooks.request_parts import Request

ABOUT_EVENTS = (
    Request("events_show_slots", 200, query={"limit": "10"}),
    Request(
        "events_show",
        200,
        {"coach_id": (200, 200)},
        query={"coach_id": "{coach_id}", "type": "slots.changed", "version": "2026-06-01"},
    ),
)
