"""Seats in a group of pods: given in all of its pods or in none, and given up together.

Several pods of several coaches change in one transaction. Whoever gives seats in a group, gives
them up, or adds a pod to it first locks the group's row, then the coaches of its pods in the order
of their ids, and whoever moves a seat locks coaches in that order too: nobody waits in a circle.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from domain.coaches import Coach
from domain.notices import Change
from domain.pod_groups import PodGroup, after, leaves_with, refused, took_part
from domain.sessions import Booking, Context, Participant, Refused, Session, Terms
from storage.rows import bookings, pod_groups, sessions
from storage.rows.outbox_claims import Wake
from storage.slots import bookable
from storage.transactions import notices

OTHER_GROUPS = 3
Coaches = dict[str, Coach]
"""Those who are locked, by id."""


def lock(
    tx: Connection, group_ids: Iterable[str | None], coach_ids: Iterable[str], terms: Terms
) -> Coaches:
    """Lock these groups, these coaches, and those of the groups' pods. Raises Unknown."""
    # The race: somebody adds a pod to the group while its seats are given, and the seat in that one
    # is missing. Whoever adds one waits here; and, being second, finds who has seats.
    groups = sorted(set(filter(None, group_ids)))
    for group_id in groups:
        pod_groups.lock(tx, group_id)
    wanted = {*coach_ids}
    if groups:
        wanted.update(sessions.coaches_of_groups(tx, groups))
    locked = {}
    # The race: two groups have pods of the same two coaches, and each waits for the other's.
    for coach_id in sorted(wanted):
        locked[coach_id] = bookable.lock(tx, coach_id, terms)
    return locked


def lock_pod(tx: Connection, pod_id: str, terms: Terms) -> tuple[Coaches, Session]:
    """The pod, with the coaches of all pods of its group locked. Raises Refused, Unknown."""
    before = sessions.get(tx, pod_id, what="pod")
    locked = lock(tx, [before.group_id], [before.coach_id], terms)
    return locked, unmoved(before, sessions.get(tx, pod_id, what="pod"))


def unmoved(before: Session, now: Session) -> Session:
    """The pod, as it is under the locks. Raises Refused if others would have been the right ones:
    it was put into a group since it was looked at.
    """
    if now.group_id != before.group_id:
        detail = "The pod was just put into another group: read it again, then repeat."
        raise Refused("stale_version", detail, current=now.version)
    return now


def begin(
    tx: Connection, group_id: str | None, title: str | None, context: Context, terms: Terms
) -> str:
    """The group is there, and locked; None: a new one. Raises Refused for one of other people."""
    named = PodGroup(group_id or pod_groups.new_id(), title, context)
    pod_groups.begin(tx, named, now=terms.now)
    (pod_groups.lock(tx, named.id) or named).check_takes(context)
    return named.id


def owe(
    tx: Connection,
    coaches: Coaches,
    terms: Terms,
    changes: Sequence[Change],
    moved: Sequence[Session] = (),
) -> list[Wake]:
    """As `notices.owe`, for changes with several coaches."""
    wake: list[Wake] = []
    for coach_id, coach in coaches.items():
        theirs = [change for change in changes if change.session.coach_id == coach_id]
        shown = [pod for pod in moved if pod.coach_id == coach_id]
        if theirs or shown:
            wake += notices.owe(tx, coach, terms, theirs, shown)
    return wake


def check_choice(tx: Connection, pod: Session, participant_id: str) -> None:
    """Raises Refused unless a participant may choose this hybrid_v2 pod by themselves."""
    if first := pod_groups.chosen_before(tx, pod, participant_id):
        detail = "This participant chose another group before, and stays with it: use its pods."
        raise Refused("format_forbids", detail, format=pod.format, pod_id=first)
    pods = sessions.of_group(tx, pod.group_id)
    if pods and pods[0].id != pod.id and not _is_in(tx, pods, participant_id):
        detail = (
            "A group is chosen by its first pod, and this is a later one: take a seat in the first,"
            " or let the programme assign this one."
        )
        raise Refused("format_forbids", detail, format=pod.format, pod_id=pods[0].id)


def _is_in(tx: Connection, pods: Sequence[Session], participant_id: str) -> bool:
    """Whether the participant is in the group of these pods: they may take a seat again that they
    gave up alone.
    """
    known = {pod.id: pod for pod in pods}
    mine = bookings.in_group(tx, pods[0].group_id or "", participant_id)
    return any(took_part(known[booking.session_id], booking) for booking in mine)


def later(tx: Connection, pod: Session, terms: Terms) -> list[Session]:
    """The pods in which whoever has a seat in this one has one too, in order."""
    if pod.format == "hybrid_v2" and pod.group_id is None:
        # The release before this one made it: from now on pods can be added to it.
        pod_groups.adopt(tx, pod, now=terms.now)
    return after(sessions.of_group(tx, pod.group_id), pod)


def members(tx: Connection, group_id: str) -> list[tuple[Participant, Context]]:
    """Whoever has a seat in a pod of the group, with the context of the oldest."""
    pods = {pod.id: pod for pod in sessions.of_group(tx, group_id)}
    found: dict[str, tuple[Participant, Context]] = {}
    for booking in bookings.in_group(tx, group_id):
        stands = took_part(pods[booking.session_id], booking)
        if stands and not booking.participant.is_erased:
            found.setdefault(booking.participant.id, (booking.participant, booking.context))
    return list(found.values())


def given_up_with(
    tx: Connection, pod: Session, left: Booking, terms: Terms
) -> list[tuple[Session, Booking]]:
    """The later seats that go with this one, which is given up already."""
    pods = sessions.of_group(tx, pod.group_id)
    if pod.group_id is None or not pods:
        return []
    seats = []
    mine = bookings.in_group(tx, pod.group_id, left.participant.id)
    for each in pods:
        for booking in mine:
            if booking.session_id == each.id:
                seats.append((each, booking))
    return leaves_with(seats, left, terms.now)


def without_room(tx: Connection, group_id: str | None, why: Refused, full: Session) -> Refused:
    """Why a group cannot be chosen whose later pod has no seat: with those that can be."""
    detail = f"A later pod of this group cannot be joined, so none is: {why.detail}"
    more = why.more | {"pod_id": full.id, "pods": _with_room(tx, group_id)}
    return Refused(why.code, detail, reason=why.reason, nearest=why.nearest, **more)


def _with_room(tx: Connection, group_id: str | None) -> list[str]:
    """The first pods of groups that are a choice with this one and have a seat left in each pod."""
    group = None
    if group_id is not None:
        group = pod_groups.get(tx, group_id)
    if group is None:
        return []
    found = []
    for other in pod_groups.choices(tx, group):
        pods = sessions.of_group(tx, other)
        if all(pod.taken < pod.capacity for pod in pods):
            found.append(pods[0].id)
    return found[:OTHER_GROUPS]


def check_moves(tx: Connection, before: Session, after: Session) -> None:
    """Raises Refused for a pod with people in it that goes from one group to another: which seats
    of the two they have would be left open.
    """
    others = [*sessions.of_group(tx, before.group_id), *sessions.of_group(tx, after.group_id)]
    if before.taken and any(pod.id != before.id for pod in others):
        raise refused("There is somebody in this pod: a pod changes its group while it is empty.")
