"""What comes in and goes out when pods are imported: the query, and each row's verdict, typed as
OpenAPI tells them.
"""

from pydantic import BaseModel, Field

from webhooks.api.pod_import_rows import Verdict
from webhooks.api.schemas.requests import QueryIn
from webhooks.api.schemas.responses import Instant


class ImportQuery(QueryIn):
    dry_run: bool = Field(
        True,  # noqa: FBT003 (a default)
        description="Check every row and write nothing; false makes the pods.",
    )


class RemarkOut(BaseModel):
    """What is wrong or doubtful about a row; `detail` ends with the next step."""

    code: str
    detail: str
    field: str | None = Field(description="The column.")
    reason: str | None = Field(description="Why the time is closed, when that is what is wrong.")
    nearest: list[Instant] = Field(description="Open starts nearest to a time that is closed.")


class RowOut(BaseModel):
    row: int = Field(description="As the spreadsheet numbers it: the header is 1.")
    verdict: Verdict = Field(
        description="green: fine; yellow: possible, look at the remarks; red: impossible."
    )
    remarks: list[RemarkOut]
    pod_id: str | None = Field(description="Of the pod that was made; null in a dry run.")


class Counts(BaseModel):
    green: int
    yellow: int
    red: int


class ImportOut(BaseModel):
    imported: bool = Field(
        description="Whether pods were made. A dry run makes none; one red row stops all."
    )
    counts: Counts
    rows: list[RowOut]
