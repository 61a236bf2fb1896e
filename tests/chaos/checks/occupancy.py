"""G4, from the rows: no two sessions of a coach too close, no seat too many, nobody in two places
at once.
"""

from collections.abc import Iterator
from itertools import combinations

from tests.chaos.checks.rows import HOLD, by_id, grouped, occupying
from tests.chaos.evidence import Evidence, Row, Violation

OVERLAPPING = "overlapping"
MOST_GAP = 8 * 3600  # seconds: no buffer is longer


def overlaps(evidence: Evidence) -> Iterator[Violation]:
    """Two active sessions of one coach, closer than the larger of their buffers. Holds that ended
    count as gone.
    """
    for coach_id, rows in grouped(occupying(evidence), lambda row: row["coach_id"]).items():
        for one, other in neighbours(rows):
            gap = max(one["gap"], other["gap"])
            if other["starts"] - one["ends"] < gap and one["starts"] - other["ends"] < gap:
                ids = f"{one['id']} and {other['id']}"
                yield Violation(
                    "G4", f"coach {coach_id}: {ids} are closer than {gap} s", OVERLAPPING
                )


def neighbours(rows: list[Row]) -> Iterator[tuple[Row, Row]]:
    """The pairs that could be too close: each row with those that begin before it is over and any
    buffer.
    """
    ordered = sorted(rows, key=lambda row: row["starts"])
    for number, one in enumerate(ordered):
        for other in ordered[number + 1 :]:
            if other["starts"] - one["ends"] >= MOST_GAP:
                break
            yield one, other


def seats(evidence: Evidence) -> Iterator[Violation]:
    """What a session says is taken, its seats by name, and what it holds: taken = rows
    <= capacity.
    """
    booked = [row for row in evidence.tables["bookings"] if row["status"] == "booked"]
    seated = grouped(booked, lambda row: row["session_id"])
    for session in evidence.tables["sessions"]:
        rows = seated.get(session["id"], [])
        if session["kind"] == HOLD or session["status"] in ("completed", "missed"):
            continue
        if not len(rows) == session["taken"] <= session["capacity"]:
            counts = f"{len(rows)} booked, {session['taken']} taken of {session['capacity']}"
            yield Violation("G4", f"session {session['id']}: {counts}", OVERLAPPING)
        if rows and not session["active"]:
            yield Violation(
                "G4", f"session {session['id']} is off, and {rows[0]['id']} still booked"
            )


def participants(evidence: Evidence) -> Iterator[Violation]:
    """One participant in two sessions at once, with any coach, unless one of them was forced."""
    sessions = by_id(evidence.tables["sessions"])
    booked = [row for row in evidence.tables["bookings"] if row["status"] == "booked"]
    for person, rows in grouped(booked, lambda row: row["participant_id"]).items():
        for one, other in combinations(rows, 2):
            first, second = sessions[one["session_id"]], sessions[other["session_id"]]
            if first["force_reason"] or second["force_reason"]:
                continue
            what = f"participant {person} sits in {one['id']} and {other['id']}"
            if first["starts"] < second["ends"] and second["starts"] < first["ends"]:
                yield Violation("G4", what, OVERLAPPING)
