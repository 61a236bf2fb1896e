"""Pods without a time over HTTP, and what is set of many pods at once."""

from flask import Response

from domain.pod_shells import CommonChanges, PodShell
from domain.sessions import Context, Terms, Unknown
from storage.rows import pod_shells as rows
from storage.schema.database import Tx
from storage.transactions import pod_shells
from storage.transactions.pod_shells import ShellTime
from webhooks.api.bookings import context_of, forced, participant_of
from webhooks.api.places import place_of
from webhooks.api.schemas.booking_responses import session_out
from webhooks.api.schemas.pod_shells import (
    PodsChange,
    PodsOut,
    ShellsIn,
    ShellsOut,
    ShellsQuery,
    ShellTimeIn,
    shell_out,
)
from webhooks.http.context import runtime
from webhooks.http.entity_tags import expected_version
from webhooks.http.idempotent import WriteResult, once, require_key
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import instant

MOST_LISTED = 500
MOST_ASSIGNED = 100  # a seat takes milliseconds, and all coaches are locked for all of them


def create(body: ShellsIn) -> Response:
    """Plan pods that have no time yet: they take nobody's time, and nobody is mailed."""
    require_key()
    now = runtime().services.now()
    wanted = []
    for each in body.shells:
        shell = PodShell(
            "",
            each.min_seats,
            each.max_seats,
            each.format,
            now,
            coach_id=each.coach_id,
            duration=each.duration,
            title=each.title,
            context=context_of(each.context),
            group_id=each.group_id,
            place=place_of(each.place),
        )
        wanted.append(shell.with_people(tuple(map(participant_of, each.participants))))

    def work(tx: Tx, _terms: Terms) -> WriteResult:
        return WriteResult(_shells(pod_shells.make(tx, wanted)), 201)

    return once(work)


def show(query: ShellsQuery) -> ShellsOut:
    """The pods that have no time yet, the oldest first.

    More than 500 are refused: ask for those of one coach, cohort, project or company.
    """
    where = Context(query.company, query.project, query.cohort)
    with runtime().services.database.read() as tx:
        found = rows.within(tx, where, coach_id=query.coach_id, limit=MOST_LISTED + 1)
    if len(found) > MOST_LISTED:
        detail = f"There are more than {MOST_LISTED}: ask for those of one cohort or coach."
        raise RefusedRequest("too_many", detail, field="cohort")
    return _shells(found)


def give_time(shell_id: str, body: ShellTimeIn) -> Response:
    """Choose an open time of its coach's for a pod that has none.

    It is a pod from now on, with the id that it had; who was to come has a seat, and is mailed.
    """
    require_key()
    time = ShellTime(instant("start", body.start), body.duration, forced(body.force))
    expected = expected_version(body.version)

    def work(tx: Tx, terms: Terms) -> WriteResult:
        made = pod_shells.give_time(tx, shell_id, time, terms, expected=expected)
        return WriteResult(session_out(made.pod, made.seats, terms.now), 201, made.wake)

    return once(work)


def delete(shell_id: str) -> Response:
    """Take a pod away that has no time yet. Nobody is mailed: nobody knew of it."""

    def work(tx: Tx, _terms: Terms) -> WriteResult:
        if not rows.delete(tx, shell_id):
            raise Unknown("shell", shell_id)
        return WriteResult(None, 204)

    return once(work)


def change_together(body: PodsChange) -> Response:
    """Set the same of many pods, with a time or without: all of them, or none.

    A 409 names the pod that refuses as `pod_id`. At most 100 seats are assigned at once: as many as
    there are pods, for each of `assign`.
    """
    require_key()
    _check_assigned(body)
    if len(set(body.pod_ids)) < len(body.pod_ids):
        raise RefusedRequest("invalid_value", "Send each pod once.", field="pod_ids")
    common = CommonChanges(
        coach_id=body.coach_id,
        duration=body.duration,
        min_seats=body.min_seats,
        capacity=body.max_seats,
        format=body.format,
        title=body.title,
        group_id=body.group_id,
        place=place_of(body.place),
        assigned=tuple(map(participant_of, body.assign)),
    )

    def work(tx: Tx, terms: Terms) -> WriteResult:
        done = pod_shells.change_together(tx, body.pod_ids, common, terms)
        pods = [session_out(made.pod, made.seats, terms.now) for made in done.pods]
        answer = PodsOut(pods=pods, shells=_shells(done.shells).shells)
        return WriteResult(answer, 200, done.wake)

    return once(work)


def _check_assigned(body: PodsChange) -> None:
    """Raises Refused for more than nobody who books these coaches should wait for."""
    pods, people = len(body.pod_ids), len(body.assign)
    if pods * people > MOST_ASSIGNED:
        detail = (
            f"Assign at most {MOST_ASSIGNED} seats at once, not {people} in each of {pods} pods:"
            " send fewer pods or people, several times."
        )
        raise RefusedRequest("too_many", detail, field="assign")


def _shells(shells: list[PodShell]) -> ShellsOut:
    return ShellsOut(shells=list(map(shell_out, shells)))
