"""Pods as the importer reads them: a template to fill in, and an export to edit and send again.

Nothing in a cell is taken for a formula by whoever opens the file: `spreadsheets.harmless`.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response

from domain.coaches import Coach
from domain.hours import timezone
from domain.mail.safety import one_line
from domain.sessions import Booking, Context, Session
from storage.rows import bookings, coaches, sessions
from storage.schema.database import Tx
from webhooks.api.schemas.pod_imports import ExportQuery
from webhooks.api.sheet_columns import HEADINGS
from webhooks.api.spreadsheets import CSV, MOST_ROWS, XLSX, harmless
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import between, check_zone

NEW_ONLY = ("id", "version")
"""Columns of pods that are there: a template has none."""
Cell = str | int


def template_csv() -> Response:
    """An empty table of pods to fill in, as CSV."""
    return _as_csv("pods-template", [_head(without=NEW_ONLY)])


def template_xlsx() -> Response:
    """An empty table of pods to fill in, as XLSX."""
    return _as_xlsx("pods-template", [_head(without=NEW_ONLY)])


def export_csv(query: ExportQuery) -> Response:
    """Pods in the importer's own format, with their ids, as CSV.

    Edit it and import it again: only what differs changes. At most 500 pods.
    """
    return _as_csv("pods", _exported(query))


def export_xlsx(query: ExportQuery) -> Response:
    """Pods in the importer's own format, with their ids, as XLSX.

    Edit it and import it again: only what differs changes. At most 500 pods.
    """
    return _as_xlsx("pods", _exported(query))


def _head(without: Sequence[str] = ()) -> list[Cell]:
    return [heading for column, heading in HEADINGS.items() if column not in without]


def _exported(query: ExportQuery) -> list[list[Cell]]:
    since, until = between(query.since, query.until, check_zone("tz", query.tz))
    within = Context(query.company, query.project, query.cohort)
    with runtime().services.database.read() as tx:
        pods = sessions.pods_within(
            tx, within, since, until, coach_id=query.coach_id, limit=MOST_ROWS + 1
        )
        if len(pods) > MOST_ROWS:
            detail = (
                f"There are more than {MOST_ROWS} pods, and a file of more could not be imported:"
                " ask for fewer days, or for one cohort or coach."
            )
            raise RefusedRequest("too_many", detail, field="to")
        return [_head(), *_rows(tx, pods)]


def _rows(tx: Tx, pods: Sequence[Session]) -> Iterable[list[Cell]]:
    seats = bookings.of_sessions(tx, [pod.id for pod in pods])
    known: dict[str, Coach | None] = {}
    for pod in pods:
        if pod.coach_id not in known:
            known[pod.coach_id] = coaches.get(tx, pod.coach_id)
        coach = known[pod.coach_id]
        # Removed since: so are its pods.
        if coach is not None:
            cells = _cells(pod, coach, seats[pod.id])
            yield [cells[column] for column in HEADINGS]


def _cells(pod: Session, coach: Coach, seats: Sequence[Booking]) -> dict[str, Cell]:
    begins = datetime.fromtimestamp(pod.starts, timezone(coach.hours.zone))
    context = pod.context
    return {
        "id": pod.id,
        "version": pod.version,
        "group": pod.group_id or "",
        "programme": context.programme_name or "",
        "cohort": context.cohort or "",
        "title": pod.title or "",
        "coach": coach.email or coach.id,
        "date": f"{begins:%Y-%m-%d}",
        "time": f"{begins:%H:%M}",
        "duration": pod.minutes,
        "min": pod.min_seats,
        "max": pod.capacity,
        "zone": coach.hours.zone,
        "format": pod.format or "",
        "participants": _people(seats),
        "language": "",
        "company": context.company or "",
        "project": context.project or "",
    }


def _people(seats: Sequence[Booking]) -> str:
    people = []
    for seat in seats:
        who = seat.participant
        if seat.status == "booked" and not who.is_erased:
            # Brackets and quotes are what a mailbox is made of.
            name = one_line(who.name.translate(NO_MARKS))
            people.append(f'"{name}" <{who.email}>')
    return "; ".join(people)


NO_MARKS = str.maketrans(dict.fromkeys('<>"', " "))


def _written(rows: Iterable[Sequence[Cell]]) -> Iterable[list[Cell]]:
    for row in rows:
        yield [_cell(value) for value in row]


def _cell(value: Cell) -> Cell:
    if isinstance(value, str):
        return harmless(one_line(value, longest=len(value) + 1))
    return value


def _as_csv(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(_written(rows))
    # With its mark: without, Excel takes UTF-8 for something older.
    return _file(out.getvalue().encode("utf-8-sig"), CSV, f"{name}.csv")


def _as_xlsx(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Pods")
    for row in _written(rows):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return _file(out.getvalue(), XLSX, f"{name}.xlsx")


def _file(raw: bytes, kind: str, name: str) -> Response:
    response = Response(raw, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
