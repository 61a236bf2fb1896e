"""Times that are offered and given: what listings show their readers, and what clients book, hold
and move to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.chaos.checks.rows import epoch, requests, succeeded
from tests.chaos.checks.staleness import FRESH, NEVER
from tests.chaos.evidence import Evidence, Operation, Row

GIVING = ("book", "hold", "make_pod", "move")
Times = tuple[int, int]
Bodies = dict[tuple[str, object], Row]


@dataclass(frozen=True, slots=True)
class Offer:
    """`starts`, each for so many `seconds`: what was answered between `sent` and `answered`.
    `as_of`: when the calendars behind it were read, on the run's clock; None: it does not say.
    """

    operation: Operation
    verb: str
    sent: float
    answered: float
    starts: tuple[int, ...]
    seconds: int
    as_of: float | None = None

    def over(self, times: Times) -> int | None:
        """The first start that lies over these times."""
        for start in self.starts:
            if start < times[1] and times[0] < start + self.seconds:
                return start
        return None


def offers(evidence: Evidence) -> Iterator[Offer]:
    """Listings that claim to be fresh; 304 says that the body of that tag still holds."""
    reads = [each for each in evidence.operations if each.kind == "read"]
    bodies: Bodies = {}
    for read in sorted(reads, key=_answered):
        body = _body(read, bodies)
        if body is None or body["state"] not in FRESH:
            continue
        starts, seconds = tuple(map(epoch, body["starts"])), 60 * int(body["duration"])
        as_of = None
        if body["as_of"] is not None:
            as_of = datetime.fromisoformat(body["as_of"]).timestamp() - evidence.clock_zero
        yield Offer(read, "offers", read.sent, _answered(read), starts, seconds, as_of)


def gifts(evidence: Evidence) -> Iterator[Offer]:
    """Times that clients were given: asked for at the first try of several. What a hold had kept
    before is left out, and so is a move to where the booking was already.
    """
    shown = _first_shown(evidence)
    for tries in requests(evidence).values():
        first, done = tries[0], [each for each in tries if succeeded(each)]
        if first.kind not in GIVING or not done or "start" not in first.request:
            continue
        if first.request.get("hold_id") is not None:
            continue
        if first.kind == "move" and shown[_version(done[0])] < first.number:
            continue
        start, seconds = epoch(first.request["start"]), _seconds(done[0])
        yield Offer(done[0], "is given", first.sent, _answered(done[0]), (start,), seconds)


def _first_shown(evidence: Evidence) -> dict[tuple[str, int], int]:
    """The number of the operation that was first answered with each version of a booking."""
    found: dict[tuple[str, int], int] = {}
    for each in evidence.operations:
        if each.kind in ("book", "move") and succeeded(each):
            version = _version(each)
            found[version] = min(each.number, found.get(version, each.number))
    return found


def _version(given: Operation) -> tuple[str, int]:
    return given.answer["id"], given.answer["version"]


def _answered(operation: Operation) -> float:
    return NEVER if operation.answered is None else operation.answered


def _body(read: Operation, bodies: Bodies) -> Row | None:
    if read.status == 304:
        return bodies.get((read.coach_id, read.request["if_none_match"]))
    if read.status != 200 or "starts" not in read.answer:
        return None
    body: Row = read.answer
    bodies[read.coach_id, read.headers.get("etag")] = body
    return body


def _seconds(given: Operation) -> int:
    """A move keeps the length that the session had."""
    if "duration" in given.request:
        return 60 * int(given.request["duration"])
    return epoch(given.answer["end"]) - epoch(given.answer["start"])
