"""Pods as the importer reads them: a template to fill in, and an export to edit and send again."""

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
from webhooks.api.sheet_files import Cell, csv_file, xlsx_file
from webhooks.api.sheet_headings import HEADINGS
from webhooks.api.spreadsheets import MOST_ROWS
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import between, check_zone

NEW_ONLY = ("id", "version")
"""Columns of pods that are there: a template has none."""


def template_csv() -> Response:
    """An empty table of pods to fill in, as CSV."""
    return csv_file("pods-template", [_head(without=NEW_ONLY)])


def template_xlsx() -> Response:
    """An empty table of pods to fill in, as XLSX."""
    return xlsx_file("pods-template", [_head(without=NEW_ONLY)])


def export_csv(query: ExportQuery) -> Response:
    """Pods in the importer's own format, with their ids, as CSV with commas.

    Edit it and import it again: only what differs changes. At most 500 pods. A spreadsheet that is
    set to semicolons opens the XLSX as a table, this one not.
    """
    return csv_file("pods", _exported(query))


def export_xlsx(query: ExportQuery) -> Response:
    """Pods in the importer's own format, with their ids, as XLSX.

    Edit it and import it again: only what differs changes. At most 500 pods.
    """
    return xlsx_file("pods", _exported(query))


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
    # At a semicolon a spreadsheet may be set to begin a new cell, within quotes too.
    return ", ".join(people)


NO_MARKS = str.maketrans(dict.fromkeys('<>"', " "))
