"""What the bodies and paths of requests are made of: days, people, programmes, times."""

from itertools import count
from typing import Any

from webhooks.api.brands import PNG
from webhooks.api.spreadsheets import CSV

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
MAILER = {"scope": "company", "kind": "reminder", "language": "en"}
ROSTER = (
    "programme,coach,date,time,zone,min,max,duration\n"
    "Lead,{coach_id},2026-06-05,13:00,Europe/London,1,4,60\n"
)
NUMBERS = count()


def as_sent(body: Any) -> dict[str, Any]:
    """How a client is told to send it: a text is a table, bytes are a picture, the rest is JSON."""
    if isinstance(body, str | bytes):
        return {"data": body, "content_type": CSV if isinstance(body, str) else PNG}
    return {"json": body}
