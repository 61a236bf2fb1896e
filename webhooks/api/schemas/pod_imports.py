"""What comes in and goes out when pods are imported: the query, and each row's verdict, typed as
OpenAPI tells them.
"""

from typing import Literal

from pydantic import BaseModel, Field

from storage.transactions.pod_import_entries import Comes
from webhooks.api.pod_import_verdicts import Verdict
from webhooks.api.schemas.booking_requests import Id, ParticipantIn
from webhooks.api.schemas.requests import Body, Line, QueryIn, RangeIn, ZoneOfDates
from webhooks.api.schemas.responses import Instant


class ImportQuery(QueryIn):
    dry_run: bool = Field(
        True,  # noqa: FBT003 (a default)
        description="Check every row and write nothing; false makes the pods.",
    )


MOST_FILE = 250_000
"""Characters: a body may have no more bytes anyway."""
# fmt: off
Column = Literal[
    "id", "version", "group", "programme", "cohort", "title", "coach", "date", "time", "when",
    "duration", "min", "max", "zone", "format", "participants", "usernames", "language",
    "company", "project",
]
# fmt: on


class PersonIn(Body):
    """Whom a username means."""

    username: Line = Field(min_length=1)
    participant: ParticipantIn


class ColumnIn(Body):
    heading: Line = Field(min_length=1, description="As the file has it.")
    column: Column


class TableIn(Body):
    """A table of pods, and what its words mean."""

    csv: str | None = Field(None, max_length=MOST_FILE)
    xlsx: str | None = Field(None, max_length=MOST_FILE, description="The file in base64.")
    people: list[PersonIn] = Field(default_factory=list, max_length=1_000)
    columns: list[ColumnIn] = Field(default_factory=list, max_length=40)


class ExportQuery(RangeIn):
    """Pods that begin in the range and were not called off, and those without a time; of these
    only, where it says so.
    """

    tz: ZoneOfDates = "UTC"
    coach_id: Id | None = None
    company: Id | None = None
    project: Id | None = None
    cohort: Id | None = None


class RemarkOut(BaseModel):
    """What is wrong or doubtful about a row; `detail` ends with the next step."""

    code: str
    detail: str
    field: str | None = Field(description="The column.")
    reason: str | None = Field(description="Why the time is closed, when that is what is wrong.")
    nearest: list[Instant] = Field(description="Open starts nearest to a time that is closed.")


class RowDifferenceOut(BaseModel):
    field: str = Field(description="The column.")
    before: str
    after: str


class RowOut(BaseModel):
    row: int = Field(description="As the spreadsheet numbers it: the header is 1.")
    verdict: Verdict = Field(
        description="green: fine; yellow: possible, look at the remarks; red: impossible."
    )
    comes: Comes = Field(
        description="new: a pod that was not there; changed: `differs` says how; unchanged:"
        " nothing is done about it."
    )
    differs: list[RowDifferenceOut] = Field(
        description="Of participants, `before` names who leaves, and `after` who joins."
    )
    remarks: list[RemarkOut]
    pod_id: str | None = Field(
        description="Of the pod that was made, or is there; null of a new one in a dry run."
    )


class Counts(BaseModel):
    green: int
    yellow: int
    red: int


class ImportOut(BaseModel):
    imported: bool = Field(
        description="Whether pods were made or changed. A dry run does neither; one red row stops"
        " all."
    )
    counts: Counts
    rows: list[RowOut]
