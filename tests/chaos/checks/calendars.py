"""The coach's calendar against the sessions: what is to come stands once, at its time; nothing else
of ours stands.
"""

from collections.abc import Iterator

from tests.chaos.checks.rows import HOLD, OPEN, by_id, grouped, outbox
from tests.chaos.evidence import Event, Evidence, Row, Violation

OURS = "coachcal-"


def ours(event: Event) -> bool:
    """Whether it was written by the product."""
    return event.event_id is not None and event.event_id.startswith(OURS)


def calendars(evidence: Evidence) -> Iterator[Violation]:
    """A session with a calendar row that has not ended is left to the check of those: it may be
    half way.
    """
    sessions = by_id(evidence.tables["sessions"])
    rows = grouped(outbox(evidence, "calendar"), lambda row: row["session_id"])
    mine = [event for event in evidence.events if ours(event)]
    standing = grouped(mine, lambda event: str(event.event_id).removeprefix(OURS))
    for session_id in standing.keys() - sessions.keys():
        yield Violation("G6", f"an event of {session_id} stands, and there is no such session")
    for session in sessions.values():
        states = {row["state"] for row in rows.get(session["id"], [])}
        if session["kind"] == HOLD or session["ends"] <= evidence.now or states & set(OPEN):
            continue
        yield from _session(
            session, standing.get(session["id"], []), written=_written(rows, session)
        )


def _written(rows: dict[str, list[Row]], session: Row) -> bool:
    """Whether its calendar row of now says that it was seen there."""
    current = [row for row in rows.get(session["id"], []) if row["version"] == session["version"]]
    return any(row["state"] == "sent" for row in current)


def _session(session: Row, events: list[Event], *, written: bool) -> Iterator[Violation]:
    places = [(event.calendar_id, event.start, event.end) for event in events]
    what = f"{session['id']} ({session['starts']} to {session['ends']})"
    if not session["active"]:
        if places:
            yield Violation("G6", f"{what} is off, and stands in {places}")
        return
    if len(places) > 1:
        yield Violation("G6", f"{what} stands more than once: {places}", "doubled")
    if written and not places:
        yield Violation("G6", f"{what} was written, and stands nowhere", "lost")
    if any((start, end) != (session["starts"], session["ends"]) for _, start, end in places):
        yield Violation("G6", f"{what} stands at another time: {places}")
