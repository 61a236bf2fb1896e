"""G4 while it runs: until a difference between a session and its event is settled, both of their
times are closed. No listing that claims to be fresh offers one of them, and nobody is given one.

The product knows of it once it has told the platform so, or whoever asked for the sessions,
whatever fails from then on: no fault excuses it. And it knows once a listing's own `as_of` tells of
a read that began after the deed, unless a write of ours may explain to it what it saw. Whose
sessions are put back at once has only the session's time closed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.checks.deeds import policies
from tests.chaos.checks.drags import Drag, drags
from tests.chaos.checks.offers import Offer, Times, gifts, offers
from tests.chaos.checks.rows import grouped, json_of, outbox, spelled
from tests.chaos.checks.staleness import NEVER, ROUNDING
from tests.chaos.evidence import Evidence, Row, Violation

VANISHED = "cronofy garbled"
"""The fault in which a read shows nothing of one coach's calendar, our events neither."""
REREAD = 60.0
"""Seconds after which the product of a run asks again which calendars there are, at the latest."""
FOR_A_LINK = "link"
"""Token of a look that waits for no write."""
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Writes:
    """Ours of each session's event: when they were owed or being made, and where one of unknown end
    may still bring it (None: anywhere).
    """

    owed: Mapping[str, Sequence[Span]]
    late: Mapping[str, frozenset[Times] | None]

    def explain(self, drag: Drag, since: float, until: float) -> bool:
        """Whether a read between the two may take the deed for a write of ours."""
        late = self.late.get(drag.session_id, frozenset())
        if late is None or drag.place in late:
            return True
        spans = self.owed.get(drag.session_id, ())
        return any(begun <= until and since <= ended for begun, ended in spans)


def both_times(evidence: Evidence) -> Iterator[Violation]:
    """The first that is offered, or given, during each dragging."""
    found = [*offers(evidence), *gifts(evidence)]
    mine = grouped(sorted(found, key=lambda each: each.sent), lambda each: each.operation.coach_id)
    writes, blind, chosen = _writes(evidence), _blind(evidence), policies(evidence)
    for drag in drags(evidence):
        coach_id = drag.deed.coach_id
        during = _during(drag, mine.get(coach_id, ()), blind.get(coach_id, ()))
        yield from _broken(evidence, drag, during, writes, chosen[coach_id])


def _broken(
    evidence: Evidence, drag: Drag, during: Sequence[Offer], writes: _Writes, policy: str
) -> Iterator[Violation]:
    for offer in during:
        places = []
        told = offer.sent > drag.known
        if policy != "restore" and (told or _has_read(evidence, drag, offer, writes)):
            places.append((drag.place, "where that stands"))
        if told and drag.own is not None:
            places.append((drag.own, "where the session is"))
        for times, where in places:
            start = offer.over(times)
            if start is not None:
                yield _violation(drag, offer, f"{spelled(start)}, {where}")
                return


def _violation(drag: Drag, offer: Offer, what: str) -> Violation:
    waits = f"{drag.session_id}, whose event operation {drag.deed.number} dragged, is not settled"
    taken = f"operation {offer.operation.number} {offer.verb} {what}"
    return Violation("G4", f"{waits}: {taken}", "overlapping", offer.sent)


def _during(drag: Drag, hers: Sequence[Offer], blind: Sequence[Span]) -> list[Offer]:
    """What was asked for and answered while the event stood there."""
    found = []
    for each in hers:
        unseen = any(began <= each.answered and each.sent <= ended for began, ended in blind)
        if drag.deed.sent < each.sent and each.answered <= drag.until and not unseen:
            found.append(each)
    return found


def _has_read(evidence: Evidence, drag: Drag, offer: Offer, writes: _Writes) -> bool:
    """Whether the read that it tells of began after the deed, and no write of ours explains what
    it saw.
    """
    stored, dragged = offer.as_of, drag.deed.answered
    if stored is None or dragged is None:
        return False
    began = stored - evidence.longest_read
    # A moment to come is of a clock that was wrong, and tells nothing.
    if began < dragged or stored > offer.answered + ROUNDING:
        return False
    return not writes.explain(drag, began, stored + evidence.longest_read)


def _writes(evidence: Evidence) -> _Writes:
    late: dict[str, frozenset[Times] | None] = {}
    for row in evidence.tables.get("event_looks", ()):
        if row["token"] == FOR_A_LINK:
            continue
        known, places = late.get(row["session_id"], frozenset()), json_of(row["may_bring"])
        if known is None or places is None:
            late[row["session_id"]] = None
        else:
            late[row["session_id"]] = known | {(start, end) for start, end in places}
    owed = {}
    for session_id, rows in grouped(outbox(evidence, "calendar"), _session_of).items():
        owed[session_id] = list(_spans(evidence, rows))
    return _Writes(owed, late)


def _session_of(row: Row) -> str:
    return str(row["session_id"])


def _spans(evidence: Evidence, rows: Sequence[Row]) -> Iterator[Span]:
    """When each was owed. One that was given up for a newer one was so no longer than until that
    was there; of any other without an end nobody knows.
    """
    begun = sorted(_moment(evidence, row["created_at"]) for row in rows)
    for row in rows:
        since, until = _moment(evidence, row["created_at"]), NEVER
        if row["sent_at"] is not None:
            until = _moment(evidence, row["sent_at"])
        elif row["state"] == "superseded":
            until = min((each for each in begun if each > since), default=NEVER)
        yield since, until


def _moment(evidence: Evidence, stamp: int) -> float:
    """On the run's clock."""
    return stamp / 1000 - evidence.clock_zero


def _blind(evidence: Evidence) -> dict[str, list[Span]]:
    """By coach, when her events may have been read as gone, and until that was surely put right."""
    found: dict[str, list[Span]] = {}
    for began, ended, what in evidence.faults:
        if VANISHED not in what:
            continue
        for coach_id in policies(evidence):
            if coach_id in what:
                healed = ended + REREAD + evidence.bound
                found.setdefault(coach_id, []).append((began, healed))
    return found
