"""Many pods over HTTP, from a table: a dry run tells what each row would come to, a real one makes
the pods.

The dry run asks the listing that bookings ask, and locks nobody: it may take longer than somebody's
booking can wait. A real one is `import_runs`.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import cast

import orjson
from flask import Response, request

from domain.errors import Invalid
from domain.sessions import Refused as Refusal
from domain.slots.listing import render
from storage.rows.idempotency import StoredAnswer
from storage.transactions import pod_imports as many_pods
from storage.transactions.pod_import_entries import EntryOutcome, PodEntry
from webhooks.api import pod_import_rows, pod_import_runs, pod_import_verdicts, spreadsheets
from webhooks.api.bookings import participant_of
from webhooks.api.pod_import_people import NOBODY_KNOWN, Lookup
from webhooks.api.pod_import_verdicts import ImportRow, Remark, Verdict
from webhooks.api.schemas.pod_imports import (
    Counts,
    ImportOut,
    ImportQuery,
    RemarkOut,
    RowDifferenceOut,
    RowOut,
    TableIn,
)
from webhooks.api.sheet_columns import Columns, refused
from webhooks.api.spreadsheets import SheetLine
from webhooks.http.context import runtime
from webhooks.http.idempotent import refusal_answer, require_key
from webhooks.http.problems import RefusedRequest
from webhooks.http.requests import BODY_CAP, JSON, CappedRequest

MOST_NAMED = 10_000  # by all rows, those that change nothing too
COLUMN_OF = {
    "min_seats": "min",
    "start": "time",
    "zone": "zone",
    "coach": "coach",
    "duration": "duration",
}
COLUMN_OF_CODE = {
    "slot_not_open": "time",
    "already_begun": "time",
    "pod_keeps_coach": "coach",
    "pod_ended": "id",
    "stale_version": "version",
    "group_forbids": "group",
}


def load(query: ImportQuery) -> Response:
    """Make pods from a table, CSV (UTF-8) or XLSX, sent as the body; by default only try it.

    Columns, in any order and by many names: programme, coach (mail address or id), date, time (or
    one date and time), zone, min, max; if you like, participants (`Ann Lee <ann@example.com>; ...`
    or usernames), cohort, project, company, title, duration, format, language, group. A row with
    the `id` of a pod changes that pod, where it differs. One without date and time is about a pod
    that has none yet, a shell. At most 500 rows, and 1000 participants in
    those that change anything.

    A dry run answers with each row's verdict and writes nothing. A real run makes all pods (201),
    or, if one row is red, none: 409 `import_refused`, with the same `rows` and `counts`. It goes on
    coach by coach: repeated with its key, it goes on where it stopped; and a row whose time is
    taken meanwhile is red in a 409 `import_partial`, while the others stand, each with its
    `pod_id`.
    """
    if request.mimetype not in spreadsheets.KINDS:
        detail = f"Send the file itself as the body, as {' or '.join(spreadsheets.KINDS)}."
        raise RefusedRequest("wrong_content_type", detail, field="Content-Type")
    raw = cast(CappedRequest, request).body(BODY_CAP)
    rows = _rows(spreadsheets.read(raw, request.mimetype, Columns()), NOBODY_KNOWN)
    return _done(rows, dry_run=query.dry_run)


def load_table(query: ImportQuery, body: TableIn) -> Response:
    """The same from a table within JSON, with who is meant by each username, and by which column.

    Send the file as `csv`, or an XLSX in base64 as `xlsx`. `people` says who a username is; one
    that is not there makes its row red. `columns` says which column is meant by a heading that is
    not known by itself.
    """
    raw, kind = _file(body)
    columns = Columns.of({each.heading: each.column for each in body.columns})
    people = {}
    for each in body.people:
        people[each.username.casefold()] = participant_of(each.participant)
    if len(people) < len(body.people):
        raise RefusedRequest("invalid_value", "Send each username once.", field="people")
    return _done(_rows(spreadsheets.read(raw, kind, columns), people), dry_run=query.dry_run)


def _file(body: TableIn) -> tuple[bytes, str]:
    if (body.csv is None) == (body.xlsx is None):
        raise RefusedRequest("missing", "Send either csv or xlsx.", field="csv")
    if body.csv is not None:
        return body.csv.encode(), spreadsheets.CSV
    try:
        return b64decode(body.xlsx or "", validate=True), spreadsheets.XLSX
    except ValueError:
        raise RefusedRequest("invalid_value", "Send the XLSX in base64.", field="xlsx") from None


def _done(rows: list[ImportRow], *, dry_run: bool) -> Response:
    if not dry_run:
        return _import(rows)
    services = runtime().services
    with services.database.read() as tx:
        outcomes = many_pods.rehearse(tx, _entries(rows), services.terms())
    pod_import_runs.check_people(_entries(rows), outcomes)
    _judge(rows, outcomes)
    return Response(
        orjson.dumps(_to_out(rows, imported=False).model_dump(mode="json")), mimetype=JSON
    )


def _rows(lines: Sequence[SheetLine], lookup: Lookup) -> list[ImportRow]:
    rows = []
    people = 0
    for line in lines:
        row = pod_import_rows.read(line, lookup)
        if row.entry is not None:
            people += len(row.entry.participants)
        rows.append(row)
    pod_import_verdicts.refuse_pods_twice(rows)
    if people > MOST_NAMED:
        raise refused(f"Send at most {MOST_NAMED} participants in all rows: split the file.")
    return rows


def _import(rows: list[ImportRow]) -> Response:
    require_key()
    red = any(row.red for row in rows)
    return pod_import_runs.run(_entries(rows), partial(_report, rows), red=red)


def _report(
    rows: Sequence[ImportRow],
    outcomes: Sequence[EntryOutcome],
    made: bool,  # noqa: FBT001 (called back)
) -> StoredAnswer:
    """201; or 409, when rows are red: nothing was made then, or the others were."""
    rows = [row.copy() for row in rows]
    _judge(rows, outcomes)
    report = _to_out(rows, imported=made)
    reds = report.counts.red
    if not reds:
        return StoredAnswer.of(201, report.model_dump(mode="json"))
    code = "import_refused"
    detail = (
        f"Nothing was imported. Red rows: {reds}; correct them as their remarks say, and send"
        " the file again."
    )
    if made:
        code = "import_partial"
        detail = (
            f"Red rows: {reds}; the others were imported. Correct the red ones, and send only"
            " them, as a new file."
        )
    return refusal_answer(Refusal(code, detail, **report.model_dump(mode="json")))


def _entries(rows: Sequence[ImportRow]) -> list[PodEntry]:
    return [row.entry for row in rows if row.entry is not None]


def _judge(rows: Sequence[ImportRow], outcomes: Sequence[EntryOutcome]) -> None:
    """Tell each row what became of it."""
    read = [row for row in rows if row.entry is not None]
    for row, outcome in zip(read, outcomes, strict=True):
        if outcome.refused is not None:
            row.red.append(_remark(outcome.refused))
        if outcome.leaves_late:
            detail = (
                "It begins soon: whoever is taken out misses the session. Check that this is meant."
            )
            row.doubtful("participants_leave_late", detail, "participants")
        row.pod, row.shell_id = outcome.pod, outcome.shell_id
        row.comes, row.differs = outcome.comes, outcome.differs
    pod_import_verdicts.doubt_people_in_two_places(read)


def _remark(refused: Refusal | Invalid) -> Remark:
    if isinstance(refused, Invalid):
        return Remark(refused.code, refused.detail, COLUMN_OF.get(refused.field, refused.field))
    column = COLUMN_OF_CODE.get(refused.code, "participants")
    return Remark(refused.code, refused.detail, column, refused.reason, refused.nearest)


def _to_out(rows: Sequence[ImportRow], *, imported: bool) -> ImportOut:
    counted: Counter[Verdict] = Counter()
    out = []
    for row in rows:
        counted[row.verdict] += 1
        out.append(_row(row, imported=imported))
    counts = Counts(green=counted["green"], yellow=counted["yellow"], red=counted["red"])
    return ImportOut(imported=imported, counts=counts, rows=out)


def _row(row: ImportRow, *, imported: bool) -> RowOut:
    remarks = [_remark_out(remark) for remark in (*row.red, *row.yellow)]
    pod_id = row.shell_id
    if row.pod is not None:
        pod_id = row.pod.id
    if row.comes == "new" and not imported:
        pod_id = None
    differs = [RowDifferenceOut(**asdict(each)) for each in row.differs]
    return RowOut(
        row=row.number,
        verdict=row.verdict,
        comes=row.comes,
        differs=differs,
        remarks=remarks,
        pod_id=pod_id,
    )


def _remark_out(remark: Remark) -> RemarkOut:
    return RemarkOut(
        code=remark.code,
        detail=remark.detail,
        field=remark.column,
        reason=remark.reason,
        nearest=render(remark.nearest),
    )
