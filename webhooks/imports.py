"""Many pods over HTTP, from a table: a dry run tells what each row would come to, a real one makes all of them or none.

The dry run asks the listing that bookings ask, and locks nobody: it may take longer than somebody's booking can wait.
"""

from collections import Counter
from collections.abc import Sequence
from typing import cast

import orjson
from flask import Response, request

from domain.errors import Invalid
from domain.offers import render
from domain.sessions import Refused as Refusal
from domain.sessions import Terms
from storage import rosters as many_pods
from storage.outbox import Wake
from storage.rosters import Entry, Outcome
from webhooks import rosters, sheets
from webhooks.errors import Refused
from webhooks.import_models import Counts, ImportOut, ImportQuery, RemarkOut, RowOut
from webhooks.reading import BODY_CAP, JSON, Request
from webhooks.rosters import Remark, Row
from webhooks.wiring import runtime
from webhooks.writes import Done, Tx, once, require_key

MOST_PEOPLE = 1_000  # a seat takes milliseconds, and the coaches are locked for all of them
COLUMN_OF = {"min_seats": "min", "start": "time", "zone": "zone", "coach": "coach", "duration": "duration"}
COLUMN_OF_CODE = {"slot_not_open": "time", "already_begun": "time"}


def load(query: ImportQuery) -> Response:
    """Make pods from a table, CSV (UTF-8) or XLSX, sent as the body; by default only try it.

    Columns: programme, coach (mail address or id), date, time, zone, min, max; if you like, participants
    (`Ann Lee <ann@example.com>; ...`), cohort, project, company, title, duration, format, language. At most 500 rows
    and 1000 participants. A dry run answers with each row's verdict and writes nothing. A real run makes all pods
    (201), or, if one row is red, none: 409 `import_refused`, with the same `rows` and `counts`.
    """
    rows = _rows()
    if not query.dry_run:
        return _import(rows)
    services = runtime().services
    with services.database.read() as tx:
        _judge(rows, many_pods.rehearse(tx, _entries(rows), services.terms()))
    return Response(orjson.dumps(_told(rows, imported=False).model_dump(mode="json")), mimetype=JSON)


def _rows() -> list[Row]:
    if request.mimetype not in sheets.KINDS:
        detail = f"Send the file itself as the body, as {' or '.join(sheets.KINDS)}."
        raise Refused("wrong_content_type", detail, field="Content-Type")
    raw = cast(Request, request).body(BODY_CAP)
    rows = [rosters.read(line) for line in sheets.read(raw, request.mimetype, rosters.COLUMNS, rosters.REQUIRED)]
    if sum(len(entry.participants) for entry in _entries(rows)) > MOST_PEOPLE:
        raise sheets.refused(f"Send at most {MOST_PEOPLE} participants at once: split the file.")
    return rows


def _import(rows: list[Row]) -> Response:
    require_key()

    def work(tx: Tx, terms: Terms) -> Done:
        wake = _judge(rows, many_pods.make(tx, _entries(rows), terms))
        reds = sum(row.verdict == "red" for row in rows)
        told = _told(rows, imported=not reds)
        if reds:
            detail = (
                f"Nothing was imported. Red rows: {reds}; correct them as their remarks say, and send the file again."
            )
            raise Refusal("import_refused", detail, **told.model_dump(mode="json"))
        return Done(told, 201, wake)

    return once(work)


def _entries(rows: Sequence[Row]) -> list[Entry]:
    return [row.entry for row in rows if row.entry is not None]


def _judge(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[Wake]:
    """Tell each row what became of it."""
    read = [row for row in rows if row.entry is not None]
    wake: list[Wake] = []
    for row, outcome in zip(read, outcomes, strict=True):
        if outcome.refused is not None:
            row.red.append(_remark(outcome.refused))
        elif outcome.made is not None:
            row.pod = outcome.made.pod
        wake += outcome.wake
    rosters.doubt_people_in_two_places(read)
    return wake


def _remark(refused: Refusal | Invalid) -> Remark:
    if isinstance(refused, Invalid):
        return Remark(refused.code, refused.detail, COLUMN_OF.get(refused.field, refused.field))
    column = COLUMN_OF_CODE.get(refused.code, "participants")
    return Remark(refused.code, refused.detail, column, refused.reason, refused.nearest)


def _told(rows: Sequence[Row], *, imported: bool) -> ImportOut:
    counted = Counter(row.verdict for row in rows)
    counts = Counts(green=counted["green"], yellow=counted["yellow"], red=counted["red"])
    return ImportOut(imported=imported, counts=counts, rows=[_row(row, imported=imported) for row in rows])


def _row(row: Row, *, imported: bool) -> RowOut:
    remarks = [
        RemarkOut(
            code=remark.code,
            detail=remark.detail,
            field=remark.column,
            reason=remark.reason,
            nearest=render(remark.nearest),
        )
        for remark in (*row.red, *row.yellow)
    ]
    pod_id = row.pod.id if imported and row.pod else None
    return RowOut(row=row.number, verdict=row.verdict, remarks=remarks, pod_id=pod_id)
