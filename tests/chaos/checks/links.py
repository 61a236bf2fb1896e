"""The links of sessions that are held by video: each is what the calendar shows, whoever has a seat
was told of it, and nobody twice.
"""

from collections.abc import Iterator

from tests.chaos.checks.calendars import OURS
from tests.chaos.checks.deeds import unsettled
from tests.chaos.checks.invitations import read
from tests.chaos.checks.owed import REQUESTS, role
from tests.chaos.checks.rows import OPEN, by_id, grouped, json_of, outbox
from tests.chaos.evidence import Evidence, Row, Violation

CAME = "place_changed"
"""The mail to whoever had their first one without the link."""


def links(evidence: Evidence) -> Iterator[Violation]:
    """Of sessions to come. Where the event is changed, or a write is under way, it may be half
    way.
    """
    changed = unsettled(evidence)
    shown = {event.event_id: event.join_url for event in evidence.events}
    writes = grouped(outbox(evidence, "calendar"), lambda row: row["session_id"])
    by_video = {}
    for session in evidence.tables["sessions"]:
        place = json_of(session.get("place") or "null") or {}
        if place.get("kind") != "conferencing" or not session["active"]:
            continue
        by_video[session["id"]] = session
        half_way = {row["state"] for row in writes.get(session["id"], [])} & set(OPEN)
        key = OURS + session["id"]
        if half_way or session["id"] in changed or key not in shown:
            continue
        if session["join_url"] != shown[key]:
            what = f"{session['id']} has the link {session['join_url']}"
            yield Violation("G6", f"{what}, and its event shows {shown[key]}", "lost")
    yield from _told(evidence, by_video)


def _told(evidence: Evidence, by_video: dict[str, Row]) -> Iterator[Violation]:
    bookings = by_id(evidence.tables["bookings"])
    words = {}
    for each in map(read, evidence.letters):
        words[each.digest] = each.words
    rows = [row for row in outbox(evidence, "mail") if row["topic"] in (*REQUESTS, CAME)]
    # Written when it leaves: what it said, only the letter knows.
    mine = [row for row in rows if role(row) == "participant" and row["message_id"] in words]
    for booking_id, mails in grouped(mine, lambda row: row["booking_id"]).items():
        booking = bookings[booking_id]
        session = by_video.get(booking["session_id"])
        if session is None or booking["status"] != "booked" or session["join_url"] is None:
            continue
        link = session["join_url"]
        mails.sort(key=lambda row: json_of(row["payload"])["sequence"])
        said = [link in words[row["message_id"]] for row in mails]
        if not said[-1]:
            yield Violation("G6", f"booking {booking_id} was never told its link {link}", "lost")
        for row, before in zip(mails[1:], said, strict=False):
            if row["topic"] == CAME and before:
                what = f"was told its link once more, by {row['id']}"
                yield Violation("G6", f"booking {booking_id} {what}", "doubled")
