"""Groups and sessions beside the grid: which a guest may join, and who takes part, for those who
may know that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, url_for

from domain.intervals import Interval, meets
from domain.pod_formats import check_may_rebook
from domain.pod_groups import after
from domain.sessions import Booking, Refused, Session, Terms, Unknown
from storage.rows import bookings as booking_rows
from storage.rows import participant_times, sessions
from storage.schema.database import Tx
from storage.transactions import pod_groups
from storage.transactions.pod_groups import given_up_with
from webhooks.http.context import runtime
from webhooks.http.page_sessions import guest
from webhooks.http.permissions import May
from webhooks.pages import histories
from webhooks.pages.booking_query import one_time_key, who, zone_asked, zone_chosen

MOST_PODS = 24
MOST_LOOKED_AT = 200
JOINED_BY_CHOICE = ("open", "hybrid_v2")


@dataclass(frozen=True, slots=True)
class Group:
    """A pod as a participant may know it: when, and how many seats are left. `joined`: whether they
    may take one. `later`: those of its group in which they would have a seat too. `elsewhere`: they
    are in another session during one of these.
    """

    id: str
    starts: int
    ends: int
    left: int
    joined: bool
    later: list[Session]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session and who takes part, for whoever may know."""

    session: Session
    seated: list[Booking]

    @property
    def place(self) -> str | None:
        """The page where it is moved or called off; None: nobody is booked any more."""
        if self.session.pod:
            return url_for("pages.book_group", pod_id=self.session.id, **zone_asked())
        if not self.seated:
            return None
        return url_for("pages.book_booking", booking_id=self.seated[0].id, **zone_asked())


def book_group(pod_id: str) -> str:
    """GET /book/groups/{id}: who takes part."""
    return render_template("pages/book_group.html", **_hosted(pod_id))


def book_call_off_form(pod_id: str) -> str:
    """GET /book/groups/{id}/off: asks."""
    seen = _hosted(pod_id)
    if not seen["changeable"]:
        abort(404, "not_here")
    return render_template("pages/book_call_off.html", **seen)


ROUTES = (
    ("GET", "/book/groups/<pod_id>", book_group),
    ("GET", "/book/groups/<pod_id>/off", book_call_off_form),
)


def for_us(tx: Tx, pod_id: str) -> Session:
    """A pod that this guest may know of. Raises Unknown."""
    pod = sessions.get(tx, pod_id, what="pod")
    if not guest().belongs(pod):
        raise Unknown("pod", pod_id)
    return pod


def hosted(tx: Tx, pod_id: str) -> Session:
    """A pod of which this guest may know who takes part. Raises Unknown."""
    pod = sessions.get(tx, pod_id, what="pod")
    if not guest().knows_people(pod):
        raise Unknown("pod", pod_id)
    return pod


def meetings(tx: Tx, since: int, until: int) -> list[Meeting]:
    """The coach's sessions in [since, until) whose people this guest may know, in order of time."""
    if not guest().may(May.see_people):
        return []
    known = {}
    for session in sessions.of_coach(tx, guest().coach_id, since, until):
        if session.active and guest().knows_people(session):
            known[session.id] = session
    found = []
    for session_id, bookings in booking_rows.of_sessions(tx, list(known)).items():
        meeting = Meeting(known[session_id], _standing(bookings))
        found.append(meeting)
    return found


def joinable(tx: Tx, terms: Terms) -> list[Group]:
    """The coach's pods that have a seat for the participant, in order of time."""
    if guest().participant is None:
        return []
    found = []
    theirs = participant_times.taken(tx, [who().id], since=terms.seconds)[who().id]
    for pod in _pods(tx, terms):
        group = _group(tx, pod, theirs)
        if group.joined:
            found.append(group)
    return found


def targets(tx: Tx, seated_in: Session, seat: Booking, terms: Terms) -> list[Group]:
    """The pods that a seat may be changed for."""
    found = []
    me, here = seat.participant.id, [seated_in.id]
    theirs = participant_times.taken(tx, [me], since=terms.seconds, without=here)[me]
    for pod in _pods(tx, terms):
        try:
            check_may_rebook(seated_in, pod)
        except Refused:
            continue
        if _chosen(tx, pod):
            found.append(_group(tx, pod, theirs))
    return found


def _hosted(pod_id: str) -> dict[str, Any]:
    services = runtime().services
    with services.database.read() as tx:
        pod = hosted(tx, pod_id)
        seated = _standing(booking_rows.of_session(tx, pod_id))
        history = histories.of_group(tx, pod, seated)
    changeable = pod.active and not pod.begun(services.now()) and guest().may(May.call_off)
    return {
        "pod": pod,
        "seated": seated,
        "history": history,
        "changeable": changeable,
        # Who has a seat finds it on the page of their booking.
        "link_hidden": guest().viewer != "coach",
        "zone": zone_chosen(),
        "key": one_time_key(),
    }


def _standing(bookings: list[Booking]) -> list[Booking]:
    return [booking for booking in bookings if booking.status in ("booked", "completed")]


def _pods(tx: Tx, terms: Terms) -> list[Session]:
    near = sessions.pods_with_seats(
        tx, guest().coach_id, around=terms.seconds, now=terms.now, limit=MOST_LOOKED_AT
    )
    ours = [pod for pod in near if guest().belongs(pod)]
    return [pod for pod in ours[:MOST_PODS] if not booking_rows.is_seated(tx, pod.id, who().id)]


def _chosen(tx: Tx, pod: Session) -> bool:
    """Whether a participant may choose it, as far as its group goes."""
    if pod.format != "hybrid_v2":
        return True
    try:
        pod_groups.check_choice(tx, pod, who().id)
    except Refused:
        return False
    return True


def _group(tx: Tx, pod: Session, theirs: Sequence[Interval]) -> Group:
    joined = guest().may(May.assign) or (pod.format in JOINED_BY_CHOICE and _chosen(tx, pod))
    later = after(sessions.of_group(tx, pod.group_id), pod)
    # All of them or none: the fullest says how many can still come.
    left = min(each.capacity - each.taken for each in (pod, *later))
    elsewhere = any(meets(theirs, each.starts, each.ends) for each in (pod, *later))
    return Group(pod.id, pod.starts, pod.ends, left, joined and left > 0, later, elsewhere)


def leaves_too(seen: dict[str, Any]) -> list[Session]:
    """The later pods whose seats are given up with the one that is looked at."""
    services = runtime().services
    with services.database.read() as tx:
        found = given_up_with(tx, seen["session"], seen["booking"], services.terms())
    return [pod for pod, _ in found]
