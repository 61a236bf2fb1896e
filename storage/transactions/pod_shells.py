"""Pods without a time: made, changed many at once, and given a time by the rule that makes any pod.

Locks: groups, then coaches, then shells, each kind in the order of its ids.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter

from sqlalchemy import Connection

from domain.errors import Invalid
from domain.pod_groups import PodGroup, check_format
from domain.pod_shells import CommonChanges, PodShell
from domain.sessions import Refused, Session, Terms, Unknown
from storage.rows import bookings as booking_rows
from storage.rows import coaches, participant_times, sessions
from storage.rows import pod_groups as group_rows
from storage.rows import pod_shells as rows
from storage.rows.outbox_claims import Wake
from storage.slots import bookable, slot_sets
from storage.slots.bookable import Wanted
from storage.transactions import pod_groups, pod_seats, pods, session_places
from storage.transactions.pod_groups import Coaches
from storage.transactions.pods import Changes, Made, Plan


@dataclass(frozen=True, slots=True)
class ChangedTogether:
    """Those with a time and those without, each in the order in which they were named."""

    pods: list[Made]
    shells: list[PodShell]
    wake: list[Wake]


@dataclass(frozen=True, slots=True)
class ShellTime:
    """What a shell gets; `duration` None: its own."""

    start: int
    duration: int | None = None
    force: str | None = None


def make(tx: Connection, shells: Sequence[PodShell]) -> list[PodShell]:
    """Raises Refused, Unknown, Invalid; then there are none of them."""
    made = []
    for shell in shells:
        known = replace(shell, id=sessions.new_id())
        check(tx, known)
        rows.add(tx, known)
        made.append(known)
    return made


def give_time(
    tx: Connection, shell_id: str, time: ShellTime, terms: Terms, *, expected: int | None = None
) -> Made:
    """The shell is a pod of the same id, at a time that is listed, or forced: who was to come has a
    seat in it, and is mailed. Raises Refused, Unknown, Invalid; then it is a shell as before.
    """
    seen = rows.get(tx, shell_id)
    plan = pods.in_group(tx, _plan(seen, time), terms)
    wanted = plan.wanted
    coaches_locked = pod_groups.lock(tx, [plan.group_id], [wanted.coach_id], terms)
    # The race: two give it a time, or one changes it meanwhile. The second finds no shell any more,
    # or another one than it looked at.
    shell = rows.get(tx, shell_id, lock=True)
    if shell.version != seen.version or expected not in (None, shell.version):
        detail = (
            f"The pod is at version {shell.version} now: read it again, then repeat your change"
            " with that."
        )
        raise Refused("stale_version", detail, current=shell.version)
    pods.check_plan(plan, len(shell.participants))
    coach = coaches_locked[wanted.coach_id]
    forced = bookable.check(tx, coach, wanted, terms)
    rows.delete(tx, shell_id)
    pod = replace(pods.planned(coach, plan, terms, forced=forced), id=shell_id)
    made = pods.place(tx, coaches_locked, pod, shell.participants, terms, time.force)
    slot_sets.recompute(tx, coach, now=terms.now)
    return made


def change_together(
    tx: Connection, ids: Sequence[str], common: CommonChanges, terms: Terms
) -> ChangedTogether:
    """Set the same of many pods, with a time or without, or of none. Whoever is assigned gets a
    seat in each, and is mailed of those that have a time. Raises Refused, with the pod that it is
    about; Unknown, Invalid.
    """
    shells = rows.among(tx, ids)
    timed = [sessions.get(tx, pod_id, what="pod") for pod_id in ids if pod_id not in shells]
    if common.group_id is not None and timed:
        # It is there from now on: it is locked below, in the order of all that are locked.
        group = PodGroup(common.group_id, common.title or timed[0].title, timed[0].context)
        group_rows.begin(tx, group, now=terms.now)
    groups = [common.group_id, *(pod.group_id for pod in timed)]
    locked = pod_groups.lock(tx, groups, map(attrgetter("coach_id"), timed), terms)
    # The race: somebody gives a shell its time, and locks it before its people. So does this.
    for shell_id in sorted(shells):
        with _about(shell_id):
            rows.get(tx, shell_id, lock=True)
    # All at once: pod by pod, two who change the same people's pods would wait for each other.
    named = map(attrgetter("id"), common.assigned)
    participant_times.lock_seated(tx, map(attrgetter("id"), timed), groups, named)
    done = ChangedTogether([], [], [])
    for pod in timed:
        with _about(pod.id):
            made = _change_pod(tx, locked, pod, common, terms)
        done.pods.append(made)
        done.wake.extend(made.wake)
    changed = {}
    for shell_id in sorted(shells):
        with _about(shell_id):
            changed[shell_id] = _change_shell(tx, shell_id, common)
    done.shells.extend(changed[shell_id] for shell_id in ids if shell_id in changed)
    return done


def _change_pod(
    tx: Connection, locked: Coaches, pod: Session, common: CommonChanges, terms: Terms
) -> Made:
    fields = common.fields()
    if fields.pop("coach_id", pod.coach_id) != pod.coach_id:
        detail = "A pod that has a time keeps its coach: call it off, and make another."
        raise Refused("pod_keeps_coach", detail)
    wake: list[Wake] = []
    if fields:
        wake += pods.change(tx, pod.id, Changes(**fields), terms).wake
    if common.place is not None:
        wake += session_places.change(tx, pod.id, common.place, terms).wake
    for who in common.assigned:
        if not booking_rows.is_seated(tx, pod.id, who.id):
            seated = pod_seats.give_seats(
                tx, locked, pod.id, who, pod.context, terms, assigned=True
            )
            wake += pod_groups.owe(tx, locked, terms, seated)
    return Made(sessions.get(tx, pod.id), booking_rows.of_session(tx, pod.id), wake)


def _change_shell(tx: Connection, shell_id: str, common: CommonChanges) -> PodShell:
    before = rows.get(tx, shell_id, lock=True)
    after = replace(before, version=before.version + 1, **common.fields())
    after = replace(after, place=common.place or before.place).with_people(common.assigned)
    check(tx, after)
    rows.put(tx, after)
    return after


def check(tx: Connection, shell: PodShell) -> None:
    """Raises Refused, Unknown, Invalid for what could be a pod at no time, or not this coach's."""
    shell.check()
    if shell.group_id is not None:
        check_format(shell.format)
    if shell.coach_id is None:
        return
    coach = coaches.get(tx, shell.coach_id)
    if coach is None:
        raise Unknown("coach", shell.coach_id)
    if shell.duration is not None and shell.duration not in coach.durations:
        offered = ", ".join(map(str, coach.durations))
        detail = f"This coach offers {offered} minutes: send one of these."
        raise Invalid("duration", "duration_not_offered", detail)


def _plan(shell: PodShell, time: ShellTime) -> Plan:
    """Raises Invalid for a time without a coach or a length."""
    duration = time.duration or shell.duration
    if shell.coach_id is None:
        detail = "This pod has no coach yet: set coach_id first, with PATCH /v1/pods."
        raise Invalid("coach_id", "missing", detail)
    if duration is None:
        raise Invalid("duration", "missing", "Send duration: this pod has none yet.")
    return Plan(
        Wanted(shell.coach_id, time.start, duration, time.force),
        shell.min_seats,
        shell.capacity,
        shell.format,
        title=shell.title,
        context=shell.context,
        group_id=shell.group_id,
        place=shell.place,
    )


@contextmanager
def _about(pod_id: str) -> Iterator[None]:
    """A refusal says which of many pods it is about."""
    try:
        yield
    except Refused as why:
        more = {"pod_id": pod_id} | why.more
        raise Refused(
            why.code, why.detail, reason=why.reason, nearest=why.nearest, **more
        ) from None
