"""Sessions that moved though no client asked: their coach dragged the event, and they follow. Each
is a step that may stand in a history, and need not.

Which version of which booking it was, and where to, the mails about it say: a rebooking is mailed
with its time, and all of one session's at one moment. Of a pod, in which nobody may have a seat,
each dragging may have been followed.
"""

from collections.abc import Collection, Iterator, Mapping

from tests.chaos.checks import acts
from tests.chaos.checks.acts import Asked
from tests.chaos.checks.deeds import done, policies
from tests.chaos.checks.diary import Diary
from tests.chaos.checks.linear import NEVER, Step
from tests.chaos.checks.rows import POD, answered_bookings, is_put_back, json_of, outbox, succeeded
from tests.chaos.evidence import Evidence, Operation

Moves = dict[tuple[str, int, int, int], dict[str, int]]
"""By session, moment of the mails, start and end: what version each booking is of since then."""


def steps(
    evidence: Evidence, gaps: Mapping[str, int], unknown: Collection[str]
) -> Iterator[tuple[str, Step[Diary]]]:
    """Each coach's id with such a step; `unknown`: bookings that cannot be judged."""
    following = _following(evidence)
    for (session_id, _, start, end), versions in _moves(evidence, following, unknown).items():
        coach_id = following[session_id]
        deed = _deed(evidence, session_id, (start, end))
        if deed is None:
            continue
        yield coach_id, _step(deed, versions, gaps.get(coach_id, 0))
    pods = _following(evidence, pods=True)
    for deed in done(evidence):
        coach_id = pods.get(deed.request["session_id"], "")
        if coach_id and deed.request["what"] == "moved":
            yield coach_id, _step(deed, {}, gaps.get(coach_id, 0))


def _step(deed: Operation, versions: Mapping[str, int], gap: int) -> Step[Diary]:
    act = acts.follow(Asked(deed.number, "follow", deed.request, None, gap, NEVER), versions)
    name = f"{deed.request['session_id']} follows operation {deed.number}"
    return Step(deed.sent, NEVER, act, name, optional=True)


def _following(evidence: Evidence, *, pods: bool = False) -> dict[str, str]:
    """The sessions, or the pods, that follow, each with its coach."""
    chosen = policies(evidence)
    found = {}
    for row in evidence.tables["sessions"]:
        if chosen[row["coach_id"]] == "follow" and (row["kind"] == POD) == pods:
            found[row["id"]] = row["coach_id"]
    return found


def _deed(evidence: Evidence, session_id: str, times: tuple[int, int]) -> Operation | None:
    """The first that took the event there."""
    for deed in done(evidence, session_id):
        if (deed.request.get("start"), deed.request.get("end")) == times:
            return deed
    return None


def _moves(evidence: Evidence, following: Collection[str], unknown: Collection[str]) -> Moves:
    """Rebookings, but for those that a request to move the session to its event is known to have
    made. Any other answer may show what following made: also that to a move to where it is already.
    """
    told = set()
    for each in evidence.operations:
        if each.kind == "settle" and succeeded(each) and not is_put_back(each):
            told |= {(seat["id"], seat["version"]) for seat in answered_bookings(each.answer)}
    found: Moves = {}
    for row in outbox(evidence, "mail"):
        booking_id, version = row["booking_id"], row["version"]
        is_move = row["topic"] == "rebooked" and row["session_id"] in following
        if not is_move or booking_id in unknown or (booking_id, version) in told:
            continue
        facts = json_of(row["payload"])
        key = row["session_id"], row["due_at"], facts["starts"], facts["ends"]
        found.setdefault(key, {})[booking_id] = version
    return found
