"""Who looks at the booking page, and what each of them may: all of it stands in these two tables.

Everybody sees open times, and books, moves and cancels for the participant of their link. Whatever
else there is has a name here. Which sessions and bookings a guest's rights reach, `Guest` says,
from their coach and context.
"""

from enum import StrEnum, auto
from typing import Literal

Viewer = Literal["participant", "coach", "manager"]


class May(StrEnum):
    see_reasons = auto()
    """Why a time is closed, and why a session was forced."""
    see_history = auto()
    """What happened to a booking, and through whom."""
    see_people = auto()
    """Who takes part in sessions: a coach in all of theirs, a manager in the groups of their
    context.
    """
    force = auto()
    """Take a closed time, with a reason. What no force opens, `storage.slots.bookable` says."""
    run_sessions = auto()
    """Move and cancel anybody's 1:1 session with this coach."""
    excuse = auto()
    """Cancel shortly before the start without its counting as missed."""
    pass_limits = auto()
    """Book and move past what a programme allows its participants, and as late as need be: such a
    change counts as nothing.
    """
    make_groups = auto()
    call_off = auto()
    """A whole group."""
    settle = auto()
    """See what they changed in their own calendar, and what lies over their sessions, and say what
    becomes of it.
    """
    assign = auto()
    """Give seats as the programme does, whatever the group's format."""


RIGHTS: dict[Viewer, frozenset[May]] = {
    "participant": frozenset(),
    "coach": frozenset(May) - {May.assign},
    "manager": frozenset({May.see_people, May.pass_limits, May.make_groups, May.assign}),
}

NEEDS = {
    "pages.book_group": May.see_people,
    "pages.book_make_group": May.make_groups,
    "pages.book_call_off_form": May.call_off,
    "pages.book_call_off": May.call_off,
    "pages.book_changes": May.settle,
    "pages.book_settle": May.settle,
}
"""The pages that are not for everybody: to whoever lacks the right they are not there."""
