"""Groups of hybrid_v2 pods: a group is its pods, in the order in which they begin.

Whoever takes a seat in the first one has a seat in each, also in those that are made afterwards,
and stays with the group for good. Groups that were begun under one title in one programme are a
choice: one of them can be chosen.

Leaving the first pod that one has a seat in, before it begins, is leaving the group: the later
seats go with it. A seat in a later pod can be given up alone: that day is missed, the group kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.sessions import NO_CONTEXT, Booking, Context, Format, Refused, Session


@dataclass(frozen=True, slots=True)
class PodGroup:
    """`title`, `context`: of the pod that it was begun with."""

    id: str
    title: str | None = field(default=None, repr=False)
    context: Context = NO_CONTEXT

    def check_takes(self, context: Context) -> None:
        """Raises Refused for a pod of other people: all in the group would get a seat in it."""
        if not (self.context.covers(context) and context.covers(self.context)):
            raise refused(
                "This group is of another company, project or cohort: send another group_id, or"
                " the context of the group's other pods."
            )


def refused(detail: str) -> Refused:
    return Refused("group_forbids", detail)


def check_format(format_: Format | None) -> None:
    """Raises Refused for a group of other pods than hybrid_v2 ones."""
    if format_ != "hybrid_v2":
        raise refused("Only hybrid_v2 pods are in a group: send that format, or no group_id.")


def after(pods: Iterable[Session], pod: Session) -> list[Session]:
    """Those of a group's pods that come after this one, in order."""
    place = pod.starts, pod.id
    found = []
    for each in pods:
        if (each.starts, each.id) > place:
            found.append(each)
    return found


def took_part(session: Session, booking: Booking) -> bool:
    """Whether the seat stands, or stood when the session began. Not of whoever cancelled, also if
    that was late: a session missed beforehand stays so.
    """
    if not session.active:
        return False
    if booking.status == "missed":
        # It is said of a late cancellation and of a no-show alike: the moment tells them apart.
        return booking.changed_at.timestamp() >= session.starts
    return booking.status in ("booked", "completed")


def leaves_with(
    seats: Sequence[tuple[Session, Booking]], left: Booking, now: datetime
) -> list[tuple[Session, Booking]]:
    """The seats that are given up with this one, which is not counted among them: all later ones,
    if it was the first. `seats`: the participant's in the group's pods, in order.
    """
    found = []
    is_first = True
    for session, booking in seats:
        if booking.id == left.id and is_first:
            is_first = False
        elif took_part(session, booking):
            if is_first:
                return []
            if not session.begun(now):
                found.append((session, booking))
    return found
