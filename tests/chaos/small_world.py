"""A small run without any fault, written by hand, as the checks are given one: nothing in it breaks
a promise.

Ada has hours on Mondays from 9 to 13, buffers of 15 minutes, an event from 12:30 on. Grace books
her at 9:00 and moves to 10:00; Hedy books at 11:15 and cancels, which leaves 11:15 the only open
time. Ben's pod has three seats: Mary takes one, Joan one that she leaves again. Everybody is told.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from tests.chaos.evidence import Callback, Event, Evidence, Letter, Operation

Values = dict[str, Any]
NOW = int(datetime(2026, 6, 1, 8, 0, tzinfo=UTC).timestamp())
MONDAY = int(datetime(2026, 6, 8, tzinfo=UTC).timestamp())
HOUR, MINUTE = 3600, 60
GAP = 15 * MINUTE
STAMP = NOW * 1000


def at(hours: float) -> int:
    """Epoch seconds of a time of that Monday."""
    return MONDAY + int(hours * HOUR)


def text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def coach(coach_id: str, email: str | None) -> Values:
    return {
        "id": coach_id,
        "zone": "UTC",
        # Minutes after midnight, from Monday on
        "weekly": "[[[540, 780]], [], [], [], [], [], []]",
        "overrides": [],
        "pre": 15,
        "post": 15,
        "notice": 0,
        "horizon_days": 8,
        "mode": "flexible",
        "per_day": None,
        "per_week": None,
        "email": email,
    }


def session(session_id: str, coach_id: str, start: int, **more: Any) -> Values:
    plain = {"kind": "one_to_one", "active": 1, "status": "booked", "version": 1, "capacity": 1}
    times = {"starts": start, "ends": start + HOUR, "gap": GAP, "expires_at": None}
    return (
        {"id": session_id, "coach_id": coach_id, "taken": 1, "force_reason": None}
        | plain
        | times
        | more
    )


def booking(booking_id: str, session_id: str, person: str, status: str, version: int) -> Values:
    return {
        "id": booking_id,
        "session_id": session_id,
        "participant_id": person,
        "status": status,
        "version": version,
        "uid": f"{booking_id}@example.test",
    }


def shown(
    row: Values, of: Values, status: str, version: int, start: int, **pod: int
) -> dict[str, Any]:
    """A booking as the API answers it."""
    told = {"id": row["id"], "version": version, "status": status, "uid": row["uid"]}
    time = {"start": text(start), "end": text(start + HOUR), "duration": 60}
    return told | time | {"session_id": of["id"], "coach_id": of["coach_id"], "pod": pod or None}


def mail(
    number: int, row: Values, topic: str, version: int, to: str, *, role: str = "participant"
) -> Values:
    return {
        "id": f"out_m{number}",
        "kind": "mail",
        "topic": topic,
        "message_id": f"digest{number}",
        "session_id": row["session_id"],
        "booking_id": row["id"],
        "version": version,
        "recipient": to,
        "payload": {"recipient": {"role": role}, "nonce": "", "sequence": version - 1},
    } | ended()


def ended() -> Values:
    return {"state": "sent", "unsure": 0, "due_at": STAMP, "last_error": None}


def letter(row: Values, uid: str, sequence: int, start: int, taken: float) -> Letter:
    """The mail of an outbox row; a participant's with a calendar part."""
    message = EmailMessage()
    message["Message-ID"] = f"<{row['message_id']}@example.test>"
    message.set_content("Words.")
    if row["payload"]["recipient"]["role"] == "participant":
        method = "REQUEST" if row["topic"] in ("booked", "rebooked") else "CANCEL"
        lines = [
            "BEGIN:VCALENDAR",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            f"UID:{uid[:9]}",
            f" {uid[9:]}",
        ]
        lines += [f"DTSTART:{start}", f"SEQUENCE:{sequence}", "END:VEVENT", "END:VCALENDAR", ""]
        message.add_alternative("\r\n".join(lines), subtype="calendar", params={"method": method})
    return Letter(taken, row["recipient"], message.as_bytes())


def calendar_row(of: Values, version: int) -> Values:
    row = {"id": f"out_{of['id']}{version}", "kind": "calendar", "topic": "upsert", "payload": {}}
    about = {"session_id": of["id"], "booking_id": None, "recipient": None, "version": version}
    stamps = {"created_at": STAMP - 190_000, "sent_at": STAMP - 189_000}
    return row | about | {"message_id": None} | ended() | stamps


def callback_row(mailed: Values) -> Values:
    data = {"booking_id": mailed["booking_id"], "version": mailed["version"]}
    body = {"type": f"booking.{mailed['topic']}", "timestamp": text(NOW), "data": data}
    row = mailed | {"id": "call_" + mailed["id"], "kind": "callback", "topic": body["type"]}
    return row | {"message_id": None, "payload": body}


ADAS_FIRST = session("ses_1", "ada", at(10), version=2)
ADAS_SECOND = session("ses_2", "ada", at(11.25), active=0, status="unbooked", taken=0, version=2)
BENS_POD = session("ses_3", "ben", at(10), kind="pod", status="unbooked", capacity=3)
GRACE = booking("bkg_1", "ses_1", "grace", "booked", 2)
HEDY = booking("bkg_2", "ses_2", "hedy", "cancelled", 2)
MARY = booking("bkg_3", "ses_3", "mary", "booked", 1)
JOAN = booking("bkg_4", "ses_3", "joan", "cancelled", 2)
SEATS = {"taken": 1, "max_seats": 3}
MAILS = (
    (mail(1, GRACE, "booked", 1, "grace@example.test"), at(9)),
    (mail(2, GRACE, "booked", 1, "ada@example.test", role="coach"), at(9)),
    (mail(3, GRACE, "rebooked", 2, "grace@example.test"), at(10)),
    (mail(4, GRACE, "rebooked", 2, "ada@example.test", role="coach"), at(10)),
    (mail(5, HEDY, "booked", 1, "hedy@example.test"), at(11.25)),
    (mail(6, HEDY, "booked", 1, "ada@example.test", role="coach"), at(11.25)),
    (mail(7, HEDY, "cancelled", 2, "hedy@example.test"), at(11.25)),
    (mail(8, HEDY, "cancelled", 2, "ada@example.test", role="coach"), at(11.25)),
    (mail(9, MARY, "booked", 1, "mary@example.test"), at(10)),
    (mail(10, JOAN, "booked", 1, "joan@example.test"), at(10)),
    (mail(11, JOAN, "seat_left", 2, "joan@example.test"), at(10)),
)


def book(person: str, coach_id: str, start: int) -> Values:
    return {
        "coach_id": coach_id,
        "start": text(start),
        "duration": 60,
        "participant": {"id": person},
    }


def operations() -> list[Operation]:
    """One a second, each answered half a second later."""
    listing = {
        "state": "fresh",
        "as_of": text(NOW + 60),
        "duration": 60,
        "starts": [text(at(11.25))],
    }
    pod = {
        "session_id": "ses_3",
        "start": text(at(10)),
        "end": text(at(11)),
        "version": 1,
        "active": True,
    }
    pod |= {"pod": {"taken": 0, "max_seats": 3}, "bookings": []}
    event = {
        "event_id": "evt_1",
        "calendar_id": "cal_ada",
        "start": at(12.5),
        "end": at(13),
        "busy": True,
    }
    wanted = {"coach_id": "ben", "start": text(at(10)), "duration": 60, "max_seats": 3}
    grace, hedy = (
        shown(GRACE, ADAS_FIRST, "booked", 1, at(9)),
        shown(HEDY, ADAS_SECOND, "booked", 1, at(11.25)),
    )
    moved = shown(GRACE, ADAS_FIRST, "booked", 2, at(10))
    off = shown(HEDY, ADAS_SECOND, "cancelled", 2, at(11.25))
    mary = shown(MARY, BENS_POD, "booked", 1, at(10), **SEATS)
    joan = shown(JOAN, BENS_POD, "booked", 1, at(10), max_seats=3, taken=2)
    left = shown(JOAN, BENS_POD, "cancelled", 2, at(10), **SEATS)
    seat = {"pod_id": "ses_3", "participant": {"id": "mary"}}
    done: list[tuple[str, str, Values, int, Any]] = [
        ("book", "ada", book("grace", "ada", at(9)), 201, grace),
        ("move", "ada", {"booking_id": "bkg_1", "start": text(at(10)), "version": 1}, 200, moved),
        ("book", "ada", book("hedy", "ada", at(11.25)), 201, hedy),
        ("cancel", "ada", {"booking_id": "bkg_2"}, 200, off),
        ("make_pod", "ben", wanted, 201, pod),
        ("join", "ben", seat, 201, mary),
        ("join", "ben", seat | {"participant": {"id": "joan"}}, 201, joan),
        ("leave", "ben", {"booking_id": "bkg_4"}, 200, left),
        ("edit", "ada", event, 204, None),
        ("read", "ada", {"booking_id": "bkg_1"}, 200, moved),
        ("read", "ada", {"duration": 60}, 200, listing),
    ]
    asked = [
        ("book", "ada", book("grace", "ada", at(9)), 201, grace),
        *done,
    ]  # the first one is repeated
    return list(_numbered(asked))


def _numbered(done: Iterable[tuple[str, str, Values, int, Any]]) -> Iterable[Operation]:
    for number, (kind, coach_id, request, status, answer) in enumerate(done):
        key = None if kind in ("read", "edit") else f"key-{max(number, 1)}"
        sent = float(number) if kind != "read" else 100.0 + number
        yield Operation(
            number, "tests", kind, coach_id, key, request, sent, sent + 0.5, status, answer
        )


def good() -> Evidence:
    mails = [row for row, _ in MAILS]
    calls = [
        callback_row(row) for row in mails if row["payload"]["recipient"]["role"] == "participant"
    ]
    places = [
        calendar_row(ADAS_FIRST, 1),
        calendar_row(ADAS_FIRST, 2),
        calendar_row(ADAS_SECOND, 2),
    ]
    tables = {
        "coaches": [coach("ada", "ada@example.test"), coach("ben", None)],
        "connections": [{"id": "con_1", "coach_id": "ada"}],
        "calendars": [
            {"connection_id": "con_1", "id": "cal_ada", "blocks": True, "deleted": False}
        ],
        "sessions": [ADAS_FIRST, ADAS_SECOND, BENS_POD],
        "bookings": [GRACE, HEDY, MARY, JOAN],
        "outbox": [*mails, *calls, *places, calendar_row(BENS_POD, 1)],
        "mail_texts": [],
    }
    uids = {row["id"]: row["uid"] for row in tables["bookings"]}
    letters = []
    for number, (row, start) in enumerate(MAILS):
        uid = str(uids[row["booking_id"]])
        letters.append(letter(row, uid, row["version"] - 1, start, 20.0 + number))
    callbacks = [
        Callback(40.0 + number, row["id"], row["payload"]) for number, row in enumerate(calls)
    ]
    events = [
        Event("ada", "cal_ada", at(12.5), at(13), busy=True),
        Event("ada", "cal_ada", at(10), at(11), busy=True, event_id="coachcal-ses_1"),
        Event("ben", "cal_ben", at(10), at(11), busy=True, event_id="coachcal-ses_3"),
    ]
    span = {
        "from": text(MONDAY),
        "to": text(MONDAY + 24 * HOUR),
        "state": "fresh",
        "effect": "list",
    }
    listings = {"ada": {60: span | {"duration": 60, "starts": [text(at(11.25))]}}}
    return Evidence(
        operations(), tables, letters, callbacks, events, listings, now=NOW, clock_zero=NOW - 200
    )
