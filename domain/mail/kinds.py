"""The kinds of mails, and to whom each goes."""

from typing import Literal, get_args

OfBooking = Literal[
    "booked",
    "rebooked",
    "place_changed",
    "cancelled",
    "reminder",
    "seat_left",
    "missed",
    "wall_moved",
]
OfLogin = Literal["relink", "relink_conferencing"]
"""What a coach has to connect again."""
OfCalendar = Literal[
    "event_moved", "event_deleted", "event_declined", "conflict", "conflict_cleared"
]
OfCoach = OfLogin | OfCalendar
"""These go to coaches only, and are about no booking."""
Kind = OfBooking | OfCoach
Role = Literal["participant", "coach"]
OF_BOOKINGS: tuple[str, ...] = get_args(OfBooking)
LOGINS: tuple[str, ...] = get_args(OfLogin)
COACH_ONLY = (*LOGINS, *get_args(OfCalendar))
KINDS = (*OF_BOOKINGS, *COACH_ONLY)
TEXT_KINDS = (*KINDS, *(f"coach_{kind}" for kind in OF_BOOKINGS))
"""The kinds of texts. Of a booking a coach is told in other words than its participant, so each of
the two has a text and a switch of its own.
"""

MEANINGS: dict[Kind, str] = {
    "booked": "A time or a seat was booked.",
    "rebooked": "It moved to another time, or to another pod.",
    "place_changed": "It is held elsewhere, or its link came.",
    "cancelled": "It was cancelled, or its session called off.",
    "reminder": "It begins soon.",
    "seat_left": "A participant left the pod.",
    "missed": "It was cancelled too late, or nobody came.",
    "wall_moved": "New time zone rules: its local time is another now.",
    "relink": "A calendar lost its credentials, and has to be connected again.",
    "relink_conferencing": "A conferencing account lost its credentials.",
    "event_moved": "The coach moved a session's event in their calendar, and is asked about it.",
    "event_deleted": "The coach deleted it there.",
    "event_declined": "The coach declined it there.",
    "conflict": "An event in the coach's calendar lies over a session.",
    "conflict_cleared": "No longer.",
}
