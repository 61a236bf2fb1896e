"""What was never announced is not called off: the one rule about every mail that ends something.

Of one booking and one reader, by what has left of the mails that tell of it (`ANNOUNCES`) when an
ending's turn comes:

    what tells of it                         an ending (`ENDS`)
    sent, or being sent                      leaves
    unsure: nobody knows whether it left     leaves
    only a reminder left                     leaves, in words: no calendar was told of a beginning,
                                             so none is told of the end
    unsent: waiting, dead or superseded      is superseded, `never_announced`, and so is what waited
    there is none (another address)          leaves

Nothing else is an ending. Of a booking's callbacks each counts: the platform keeps its own record,
and a dead one is a gap in it, not silence. The other callbacks, and calendar rows, say how things
are now: the last one is true by itself, and a session that was never written into a calendar has no
event there to take away.
"""

from collections.abc import Collection
from typing import Literal

from domain.mail.kinds import COACH_ONLY

REQUESTS = frozenset({"booked", "rebooked", "place_changed"})
"""What a calendar is told by, too."""
ANNOUNCES = REQUESTS | {"reminder"}
ENDS = frozenset({"cancelled", "seat_left", "missed"})
OTHERS = frozenset({"wall_moved", *COACH_ONLY})
"""Mails that neither tell of a booking nor end one. Whether the end of a conflict was announced,
each episode by itself, storage.transactions.calendar_mails asks.
"""

Ending = Literal["leaves", "leaves_in_words", "never_announced"]


def ending(owed: Collection[str], left: Collection[str]) -> Ending:
    """What becomes of an ending, by the kinds of mails that its reader was owed,
    and those that left or may have.
    """
    if ANNOUNCES.isdisjoint(owed):
        return "leaves"
    if ANNOUNCES.isdisjoint(left):
        return "never_announced"
    if REQUESTS.isdisjoint(left):
        return "leaves_in_words"
    return "leaves"
