"""G4 and G5 over time: the answers about each coach are those of one diary, in which one thing came
after another.

Repeats of a key are one request, from when it was first sent until it was first answered for good.
One that nobody answered may have been done at any time after, unless the rows say that it was not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.checks import acts, follows, looks
from tests.chaos.checks.acts import Act, Asked
from tests.chaos.checks.answers import MAKING, could_have_made, strangers, undecided
from tests.chaos.checks.diary import Diary
from tests.chaos.checks.linear import MOST_STATES, NEVER, Step, decide
from tests.chaos.checks.rows import answered_bookings, by_id, grouped, requests, succeeded
from tests.chaos.evidence import Evidence, Operation, Violation

SHOWN = 6


def histories(evidence: Evidence, *, most: int = MOST_STATES) -> Iterator[Violation]:
    """One search a coach. One that finds no end in `most` states is a violation too: of the
    checker.
    """
    for coach_id, steps in grouped(_steps(evidence), lambda pair: pair[0]).items():
        found = decide([step for _, step in steps], Diary(), most=most)
        if found.verdict == "explained":
            continue
        stuck = "; ".join(found.stuck[:SHOWN])
        what = f"no order explains the history of coach {coach_id}"
        if found.verdict == "not decided":
            what = f"the history of coach {coach_id} is not decided after {found.states} states"
        yield Violation("G4", f"{what}: one of these had to come next: {stuck}", "overlapping")


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the rows tell about requests without answer."""

    settled: frozenset[str]
    """Bookings of which answers tell every version: nothing else was done to them."""
    standing: frozenset[str]
    """Pods that were not called off."""
    unknown: frozenset[str]
    """Bookings of which no answer to whoever made them tells: steps about them cannot be judged."""


def _steps(evidence: Evidence) -> Iterator[tuple[str, Step[Diary]]]:
    """Each coach's id with a request."""
    rows, gaps = _rows(evidence), _gaps(evidence)
    asked = list(requests(evidence).values())
    asked += [
        [each]
        for each in evidence.operations
        if each.kind == "read" and "booking_id" in each.request
    ]
    for tries in asked:
        coach_id = tries[0].coach_id
        step = _step(evidence, tries, rows, gaps.get(coach_id, 0))
        if step is not None:
            yield coach_id, step
    yield from follows.steps(evidence, gaps, rows.unknown)


def _step(
    evidence: Evidence, tries: Sequence[Operation], rows: _Rows, gap: int
) -> Step[Diary] | None:
    """None: it tells nothing."""
    first = tries[0]
    if first.request.get("booking_id") in rows.unknown:
        return None
    if undecided(tries):
        return _lost(evidence, first, rows, gap)
    final = _final(tries)
    if final is None or final.answered is None:
        return None
    by = evidence.clock_zero + final.answered
    asked = Asked(first.number, first.kind, first.request, final.answer, gap, by)
    act, looks = _act(asked, done=succeeded(final))
    if act is None:
        return None
    name = f"operation {final.number} ({first.kind}, {final.status})"
    return Step(first.sent, final.answered, act, name, looks=looks)


def _final(tries: Sequence[Operation]) -> Operation | None:
    """The try that was answered for good: a success, else what is stored, else any refusal."""
    for good in (succeeded, lambda each: each.status == 409, lambda each: not each.unknown):
        found = [each for each in tries if good(each)]
        if found:
            return found[0]
    return None


def _act(asked: Asked, *, done: bool) -> tuple[Act | None, bool]:
    """What it does, and whether it only looks."""
    if done and asked.kind == "read":
        return looks.read(asked), True
    if done:
        return acts.success(asked), False
    return (looks.refusal(asked), True) if isinstance(asked.answer, dict) else (None, True)


def _lost(evidence: Evidence, first: Operation, rows: _Rows, gap: int) -> Step[Diary] | None:
    """A request that nobody answered; None if the rows show that it was not done."""
    request = first.request
    idle = request.get("booking_id") in rows.settled
    if first.kind == "call_off":
        idle = request["pod_id"] in rows.standing
    if first.kind == "settle":
        idle = request["to"] == "session"
    if first.kind in MAKING:
        idle = not could_have_made(evidence, first)
    act = acts.success(Asked(first.number, first.kind, request, None, gap, NEVER))
    if idle or act is None:
        return None
    return Step(
        first.sent, NEVER, act, f"operation {first.number} ({first.kind}, no answer)", optional=True
    )


def _rows(evidence: Evidence) -> _Rows:
    made: set[str] = set()
    versions: dict[str, set[int]] = {}
    for each in evidence.operations:
        if each.kind != "read" and succeeded(each):
            for booking in answered_bookings(each.answer):
                versions.setdefault(booking["id"], set()).add(booking["version"])
                made |= {booking["id"]} if each.kind in MAKING else set()
    bookings = by_id(evidence.tables["bookings"])
    settled = {
        name for name, row in bookings.items() if len(versions.get(name, ())) >= row["version"]
    }
    standing = {row["id"] for row in evidence.tables["sessions"] if row["active"]}
    unknown = {row["id"] for row in strangers(evidence)} | (bookings.keys() - made)
    return _Rows(frozenset(settled), frozenset(standing), frozenset(unknown))


def _gaps(evidence: Evidence) -> dict[str, int]:
    """The least that each coach's sessions were ever apart, in seconds: buffers may have been
    changed meanwhile.
    """
    seconds: dict[str, list[int]] = {}
    for row in evidence.tables["coaches"]:
        seconds[row["id"]] = [60 * max(row["pre"], row["post"])]
    for row in evidence.tables["sessions"]:
        seconds[row["coach_id"]].append(row["gap"])
    for each in evidence.operations:
        if each.kind == "settings" and each.coach_id in seconds:
            buffers = each.request.get("pre", 0), each.request.get("post", 0)
            seconds[each.coach_id].append(60 * max(buffers))
    return {coach_id: min(found) for coach_id, found in seconds.items()}
