"""G1 and G2: whoever told us of a change, and was thanked, is heard: within the bound no listing
offers the time of an event that stands there, and each tells of a read that came later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from tests.chaos.checks.rows import epoch, grouped, succeeded
from tests.chaos.evidence import Evidence, Operation, Violation

NEVER = float("inf")
ROUNDING = 1.0  # `as_of` is written in whole seconds
FRESH = ("fresh", "refreshing")


def staleness(evidence: Evidence) -> Iterator[Violation]:
    """Each acknowledged edit, against the listings that were asked for once it was due
    to be seen.
    """
    reads = grouped(_listings(evidence), lambda each: each.coach_id)
    edits = [each for each in evidence.operations if each.kind == "edit"]
    for edit in edits:
        if not succeeded(edit) or edit.answered is None:
            continue
        due = deadline(evidence, edit.answered)
        later = [each for each in reads.get(edit.coach_id, ()) if each.sent > due]
        yield from _unread(evidence, edit, later)
        yield from _offered(edit, later, until=_next(edit, edits))


def rest_goes_on(evidence: Evidence) -> Iterator[Violation]:
    """While a host is cut off, or gone, the others hear what they were told: the bound runs from
    the push, or from the beginning of that fault, and not from its end.
    """
    if not evidence.parted:
        return
    others = [each for each in evidence.faults if each[:2] not in evidence.parted]
    alone = replace(evidence, faults=others)
    for edit in evidence.operations:
        if edit.kind != "edit" or not succeeded(edit) or edit.answered is None:
            continue
        if edit.request["start"] is None or not edit.request["busy"]:
            continue
        due = deadline(alone, edit.answered)
        for began, _ in sorted(evidence.parted):
            if edit.answered < began < due:
                due = deadline(alone, began)
        seen = (edit.answer or {}).get("visible")
        if seen is None or seen > due:
            what = f"{due - edit.answered:.0f} s later, with a host away, no listing showed it"
            yield Violation("G2", f"edit {edit.number} was acknowledged; {what}", "lost", edit.sent)


def _listings(evidence: Evidence) -> list[Operation]:
    reads = [each for each in evidence.operations if each.kind == "read" and each.status == 200]
    return [each for each in reads if "starts" in each.answer]


def deadline(evidence: Evidence, acknowledged: float) -> float:
    """When it has to be seen: the bound after the push, or after the end of each fault that came in
    between.
    """
    due = acknowledged + evidence.bound
    for began, ended, _ in sorted(evidence.faults, key=lambda fault: fault[1]):
        if began < due and ended > acknowledged:
            due = max(due, ended + evidence.bound)
    return due


def _next(edit: Operation, edits: Sequence[Operation]) -> float:
    """When the same event was changed again."""
    event_id = edit.request["event_id"]
    again = [
        each.sent
        for each in edits
        if each.request["event_id"] == event_id and each.sent > edit.sent
    ]
    return min(again, default=NEVER)


def _unread(evidence: Evidence, edit: Operation, later: Sequence[Operation]) -> Iterator[Violation]:
    made = evidence.clock_zero + edit.sent
    for read in later:
        if read.answer["state"] not in FRESH:
            continue
        as_of = read.answer["as_of"]
        if as_of is None or datetime.fromisoformat(as_of).timestamp() < made - ROUNDING:
            what = f"operation {read.number} is {read.answer['state']} as of {as_of}"
            yield Violation(
                "G2", f"edit {edit.number} was acknowledged, and {what}", "lost", edit.sent
            )
            return


def _offered(edit: Operation, later: Sequence[Operation], *, until: float) -> Iterator[Violation]:
    request = edit.request
    if request["start"] is None or not request["busy"]:
        return
    for read in later:
        if read.answered is None or read.answered >= until:
            continue
        length = 60 * int(read.answer["duration"])
        for start in map(epoch, read.answer["starts"]):
            if start < request["end"] and request["start"] < start + length:
                what = f"operation {read.number} offers {start} over it"
                yield Violation(
                    "G2", f"edit {edit.number} was acknowledged, and {what}", "lost", edit.sent
                )
                return
