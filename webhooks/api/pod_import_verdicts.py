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
    """A row and what was found out about it so far; `pod`, `shell_id`: what it would come to, or
    came to: a pod with a time, or without.
    """

    number: int
    entry: PodEntry | None = None
    red: list[Remark] = field(default_factory=list)
    yellow: list[Remark] = field(default_factory=list)
    pod: Placed | None = None
    shell_id: str | None = None
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


def doubt_people_in_two_places(rows: Sequence[ImportRow]) -> None:
    """Mark yellow whoever is in two pods of the file that overlap: perhaps meant, perhaps not."""
    seen: dict[str, list[tuple[int, Placed]]] = {}
    for row in rows:
        if row.entry is None or row.pod is None:
            continue
        for person in row.entry.participants:
            others = seen.setdefault(person.id, [])
            other = _overlapping(others, row.pod)
            if other is not None:
                also = f"{person.id} is in row {other} too, at the same time"
                detail = f"{also}: check that this is meant."
                row.doubtful("participant_in_two_pods", detail, "participants")
            others.append((row.number, row.pod))


def refuse_pods_twice(rows: Sequence[ImportRow]) -> None:
    """Mark red whatever names a pod that a row before names: which of the two is meant?"""
    seen: dict[str, int] = {}
    for row in rows:
        if row.entry is None or row.entry.pod_id is None:
            continue
        first = seen.setdefault(row.entry.pod_id, row.number)
        if first != row.number:
            detail = f"Row {first} names this pod too: leave one of the two out."
            row.wrong("pod_twice", detail, "id")
            row.entry = None


def _overlapping(others: Sequence[tuple[int, Placed]], pod: Placed) -> int | None:
    """The number of the first row whose pod is at the same time."""
    for number, other in others:
        if other.starts < pod.ends and pod.starts < other.ends:
            return number
    return None
