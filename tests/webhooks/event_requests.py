"""Requests of every operation about the feed (`every_request`)."""

from tests.webhooks.request_parts import Request

MINE = {"endpoint_id": (200, 404)}
ENDPOINT = {
    "url": "https://platform.example/webhooks",
    "types": ["booking.booked"],
    "version": "2026-11-29",
}
ABOUT_EVENTS = (
    Request("events_show_slots", 200, query={"limit": "10"}),
    Request(
        "events_show",
        200,
        {"coach_id": (200, 200)},
        query={"coach_id": "{coach_id}", "type": "slots.changed", "version": "2026-06-01"},
    ),
    Request("webhook_endpoints_create", 201, body=ENDPOINT),
    Request("webhook_endpoints_show_all"),
    Request("webhook_endpoints_show", 200, MINE),
    Request("webhook_endpoints_change", 200, MINE, {"state": "paused", "types": ["coach.synced"]}),
    Request("webhook_endpoints_rotate", 200, MINE, {"overlap_hours": 2}),
    Request("webhook_endpoints_send_test", 202, {"endpoint_id": (202, 404)}),
    # An event that was never owed to this endpoint is not sent again.
    Request(
        "webhook_endpoints_replay",
        202,
        {"endpoint_id": (202, 404), "event_id": (202, 202)},
        {"event_id": "{event_id}"},
    ),
    Request("webhook_endpoints_show_attempts", 200, MINE),
    Request("webhook_endpoints_delete", 204, {"endpoint_id": (204, 404)}),
)
