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
