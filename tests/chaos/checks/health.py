"""G9: no outage ends a process or makes an error of ours, each answer comes in time, and soon after
all is well.
"""

from collections.abc import Iterator

from tests.chaos.evidence import Evidence, Operation, Violation

ANSWERED_WITHIN = 6.0
WELL_WITHIN = 10.0
ROOM = 4.0
"""Seconds more for a machine that does all of this on a few cores at once."""


def no_error_of_ours(evidence: Evidence) -> Iterator[Violation]:
    for each in evidence.operations:
        if each.status == 500:
            code = _code(each)
            yield Violation(
                "G9",
                f"operation {each.number} ({each.kind}) was answered 500 ({code})",
                at=each.sent,
            )


def _code(operation: Operation) -> object:
    answer = operation.answer
    return answer.get("code") if isinstance(answer, dict) else None


def nothing_ended(evidence: Evidence) -> Iterator[Violation]:
    for when, name, code in evidence.ended:
        yield Violation(
            "G9", f"{name} ended by itself with {code}, {when:.1f} s into the run", at=when
        )


def in_time(evidence: Evidence) -> Iterator[Violation]:
    """503 comes within 6 s, whatever it waited for."""
    for each in evidence.operations:
        if each.status == 503 and each.answered is not None:
            took = each.answered - each.sent
            if took > (ANSWERED_WITHIN + ROOM) * evidence.patience:
                what = f"({each.kind}) took {took:.1f} s to say 503"
                yield Violation("G9", f"operation {each.number} {what}", at=each.sent)


def well_again(evidence: Evidence) -> Iterator[Violation]:
    """What was asked 10 s after the last fault, and before the next, is answered."""
    for each in evidence.operations:
        answered = each.status is not None and each.status < 500
        if answered or each.kind == "edit" or _disturbed(evidence, each):
            continue
        what = f"operation {each.number} ({each.kind}): {each.status}, and no fault was near"
        yield Violation("G9", what, at=each.sent)


def _disturbed(evidence: Evidence, operation: Operation) -> bool:
    end = operation.sent if operation.answered is None else operation.answered
    if operation.status is None:
        # It may have been cut off by what came after it was sent.
        end = operation.sent + ANSWERED_WITHIN * evidence.patience
    room = (WELL_WITHIN + ROOM) * evidence.patience
    near = (began <= end and operation.sent <= ended + room for began, ended, _ in evidence.faults)
    return any(near)
