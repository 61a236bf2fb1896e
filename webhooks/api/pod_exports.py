"""Pods as the importer reads them: a template to fill in, and an export to edit and send again."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response

from domain.coaches import Coach
from domain.hours import timezone
from domain.mail.safety import one_line
from domain.pod_shells import PodShell
from domain.sessions import Booking, Context, Participant, Session
from storage.rows import bookings, coaches, pod_shells, sessions
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
TOO_MANY = (
    f"There are more than {MOST_ROWS} pods, and a file of more could not be imported: ask for fewer"
    " days, or for one cohort or coach."
)


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
        shells = pod_shells.within(tx, within, coach_id=query.coach_id, limit=MOST_ROWS + 1)
        if len(pods) + len(shells) > MOST_ROWS:
            raise RefusedRequest("too_many", TOO_MANY, field="to")
        return [_head(), *_rows(tx, pods), *_shell_rows(tx, shells)]


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


def _shell_rows(tx: Tx, shells: Sequence[PodShell]) -> Iterable[list[Cell]]:
    """Those without a time are in every range: their date and time are left to fill in."""
    for shell in shells:
        coach = None
        if shell.coach_id is not None:
            coach = coaches.get(tx, shell.coach_id)
        cells = _shell_cells(shell, coach)
        yield [cells[column] for column in HEADINGS]


def _shell_cells(shell: PodShell, coach: Coach | None) -> dict[str, Cell]:
    # No zone: any would be taken for that of the time that is filled in.
    mail, zone = "", ""
    if coach is not None:
        mail, zone = coach.email or coach.id, coach.hours.zone
    context = shell.context
    return {
        "id": shell.id,
        "version": shell.version,
        "group": shell.group_id or "",
        "programme": context.programme_name or "",
        "cohort": context.cohort or "",
        "title": shell.title or "",
        "coach": mail,
        "date": "",
        "time": "",
        "duration": shell.duration or "",
        "min": shell.min_seats,
        "max": shell.capacity,
        "zone": zone,
        "format": shell.format,
        "participants": ", ".join(map(_mailbox, shell.participants)),
        "language": "",
        "company": context.company or "",
        "project": context.project or "",
    }


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
            people.append(_mailbox(who))
    # At a semicolon a spreadsheet may be set to begin a new cell, within quotes too.
    return ", ".join(people)


def _mailbox(who: Participant) -> str:
    # Brackets and quotes are what a mailbox is made of.
    name = one_line(who.name.translate(NO_MARKS))
    return f'"{name}" <{who.email}>'


NO_MARKS = str.maketrans(dict.fromkeys('<>"', " "))
