"""The coach's calendar against the sessions: what is to come stands once, at its time, or as the
coach changed it, if that waits for somebody; nothing else of ours stands.
"""

from collections.abc import Iterator

from tests.chaos.checks.deeds import unsettled
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
    changed = unsettled(evidence)
    for session_id in standing.keys() - sessions.keys():
        yield Violation("G6", f"an event of {session_id} stands, and there is no such session")
    for session in sessions.values():
        states = {row["state"] for row in rows.get(session["id"], [])}
        if session["kind"] == HOLD or session["ends"] <= evidence.now or states & set(OPEN):
            continue
        there = standing.get(session["id"], [])
        if session["id"] in changed:
            yield from _changed(session, there, changed[session["id"]])
        else:
            yield from _session(session, there, written=_written(rows, session))


def _changed(session: Row, events: list[Event], known: Row) -> Iterator[Violation]:
    """What is known of a change of the coach's is how the event stands."""
    times = [(event.start, event.end) for event in events]
    declined = [event.declined for event in events]
    wanted = [(known["starts"], known["ends"])]
    if known["starts"] is None:
        wanted = []
    if times != wanted or (wanted and declined != [known["kind"] == "declined"]):
        what = f"{session['id']} is known to be {known['kind']} at {wanted}"
        yield Violation("G6", f"{what}, and stands at {times}, declined: {declined}")


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
    if any(event.declined for event in events):
        yield Violation("G6", f"{what} is declined there, and nobody knows")
