"""Events that coaches dragged: for how long each surely stood where it was put, with nothing else
done about it, and since when the product says that it knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.checks.answers import undecided
from tests.chaos.checks.deeds import done, policies
from tests.chaos.checks.offers import Times
from tests.chaos.checks.rows import epoch, grouped, requests, succeeded
from tests.chaos.checks.staleness import NEVER, ROUNDING
from tests.chaos.evidence import Evidence, Operation, Row

SETTLING = ("move", "cancel", "call_off", "settle")
"""Requests that may end what waits for somebody."""


@dataclass(frozen=True, slots=True)
class Drag:
    """`place`: where it was put. `until`: when it was last seen there; no other deed, and no
    request about its session, lies in between. `known`: when the platform, or a
    client, was told of it, NEVER if nobody was. `own`: where the session is meanwhile; None: not
    known, or it may follow.
    """

    deed: Operation
    place: Times
    until: float
    known: float = NEVER
    own: Times | None = None

    @property
    def session_id(self) -> str:
        return str(self.deed.request["session_id"])


@dataclass(frozen=True, slots=True)
class _Told:
    """Somebody was told that the event stands elsewhere, first seen `since` (epoch seconds)."""

    taken: float
    since: int
    own: Times


def drags(evidence: Evidence) -> Iterator[Drag]:
    """Those that can be judged: seen there at least once after they were done."""
    touched, told = _touched(evidence), _told(evidence)
    chosen = policies(evidence)
    for session_id, deeds in grouped(done(evidence), _session_of).items():
        for number, deed in enumerate(deeds):
            place = _place(deed)
            if place is None or deed.status is None or deed.answered is None:
                continue
            over = _over(deed, deeds[number + 1 :], touched.get(session_id, ()))
            until = min(over, _last_seen(evidence, deed, place))
            if until <= deed.answered:
                continue
            first = _first(evidence, deed, deeds[:number], told.get((session_id, place), ()))
            if first is None:
                yield Drag(deed, place, until)
            elif chosen[deed.coach_id] == "follow":
                yield Drag(deed, place, until, first.taken)
            else:
                yield Drag(deed, place, until, first.taken, first.own)


def _session_of(deed: Operation) -> str:
    return str(deed.request["session_id"])


def _place(deed: Operation) -> Times | None:
    """None: it was not dragged."""
    if deed.request["what"] != "moved":
        return None
    return deed.request["start"], deed.request["end"]


def _over(
    deed: Operation, later: Sequence[Operation], spans: Sequence[tuple[float, float]]
) -> float:
    """When something else may have been done about it, first of all."""
    moments = [each.sent for each in later if each.request["what"] != "renamed"]
    # A request that was under way during the deed came before it, or after: nobody knows.
    moments += [max(sent, deed.sent) for sent, ended in spans if ended >= deed.sent]
    return min(moments, default=NEVER)


def _last_seen(evidence: Evidence, deed: Operation, place: Times) -> float:
    """Until when each look into the calendars found it there: what a write of ours took away is
    settled, or our writes' affair.
    """
    session_id, seen = _session_of(deed), deed.sent
    for sighting in evidence.sightings:
        if deed.answered is None or sighting.when <= deed.answered:
            continue
        if sighting.places.get(session_id) != place:
            break
        seen = sighting.when
    return seen


def _touched(evidence: Evidence) -> dict[str, list[tuple[float, float]]]:
    """By session, when requests that may settle were under way: from the first try to the answer,
    which may be none.
    """
    homes = {row["id"]: row["session_id"] for row in evidence.tables["bookings"]}
    found: dict[str, list[tuple[float, float]]] = {}
    for tries in requests(evidence).values():
        first = tries[0]
        session_id = _about(first, homes)
        if first.kind not in SETTLING or session_id is None:
            continue
        ends = [each.answered for each in tries if succeeded(each) and each.answered is not None]
        if ends:
            found.setdefault(session_id, []).append((first.sent, min(ends)))
        elif undecided(tries):
            found.setdefault(session_id, []).append((first.sent, NEVER))
    return found


def _about(request: Operation, homes: Mapping[str, str]) -> str | None:
    """The session that it is about, as far as the rows know it."""
    named: Row = request.request
    if "booking_id" in named:
        return homes.get(named["booking_id"])
    session_id: str | None = named.get("session_id") or named.get("pod_id")
    return session_id


def _told(evidence: Evidence) -> dict[tuple[str, Times], list[_Told]]:
    """By session and where its event is said to stand. What arrived was committed before."""
    found: dict[tuple[str, Times], list[_Told]] = {}
    for key, told in (*_called(evidence), *_shown(evidence)):
        found.setdefault(key, []).append(told)
    return found


def _called(evidence: Evidence) -> Iterator[tuple[tuple[str, Times], _Told]]:
    """By callbacks."""
    for call in evidence.callbacks:
        if call.body["type"] != "session.event_moved":
            continue
        data = call.body["data"]
        place = epoch(data["event_starts"]), epoch(data["event_ends"])
        own = epoch(data["starts"]), epoch(data["ends"])
        yield (data["session_id"], place), _Told(call.taken, epoch(data["since"]), own)


def _shown(evidence: Evidence) -> Iterator[tuple[tuple[str, Times], _Told]]:
    """To who asked for the sessions."""
    for look in evidence.operations:
        if look.kind != "look" or look.status != 200 or look.answered is None:
            continue
        for session in look.answer["sessions"]:
            event = session["event"]
            if event is not None and event["kind"] == "moved":
                told = _Told(look.answered, epoch(event["since"]), _times(session))
                yield (session["session_id"], _times(event)), told


def _times(shown: Row) -> Times:
    return epoch(shown["start"]), epoch(shown["end"])


def _first(
    evidence: Evidence, deed: Operation, before: Sequence[Operation], told: Sequence[_Told]
) -> _Told | None:
    """The first word of this deed, and not of one before it."""
    since = evidence.clock_zero + deed.sent
    # It is told in whole seconds, rounded down: if it was put there before, of that time perhaps.
    if not any(_place(each) == _place(deed) for each in before):
        since -= ROUNDING
    mine = [each for each in told if each.since >= since]
    return min(mine, key=lambda each: each.taken, default=None)
