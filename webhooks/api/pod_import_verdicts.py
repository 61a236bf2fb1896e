"""What was found out about a row of an import: green, yellow or red, with the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from storage.transactions.pod_import_entries import Comes, Placed, PodEntry, RowDifference

Verdict = Literal["green", "yellow", "red"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong or doubtful; `reason` and `nearest` (epoch seconds) when the time cannot be
    had.
    """

    code: str
    detail: str
    column: str | None
    reason: str | None = None
    nearest: Sequence[int] = ()


@dataclass(slots=True)
class ImportRow:
    """A row and what was found out about it so far; `pod`: what it would come to, or came to."""

    number: int
    entry: PodEntry | None = None
    red: list[Remark] = field(default_factory=list)
    yellow: list[Remark] = field(default_factory=list)
    pod: Placed | None = None
    comes: Comes = "new"
    differs: tuple[RowDifference, ...] = ()

    @property
    def verdict(self) -> Verdict:
        if self.red:
            return "red"
        if self.yellow:
            return "yellow"
        return "green"

    def copy(self) -> "ImportRow":
        """To which remarks can be added that the row itself does not get."""
        return replace(self, red=[*self.red], yellow=[*self.yellow])

    def wrong(self, code: str, detail: str, column: str) -> None:
        self.red.append(Remark(code, detail, column))

    def doubtful(self, code: str, detail: str, column: str) -> None:
        self.yellow.append(Remark(code, detail, column))
