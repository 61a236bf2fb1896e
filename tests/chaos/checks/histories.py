"""G4 and G5 over time: the answers about each coach are those of one diary, in which one thing came
after another.

Repeats of a key are one request, from when it was first sent until it was first answered for good.
One that nobody answered may have been done at any time after, unless the rows say that it was not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.checks import acts, follows, looks
from tests.chaos.checks.acts import Act, Asked
from tests.chaos.checks.answers import CHANGING, MAKING, could_have_made, strangers, undecided
from tests.chaos.checks.diary import Diary
from tests.chaos.checks.linear import MOST_STATES, NEVER, Step, decide
from tests.chaos.checks.rows import (
    answered_bookings,
    epoch,
    grouped,
    is_put_back,
    requests,
    succeeded,
)
from tests.chaos.evidence import Evidence, Operation, Row, Violation

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

    versions: Mapping[str, int]
    """Of each booking in the end."""
    told: Mapping[str, Mapping[int, int | None]]
    """By booking, the versions that answers tell of to whoever made them; of a move, where to."""
    standing: frozenset[str]
    """Pods that were not called off."""
    unknown: frozenset[str]
    """Bookings of which no answer to whoever made them tells: steps about them cannot be judged."""
    sessions: frozenset[str]
    """Those of which answers to whoever made them tell: others cannot be judged either."""

    def shows_undone(self, request: Row) -> bool:
        """Whether each version of this booking was made by another request. An answer that shows
        the very time that was wanted may tell of this one: to where it is already is no change.
        """
        name, wanted = request["booking_id"], None
        if "start" in request:
            wanted = epoch(request["start"])
        others = self.told.get(name, {}).values()
        made = [start for start in others if start is None or start != wanted]
        return name in self.versions and len(made) >= self.versions[name]


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
    if first.kind == "settle" and first.request["session_id"] not in rows.sessions:
        return None
    if undecided(tries):
        return _lost(evidence, first, rows, gap)
    final = _final(tries)
    if final is None or final.answered is None:
        return None
    by = evidence.clock_zero + final.answered
    asked = Asked(first.number, first.kind, first.request, final.answer, gap, by)
    act, looks = _act(asked, done=succeeded(final), back=is_put_back(final))
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


def _act(asked: Asked, *, done: bool, back: bool) -> tuple[Act | None, bool]:
    """What it does, and whether it only looks. `back`: it puts an event back."""
    if done and asked.kind == "read":
        return looks.read(asked), True
    if done and back:
        return looks.put_back(asked), True
    if done:
        return acts.success(asked), False
    return (looks.refusal(asked), True) if isinstance(asked.answer, dict) else (None, True)


def _lost(evidence: Evidence, first: Operation, rows: _Rows, gap: int) -> Step[Diary] | None:
    """A request that nobody answered; None if the rows show that it was not done."""
    request = first.request
    idle = first.kind in CHANGING and rows.shows_undone(request)
    if first.kind == "call_off":
        idle = request["pod_id"] in rows.standing
    if first.kind == "settle":
        # An event that is gone stands nowhere to move to.
        idle = is_put_back(first) or request["start"] is None
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
    sessions: set[str] = set()
    told: dict[str, dict[int, int | None]] = {}
    for each in evidence.operations:
        if each.kind not in (*MAKING, *CHANGING) or not succeeded(each):
            continue
        if each.kind in MAKING:
            sessions.add(each.answer["session_id"])
        for booking in answered_bookings(each.answer):
            start = epoch(booking["start"]) if each.kind == "move" else None
            told.setdefault(booking["id"], {})[booking["version"]] = start
            made |= {booking["id"]} if each.kind in MAKING else set()
    versions = {row["id"]: row["version"] for row in evidence.tables["bookings"]}
    standing = {row["id"] for row in evidence.tables["sessions"] if row["active"]}
    unknown = {row["id"] for row in strangers(evidence)} | (versions.keys() - made)
    return _Rows(versions, told, frozenset(standing), frozenset(unknown), frozenset(sessions))


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
