"""Each listing in the end against a brute force: every quarter hour looked at for itself, from the
rules.

The brute force is `tests.domain.oracle`, which knows nothing but its case, as JSON has it. Here the
case is made: hours from the coach's row, busy times from the calendars themselves, own sessions
from theirs.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tests.chaos.checks.calendars import ours
from tests.chaos.checks.deeds import unsettled
from tests.chaos.checks.rows import by_id, epoch, json_of, occupying, spelled
from tests.chaos.evidence import Evidence, Row, Violation
from tests.domain import oracle

ROOM = 120
"""Seconds between the moment of a listing and `now`: a start that the clock opens or closes within
may be either.
"""
SHOWN = 5
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def openings(evidence: Evidence) -> Iterator[Violation]:
    """A listing that is hidden by policy lists nothing; the others list what the brute force finds
    open.
    """
    coaches = {row["id"]: row for row in evidence.tables["coaches"]}
    for coach_id, by_duration in evidence.listings.items():
        for duration, listing in by_duration.items():
            if listing["effect"] == "hours_only":
                continue
            where = f"coach {coach_id}, {duration} minutes, {listing['state']}"
            yield from _compare(evidence, coaches[coach_id], duration, listing, where)


def _compare(
    evidence: Evidence, coach: Row, duration: int, listing: Row, where: str
) -> Iterator[Violation]:
    listed = set(listing["starts"])
    if listing["effect"] == "hide":
        if listed:
            yield Violation("G4", f"{where}: {len(listed)} starts are listed though all is hidden")
        return
    if listing["state"] != "fresh":
        yield Violation("G2", f"{where}: not fresh though all is quiet")
        return
    wanted = open_starts(json.dumps(_case(evidence, coach, duration, listing)))
    doubtful = _by_the_clock(evidence.now, coach, duration)
    for what, starts in (("closed", listed - wanted), ("open", wanted - listed)):
        sure = sorted(start for start in starts if not doubtful(epoch(start)))
        if sure:
            shown = ", ".join(sure[:SHOWN])
            told = "listed" if what == "closed" else "not listed"
            yield Violation(
                "G2", f"{where}: {len(sure)} starts are {told}, and are {what}: {shown}"
            )


@lru_cache(maxsize=4)
def open_starts(case: str) -> frozenset[str]:
    """What the brute force finds; it is slow, and the controls of the other checks ask the same."""
    return frozenset(oracle.evaluate(json.loads(case))["starts"])


def _by_the_clock(now: float, coach: Row, duration: int) -> Callable[[int], bool]:
    """Whether a start is at the edge of notice or horizon, give or take ROOM."""
    soonest: float = now + 60 * coach["notice"]
    last: float = now + 86_400 * coach["horizon_days"] - 60 * duration

    def doubtful(start: int) -> bool:
        return min(abs(start - soonest), abs(start - last)) <= ROOM

    return doubtful


def _case(evidence: Evidence, coach: Row, duration: int, listing: Row) -> dict[str, Any]:
    own = [row for row in occupying(evidence) if row["coach_id"] == coach["id"]]
    # Both times are closed until somebody says which it is.
    for session_id, known in unsettled(evidence).items():
        session = by_id(own).get(session_id)
        if session is not None and known["starts"] is not None:
            own.append({**session, "starts": known["starts"], "ends": known["ends"]})
    return {
        "zone": coach["zone"],
        "hours": {
            day: _windows(found) for day, found in zip(DAYS, json_of(coach["weekly"]), strict=True)
        },
        "overrides": {day: _windows(found) for day, found in json_of(coach["overrides"])},
        "busy": [[exact(event[0]), exact(event[1])] for event in _busy(evidence, coach["id"])],
        "own": [[exact(row["starts"]), exact(row["ends"]), row["gap"] / 60] for row in own],
        "pre": coach["pre"],
        "post": coach["post"],
        "duration": duration,
        "notice_min": coach["notice"],
        "horizon_days": coach["horizon_days"],
        "mode": coach["mode"],
        "per_day": coach["per_day"],
        "per_week": coach["per_week"],
        "now": exact(evidence.now),
        "from": spelled(epoch(listing["from"])),
        "to": spelled(epoch(listing["to"])),
    }


def _windows(stored: list[list[int]]) -> list[list[str]]:
    """Windows of a day as stored, in minutes after midnight: the next day's go on from 24:00."""
    return [[f"{minute // 60:02}:{minute % 60:02}" for minute in window] for window in stored]


def exact(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _busy(evidence: Evidence, coach_id: str) -> Iterator[tuple[int, int]]:
    """What stands in the calendars that block, but for our own sessions."""
    connections = {
        row["id"] for row in evidence.tables["connections"] if row["coach_id"] == coach_id
    }
    blocking = set()
    for row in evidence.tables["calendars"]:
        if row["connection_id"] in connections and row["blocks"] and not row["deleted"]:
            blocking.add(row["id"])
    for event in evidence.events:
        mine = event.coach_id == coach_id and event.calendar_id in blocking
        if mine and event.busy and not ours(event):
            yield event.start, event.end
