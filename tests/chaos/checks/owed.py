"""G6: each change of a booking has one outbox row per recipient, and the row has ended
as it may.
"""

from collections.abc import Iterator, Sequence

from tests.chaos.checks.rows import HOLD, OPEN, POD, by_id, grouped, json_of, outbox
from tests.chaos.evidence import Evidence, Row, Violation

REQUESTS = ("booked", "rebooked")
ENDINGS = ("cancelled", "seat_left", "missed")
REMINDER = "reminder"
GIVEN_UP = ("switched_off", "discarded", "too_late")
"""Reasons of a superseded row that no other row explains."""
ENDED = ("sent", "dead", "superseded")
LAST = {
    "booked": REQUESTS,
    "cancelled": ("cancelled", "seat_left"),
    "missed": ("missed",),
}
"""By a booking's status, what its last mail may be."""
ROOM_MS = 30_000  # a row that fell due just now may still be on its way


def one_row_each(evidence: Evidence) -> Iterator[Violation]:
    """For each version of each booking: one mail to the participant, one to the coach where it is
    news to them, one callback if there are any.
    """
    sessions = by_id(evidence.tables["sessions"])
    coaches = by_id(evidence.tables["coaches"])
    mails = grouped(changes(evidence), lambda row: row["booking_id"])
    calls = grouped(outbox(evidence, "callback"), lambda row: row["booking_id"])
    called = any(str(row["topic"]).startswith("booking.") for row in outbox(evidence, "callback"))
    for booking in evidence.tables["bookings"]:
        session = sessions[booking["session_id"]]
        if booking["status"] not in LAST:
            continue
        mine = mails.get(booking["id"], [])
        yield from _participant_s(booking, mine)
        if coaches[session["coach_id"]]["email"]:
            yield from _coach_s(booking, session, mine)
        if called:
            yield from _versions(booking, calls.get(booking["id"], []), "callback")
    yield from _calendar_s(evidence)


def changes(evidence: Evidence) -> list[Row]:
    """The mails of changes: without reminders, mails about calendars, and those that somebody had
    sent once more.
    """
    rows = [row for row in outbox(evidence, "mail") if row["topic"] in REQUESTS + ENDINGS]
    return [row for row in rows if not json_of(row["payload"]).get("nonce")]


def role(row: Row) -> str:
    """Whom a mail is for: participant or coach."""
    return str(json_of(row["payload"])["recipient"]["role"])


def _participant_s(booking: Row, mine: Sequence[Row]) -> Iterator[Violation]:
    rows = sorted(
        (row for row in mine if role(row) == "participant"), key=lambda row: row["version"]
    )
    yield from _versions(booking, rows, "mail to the participant")
    topics = [row["topic"] for row in rows]
    if not topics:
        return
    fits = topics[0] == "booked" and topics[-1] in LAST[booking["status"]]
    if not fits or any(topic != "rebooked" for topic in topics[1:-1]):
        what = f"booking {booking['id']} is {booking['status']}, its mails are {topics}"
        yield Violation("G6", what)


def _versions(booking: Row, rows: Sequence[Row], what: str) -> Iterator[Violation]:
    found = sorted(row["version"] for row in rows)
    wanted = list(range(1, booking["version"] + 1))
    if found != wanted:
        told = f"a {what} for the versions {found}, not {wanted}"
        kind = "doubled" if len(found) > len(wanted) else "lost"
        yield Violation("G6", f"booking {booking['id']} has {told}", kind)


def _coach_s(booking: Row, session: Row, mine: Sequence[Row]) -> Iterator[Violation]:
    """Of a pod that moves or is called off with everybody in it, the coach hears once."""
    rows = [row for row in mine if role(row) == "coach"]
    if session["kind"] != POD:
        yield from _versions(booking, rows, "mail to the coach")
        return
    for (recipient, version), same in grouped(
        rows, lambda row: (row["recipient"], row["version"])
    ).items():
        if len(same) > 1:
            what = f"{len(same)} mails to the coach {recipient} for version {version}"
            yield Violation("G6", f"booking {booking['id']} has {what}")
    heard = {row["version"] for row in rows}
    for row in mine:
        alone = row["topic"] in ("booked", "seat_left", "missed")
        if role(row) == "participant" and alone and row["version"] not in heard:
            what = f"no mail to the coach for version {row['version']}"
            yield Violation("G6", f"booking {booking['id']} has {what}")


def _calendar_s(evidence: Evidence) -> Iterator[Violation]:
    rows = grouped(outbox(evidence, "calendar"), lambda row: row["session_id"])
    for session in evidence.tables["sessions"]:
        if session["kind"] == HOLD or session["status"] == "completed":
            continue
        if session["version"] not in [row["version"] for row in rows.get(session["id"], [])]:
            what = f"no calendar row for version {session['version']}"
            yield Violation("G6", f"session {session['id']} has {what}")


def ends(evidence: Evidence) -> Iterator[Violation]:
    """Each row that fell due has ended, or waits where a person can see it; and was given up only
    for a reason.
    """
    now_ms = evidence.now * 1000
    sessions = by_id(evidence.tables["sessions"])
    for row in evidence.tables["outbox"]:
        waits = row["state"] in ("waiting_for_text", "withheld") or row["due_at"] > now_ms - ROOM_MS
        if row["state"] in OPEN and not waits:
            what = (
                f"{row['state']} since {(now_ms - row['due_at']) / 1000:.0f} s"
                f" ({row['last_error']})"
            )
            yield Violation("G6", f"{row['kind']} {row['id']} ({row['topic']}) is {what}")
        if row["state"] not in ENDED + OPEN:
            yield Violation("G6", f"{row['kind']} {row['id']} is {row['state']}: no end")
        if row["state"] == "dead" and row["kind"] == "calendar":
            session = sessions.get(row["session_id"])
            if session is not None and session["active"] and session["ends"] > evidence.now:
                what = f"dead though {session['id']} is to come ({row['last_error']})"
                yield Violation("G6", f"calendar {row['id']} is {what}")
    yield from _superseded(evidence)


def _superseded(evidence: Evidence) -> Iterator[Violation]:
    """A mail that was given up has a newer one in its queue, or calls off what was
    never announced.
    """
    queues = grouped(about_bookings(evidence), lambda row: (row["booking_id"], row["recipient"]))
    for queue in queues.values():
        for row in queue:
            explained = row.get("reason") in GIVEN_UP or row["topic"] == REMINDER
            if row["state"] != "superseded" or explained:
                continue
            newer = any(other["version"] > row["version"] for other in queue)
            if not newer and not (row["topic"] in ENDINGS and unheard(queue)):
                what = f"superseded, but it is the last word on {row['booking_id']}"
                yield Violation("G6", f"mail {row['id']} ({row['topic']}) is {what}")


def about_bookings(evidence: Evidence) -> list[Row]:
    """The mails that tell of a booking or of its end: those of changes, and reminders."""
    return [
        row for row in outbox(evidence, "mail") if row["topic"] in (*REQUESTS, *ENDINGS, REMINDER)
    ]


def unheard(queue: Sequence[Row]) -> bool:
    """Whether nothing that tells of the booking left, nor can have."""
    telling = [row for row in queue if row["topic"] not in ENDINGS]
    return all(row["state"] != "sent" and not row["unsure"] for row in telling)
