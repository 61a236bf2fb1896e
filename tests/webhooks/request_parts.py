"""What the bodies and paths of requests are made of: days, people, programmes, times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any

from webhooks.api.brands import PNG
from webhooks.api.mail_replies import MAIL
from webhooks.api.spreadsheets import CSV


@dataclass(frozen=True)
class Request:
    """`others`: by each of its ids, how it is answered when that one is another coach's, and when
    it is nobody's.
    `instead`: which thing of the coach's stands for an id here.
    """

    operation: str
    answered: int = 200
    others: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


DAYS = {
    name: f"2026-06-{day:02}T08:00:00Z"
    for day, name in enumerate(("hold", "booking", "pod", "later", "begun"), 8)
}
FREE = "2026-06-02T08:00:00Z"
CONTEXT = {
    "company": "acme",
    "project": "leaders",
    "cohort": "spring",
    "programme_name": "New Leaders",
}
PERSON = {
    "id": "{participant_id}",
    "name": "Grace Hopper",
    "email": "grace@example.test",
    "zone": "America/New_York",
    "language": "en",
    "my_page_url": "https://os.test/me",
}
ROOM = {"kind": "url", "value": "https://meet.example/room"}
FORCE = {"reason": "She asked for it."}
TIME = {"coach_id": "{coach_id}", "start": FREE, "duration": 60}
HELD = {"coach_id": "{coach_id}", "start": DAYS["hold"], "duration": 60, "hold_id": "{hold_id}"}
SEATS = {"min_seats": 1, "max_seats": 3}
TEXT = {"subject": "Hello {{participant_name}}", "text": "See you.", "html": "<p>See you.</p>"}
WEEK = {"from": "2026-06-01", "to": "2026-06-08", "tz": "UTC"}
HOUR = {"duration": "60"}
RULES = {"late_hours": 48, "free_moves": 1, "most_rebookings": 99, "most_missed": 99}
MAILER = {"scope": "company", "kind": "reminder", "language": "en"}
ROSTER = (
    "programme,coach,date,time,zone,min,max,duration\n"
    "Lead,{coach_id},2026-06-05,13:00,Europe/London,1,4,60\n"
)
WHOLE = {
    "name": "Ada",
    "email": "ada@example.test",
    "language": "en",
    "overrides": {"2026-12-24": [["09:00", "12:00"]]},
    "away": [{"from": "2026-12-24T12:00", "to": "2026-12-27T00:00", "note": "Skiing"}],
    "travel": [{"first": "2026-09-01", "last": "2026-09-08", "zone": "Asia/Tokyo"}],
    "holidays": {"country": "GB", "region": "SCT", "names": ["Christmas Day"]},
}
"""Of a coach, what SETTINGS leaves out."""
REPLY = (
    "From: Grace Hopper <grace@example.test>\nContent-Type: text/calendar; method=REPLY\n\n"
    "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:{booking_uid}\nSEQUENCE:0\n"
    "DTSTAMP:20260601T080000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:grace@example.test\n"
    "END:VEVENT\nEND:VCALENDAR\n"
)
NUMBERS = count()
FREE_TIMES = cycle(
    f"2026-06-{day:02}T{hour:02}:00:00Z"
    for day in (15, 16, 17, 18, 19, 22, 23, 24, 25, 26)
    for hour in (8, 10, 12, 14)
)


def free_time() -> str:
    """Another one each time, for what takes its time whenever it is done well."""
    return next(FREE_TIMES)


def as_sent(body: Any) -> dict[str, Any]:
    """How a client is told to send it: a text is a mail or a table, bytes are a picture, the rest
    is JSON.
    """
    if isinstance(body, str) and body.startswith("From:"):
        return {"data": body, "content_type": MAIL}
    if isinstance(body, str | bytes):
        return {"data": body, "content_type": CSV if isinstance(body, str) else PNG}
    return {"json": body}
