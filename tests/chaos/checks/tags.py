"""G2 for those who ask with If-None-Match: a tag is one body, and 304 names a tag that came with a
body before.
"""

from collections.abc import Iterator

from tests.chaos.evidence import Evidence, Operation, Violation

Question = tuple[object, ...]


def tags(evidence: Evidence) -> Iterator[Violation]:
    """Each reader's answers to each question, whichever process gave them."""
    bodies: dict[tuple[Question, object], Operation] = {}
    for each in sorted(_reads(evidence), key=lambda read: (read.answered or 0, read.number)):
        if each.status == 304:
            yield from _unknown(each, bodies)
            continue
        first = bodies.setdefault((_question(each), each.headers["etag"]), each)
        if first.answer != each.answer:
            what = f"operations {first.number} and {each.number} have one tag and two bodies"
            yield Violation("G2", what, at=each.sent)


def _unknown(
    read: Operation, bodies: dict[tuple[Question, object], Operation]
) -> Iterator[Violation]:
    asked = read.request["if_none_match"]
    if read.headers.get("etag") != asked:
        yield Violation(
            "G2",
            f"operation {read.number} is 304 of another tag than was asked about",
            at=read.sent,
        )
    elif (_question(read), asked) not in bodies:
        yield Violation(
            "G2", f"operation {read.number} is 304, and no body came with its tag", at=read.sent
        )


def _reads(evidence: Evidence) -> Iterator[Operation]:
    for each in evidence.operations:
        if each.kind == "read" and (each.status == 304 or "etag" in each.headers):
            yield each


def _question(read: Operation) -> Question:
    request = read.request
    return read.coach_id, request.get("from"), request.get("to"), request.get("duration")
