"""An event of ours, as we send it and as Cronofy lists it."""

from workers.cronofy.wire import ManagedEvent

OURS = {
    "calendar_id": "cal_a",
    "event_uid": "evt_1",
    "event_id": "coachcal-ses_1",
    "summary": "canary",
    "start": "2026-11-07T15:00:00Z",
    "end": "2026-11-07T16:00:00Z",
    "deleted": False,
}
START = 1_794_063_600
EVENT = ManagedEvent(
    "coachcal-ses_1", "Session with Ada", "See you", START, START + 3600, "Europe/London"
)
