"""Made-up coaches and bookings, as many as one likes: to see how the product does with them.

Everything follows from a number, in the database itself: a million rows never come here. Whoever
seeds twice makes the same rows, which are there already.
"""

from datetime import datetime

from sqlalchemy import Connection, func, select, text

from domain.coaches import Coach, Policy
from domain.hours import Hours
from domain.windows import WEEKDAYS
from storage.rows import coaches
from storage.schema.columns import EPOCH
from storage.schema.tables import coaches as coach_rows
from storage.schema.tables import slot_sets as set_rows
from storage.slots import slot_sets

NAME = "seed-"
FIRST = 100_000
"""Added to a coach's number: ids of one length, which stand in order."""
AT_ONCE = 10_000
"""Rows of one transaction: none takes long, and how far it is can be told."""
DAY = 86_400
_NUMBERS = """
WITH RECURSIVE n(i) AS
    (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
"""
# Each coach has one session a day, half of them before now: none meets another. A twentieth are
# pods, as many are cancelled, and a few are whatever ops look for.
_SESSIONS = """
INSERT INTO sessions (id, coach_id, kind, starts, ends, gap, active, status, capacity, taken,
    min_seats, format, deadline, context, created_at, conflict_since, wall_moved)
{numbers} SELECT 'ses_seed' || (100000000 + i), 'seed-' || (100000 + i % :coaches),
    CASE WHEN i % 20 = 7 THEN 'pod' ELSE 'one_to_one' END, {starts}, {starts} + 3600, 900,
    i % 20 <> 3, {session_status},
    CASE WHEN i % 20 = 7 THEN 6 ELSE 1 END, CASE WHEN i % 20 = 3 THEN 0 ELSE 1 END,
    CASE WHEN i % 200 = 7 THEN 2 WHEN i % 20 = 7 THEN 1 ELSE 0 END,
    CASE WHEN i % 20 = 7 THEN 'open' END,
    CASE WHEN i % 20 = 7 THEN ({starts} - 86400) * 1000 END, {context}, {ms},
    CASE WHEN i % 9973 = 1 THEN {ms} END, CASE WHEN i % 99991 = 2 THEN 'moved' END
FROM n WHERE true ON CONFLICT DO NOTHING
"""
_BOOKINGS = """
INSERT INTO bookings (id, session_id, participant_id, participant, context, status, uid,
    created_at, changed_at)
{numbers} SELECT 'bkg_seed' || (100000000 + i), 'ses_seed' || (100000000 + i),
    'seed-p' || (i % :people), {participant}, {context}, {booking_status},
    'seed' || (100000000 + i) || '@seed.invalid', {ms}, {ms} - (7776000 - i % 7776000) * 1000
FROM n WHERE true ON CONFLICT DO NOTHING
"""
_MAILS = """
INSERT INTO outbox (id, kind, topic, dedupe_key, coach_id, session_id, booking_id, payload, state,
    due_at, created_at)
{numbers} SELECT 'out_seed' || (100000000 + i), 'mail', 'booked', 'seed' || i,
    'seed-' || (100000 + i % :coaches), 'ses_seed' || (100000000 + i),
    'bkg_seed' || (100000000 + i), {payload}, 'withheld', {ms}, {ms}
FROM n WHERE i % 5003 = 4 ON CONFLICT DO NOTHING
"""
_PARTS = {
    "numbers": _NUMBERS,
    "ms": "CAST(:now AS BIGINT) * 1000",
    "starts": "(:today + (i / :coaches - :past) * 86400 + (8 + i % 8) * 3600)",
    "session_status": "CASE WHEN i % 20 = 3 THEN 'unbooked' WHEN i / :coaches >= :past"
    " THEN 'booked' WHEN i % 33 = 5 THEN 'missed' ELSE 'completed' END",
    "booking_status": "CASE WHEN i % 20 = 3 THEN 'cancelled' WHEN i / :coaches >= :past"
    " THEN 'booked' WHEN i % 33 = 5 THEN 'missed' ELSE 'completed' END",
}
_JSON = {
    # Of 97 companies each has ten projects, and each of those ten cohorts.
    "context": '\'{{"company": "seed-c\' || (i % 97) || \'", "project": "seed-j\' || (i % 970)'
    ' || \'", "cohort": "seed-h\' || (i % 9700) || \'", "programme_name": "Programme \' ||'
    " (i % 50) || '\"}}'",
    "participant": '\'{{"name": "Person \' || (i % :people) || \'", "email": "p\' ||'
    ' (i % :people) || \'@seed.invalid", "zone": "UTC", "language": "en",'
    ' "my_page_url": null}}\'',
    "payload": '\'{{"recipient": {{"role": "participant"}}}}\'',
}


def real_coaches(tx: Connection) -> int:
    """How many coaches are there that nobody made up."""
    query = select(func.count()).where(coach_rows.c.id.not_like(f"{NAME}%"))
    return int(tx.scalar(query) or 0)


def seed_coaches(tx: Connection, first: int, end: int, *, now: datetime) -> None:
    """Those with these numbers. The first is made as any; the others are copies of that one."""
    one = _coach()
    if coaches.get(tx, one.id) is None:
        stored = coaches.put(tx, one)
        slot_sets.recompute(tx, stored, now=now)
    values = {"first": first, "end": end, "one": one.id}
    name = f"'{NAME}' || ({FIRST} + i)"
    for table, key in ((coach_rows, "id"), (set_rows, "coach_id")):
        columns = [column.name for column in table.c]
        # No release made these sets: the clock makes them anew, with what is booked.
        made = {key: name, "tzdata": "''"}
        chosen = ", ".join(made.get(each, each) for each in columns)
        tx.execute(
            text(
                f"INSERT INTO {table.name} ({', '.join(columns)}) {_NUMBERS}"  # noqa: S608 (ours)
                f" SELECT {chosen} FROM n, {table.name} WHERE {key} = :one ON CONFLICT DO NOTHING"
            ),
            values,
        )


def seed_bookings(
    tx: Connection, first: int, end: int, *, coaches: int, of: int, now: datetime
) -> None:
    """Those with these numbers, `of` so many, among so many coaches."""
    seconds = int((now - EPOCH).total_seconds())
    values = {
        "first": first,
        "end": end,
        "coaches": coaches,
        "past": of // coaches // 2,
        "people": max(1, of // 20),
        "now": seconds,
        "today": seconds // DAY * DAY,
    }
    for statement in (_SESSIONS, _BOOKINGS, _MAILS):
        sql = text(statement.format(**_PARTS, **_json(tx)))
        used = {name: values[name] for name in values if f":{name}" in sql.text}
        tx.execute(sql, used)


def settle(tx: Connection) -> None:
    """Let the database know what it holds by now."""
    tx.execute(text("ANALYZE"))


def _json(tx: Connection) -> dict[str, str]:
    found = {}
    for name, written in _JSON.items():
        plain = written.replace("{{", "{").replace("}}", "}").replace('": ', '"\\: ')
        found[name] = f"({plain})"
        if tx.dialect.name == "postgresql":
            found[name] = f"CAST(({plain}) AS json)"
    return found


def _coach() -> Coach:
    return Coach(
        id=f"{NAME}{FIRST}",
        hours=Hours.parse("Europe/London", {day: [["08:00", "18:00"]] for day in WEEKDAYS}, {}),
        pre=15,
        post=15,
        notice=0,
        horizon_days=60,
        durations=(60,),
        mode="flexible",
        per_day=None,
        per_week=None,
        tentative_blocks=True,
        policy=Policy("hours_only", 24),
        version=0,
        name="Seed",
    )
