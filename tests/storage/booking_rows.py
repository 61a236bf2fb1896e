"""Rows of the database, as the model of booking and the oracle of slots put them."""

from datetime import UTC, datetime
from typing import Any

from domain.windows import WEEKDAYS
from tests.domain import oracle
from tests.storage.booking_model import Model
from tests.storage.booking_things import DAY, HORIZON, Coach, Seat, Time

OFFICE = {day: [["09:00", "17:00"]] for day in WEEKDAYS}


def as_time(row: Any) -> Time:
    return Time(
        id=row.id,
        coach=row.coach_id,
        kind=row.kind,
        start=row.starts,
        end=row.ends,
        gap=row.gap,
        status=row.status,
        capacity=row.capacity,
        min_seats=row.min_seats,
        form=row.format,
        forced=row.force_reason is not None,
        expires=None if row.expires_at is None else int(row.expires_at.timestamp()),
        active=row.active,
        version=row.version,
        taken=row.taken,
    )


def as_seat(row: Any) -> Seat:
    made, changed = int(row.created_at.timestamp()), int(row.changed_at.timestamp())
    return Seat(
        row.id,
        row.session_id,
        row.participant_id,
        made,
        changed,
        row.status,
        row.version,
        row.sequence,
    )


def text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_case(model: Model, coach: Coach, minutes: int) -> oracle.Case:
    return {
        "zone": "Europe/London",
        "hours": OFFICE,
        "overrides": {},
        "pre": coach.pre,
        "post": coach.post,
        "per_day": coach.per_day,
        "notice_min": coach.notice,
        "horizon_days": HORIZON // DAY,
        "duration": minutes,
        "now": text(model.now),
        "from": text(model.now),
        "to": text(model.now + HORIZON),
        "busy": [[text(start), text(end)] for start, end in coach.busy],
        "own": [[text(time.start), text(time.end), time.gap // 60] for time in model.own(coach)],
    }


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
