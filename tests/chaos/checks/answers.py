"""G5: one booking and one answer for a key; nothing that was acknowledged is lost; nothing is there
unasked.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.chaos.checks.deeds import done, policies
from tests.chaos.checks.rows import (
    POD,
    answered_bookings,
    by_id,
    epoch,
    grouped,
    requests,
    succeeded,
)
from tests.chaos.evidence import Evidence, Operation, Row, Violation

MAKING = ("book", "join", "make_pod")
CHANGING = ("move", "cancel", "leave")
WHOLE = ("call_off", "settle")
"""Requests about a session with all its seats."""
LEFT = ("cancelled", "missed")
"""What becomes of a seat that is given up."""


def one_answer(evidence: Evidence) -> Iterator[Violation]:
    """Each repeat of a key is answered the same. What was not stored (4xx but 409, 5xx) may come
    before, never after a success.
    """
    for (client, key), tries in requests(evidence).items():
        final = [each for each in tries if succeeded(each) or each.status == 409]
        seen = [(each.status, each.answer) for each in final]
        if any(other != seen[0] for other in seen[1:]):
            numbers, at = [each.number for each in final], tries[0].sent
            yield Violation(
                "G5",
                f"{client}'s key {key} has several answers: operations {numbers}",
                "doubled",
                at,
            )
        yield from _taken_back(client, key, tries)


def _taken_back(client: str, key: str, tries: list[Operation]) -> Iterator[Violation]:
    done = [each.answered for each in tries if succeeded(each) and each.answered is not None]
    for later in tries:
        refused = (
            later.status is not None
            and 400 <= later.status < 500
            and later.status not in (409, 429)
        )
        if refused and done and later.sent > min(done):
            what = f"answered {later.status} after it had succeeded: operation {later.number}"
            yield Violation("G5", f"{client}'s key {key} was {what}", "lost", later.sent)


def nothing_lost(evidence: Evidence) -> Iterator[Violation]:
    """Each acknowledged booking is there at the version it was acknowledged at, or a later one that
    somebody asked for; at the acknowledged version it is what the answer said.
    """
    rows, sessions = by_id(evidence.tables["bookings"]), by_id(evidence.tables["sessions"])
    for booking_id, seen in _acknowledged(evidence).items():
        row = rows.get(booking_id)
        if row is None:
            yield Violation("G5", f"booking {booking_id} was acknowledged, and is gone", "lost")
            continue
        latest = max(seen, key=lambda each: int(each["version"]))
        if row["version"] < latest["version"]:
            versions = f"version {latest['version']} was acknowledged, it is at {row['version']}"
            yield Violation("G5", f"booking {booking_id}: {versions}", "lost")
        elif row["version"] == latest["version"]:
            yield from _differs(latest, row, sessions[row["session_id"]])
        else:
            yield from _unasked_changes(evidence, booking_id, row, seen)


def _acknowledged(evidence: Evidence) -> dict[str, list[Mapping[str, Any]]]:
    """Each booking's states as answers told them."""
    states: list[Mapping[str, Any]] = []
    for operation in evidence.operations:
        if succeeded(operation):
            states += answered_bookings(operation.answer)
    return grouped(states, lambda each: each["id"])


def _differs(said: Mapping[str, Any], row: Row, session: Row) -> Iterator[Violation]:
    wanted = {"session_id": said["session_id"], "status": said["status"]}
    found = {"session_id": row["session_id"], "status": row["status"]}
    # A session that ended keeps its last time; a pod's answer tells its time beside the seats, and
    # without whoever has left, a pod goes on, perhaps to another time.
    left = session["kind"] == POD and said["status"] in LEFT
    if "start" in said and not left:
        wanted |= {"starts": epoch(said["start"]), "ends": epoch(said["end"])}
        found |= {"starts": session["starts"], "ends": session["ends"]}
    if wanted != found:
        what = f"booking {row['id']} was acknowledged as {wanted}, and is {found}"
        yield Violation("G5", what, "lost")


def _unasked_changes(
    evidence: Evidence, booking_id: str, row: Row, seen: Iterable[Mapping[str, Any]]
) -> Iterator[Violation]:
    """Each version was answered to somebody, or made by a request whose answer was lost."""
    # The first version is its making: `nothing_unasked` asks who did that.
    unseen = len(set(range(2, row["version"])) - {int(each["version"]) for each in seen})
    unseen += 1  # the last one: no answer told of it, or this would not be asked
    asked = len(unanswered(evidence, booking_id, row["session_id"]))
    asked += len(dragged(evidence, row["session_id"]))
    if unseen > asked:
        counts = f"{unseen} versions that no answer told of, {asked} requests or deeds without"
        yield Violation("G5", f"booking {booking_id} changed unasked: {counts}", "doubled")


def unanswered(evidence: Evidence, booking_id: str, session_id: str) -> list[Operation]:
    """The requests about this booking, or the whole of its session, of which nobody knows whether
    they were done: the first try of each.
    """
    found = []
    for tries in requests(evidence).values():
        about = tries[0].request.get("booking_id") == booking_id
        whole = session_id in (
            tries[0].request.get("pod_id"),
            tries[0].request.get("session_id"),
        )
        kinds = (*CHANGING, *WHOLE)
        if (
            (about or (whole and tries[0].kind in WHOLE))
            and tries[0].kind in kinds
            and undecided(tries)
        ):
            found.append(tries[0])
    return found


def dragged(evidence: Evidence, session_id: str) -> list[Operation]:
    """What may have moved the session though nobody asked: its event was dragged elsewhere, by a
    coach whose sessions follow.
    """
    coach_id = _coaches(evidence)[session_id]
    if policies(evidence)[coach_id] != "follow":
        return []
    return [each for each in done(evidence, session_id) if each.request["what"] == "moved"]


def undecided(tries: Iterable[Operation]) -> bool:
    """Whether nobody knows if a request was done: a try had no answer, and none was answered with
    what is stored.
    """
    decided = any(succeeded(each) or each.status == 409 for each in tries)
    return not decided and any(each.unknown for each in tries)


def nothing_unasked(evidence: Evidence) -> Iterator[Violation]:
    """Each booking's row belongs to one request: that which was answered with it, or one whose
    answer was lost.
    """
    asked = [tries[0] for tries in requests(evidence).values() if undecided(tries)]
    asked = [each for each in asked if each.kind in MAKING]
    coaches = _coaches(evidence)
    wanted = {}
    for row in strangers(evidence):
        coach_id = coaches[row["session_id"]]
        wanted[row["id"]] = [each.number for each in asked if _may_have_made(each, row, coach_id)]
    for booking_id in _unmatched(wanted, {each.number: len(_people(each)) for each in asked}):
        yield Violation("G5", f"booking {booking_id} is there, and nobody asked for it", "doubled")


def strangers(evidence: Evidence) -> list[Row]:
    """The bookings that no answer to a write of their own tells of: one about the whole session
    shows whatever is there, whoever asked for it.
    """
    known = set()
    for each in evidence.operations:
        if each.kind in (*MAKING, *CHANGING) and succeeded(each):
            known |= {booking["id"] for booking in answered_bookings(each.answer)}
    return [row for row in evidence.tables["bookings"] if row["id"] not in known]


def could_have_made(evidence: Evidence, operation: Operation) -> bool:
    """Whether a row may be the work of this request, which nobody answered."""
    if operation.kind == "make_pod" and not _people(operation):
        return True
    coaches = _coaches(evidence)
    rows = strangers(evidence)
    return any(_may_have_made(operation, row, coaches[row["session_id"]]) for row in rows)


def _coaches(evidence: Evidence) -> dict[str, str]:
    """By session, whose it is."""
    return {row["id"]: row["coach_id"] for row in evidence.tables["sessions"]}


def _may_have_made(operation: Operation, row: Row, coach_id: str) -> bool:
    if operation.kind == "join" or "pod_id" in operation.request:
        placed = operation.request["pod_id"] == row["session_id"]
    else:
        placed = operation.coach_id == coach_id
    return placed and row["participant_id"] in _people(operation)


def _people(operation: Operation) -> list[str]:
    request = operation.request
    if operation.kind == "make_pod":
        return [each["id"] for each in request.get("participants", ())]
    return [request["participant"]["id"]]


def _unmatched(wanted: Mapping[str, list[int]], places: Mapping[int, int]) -> list[str]:
    """Those that are left when as many as possible are given one place each (augmenting paths)."""
    given: dict[tuple[int, int], str] = {}

    def place(item: str, tried: set[tuple[int, int]]) -> bool:
        for number in wanted[item]:
            for spot in range(places[number]):
                if (number, spot) in tried:
                    continue
                tried.add((number, spot))
                if (number, spot) not in given or place(given[number, spot], tried):
                    given[number, spot] = item
                    return True
        return False

    return [item for item in wanted if not place(item, set())]
