"""The columns of an import, by whatever the customer calls them: in any order and case, with or
without a mark for what is required.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webhooks.api.sheet_headings import ALIASES, COLUMNS, MOMENT, REQUIRED
from webhooks.http.problems import RefusedRequest

MARKS = {"required", "mandatory", "optional"}
LONGEST = 120
NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """`mapped`: by what the customer calls a column, which one it is; before any alias."""

    mapped: Mapping[str, str] = field(default_factory=dict)

    def name(self, heading: str) -> str | None:
        """The column that a heading means; None: it is none."""
        plain = _plain(heading)
        return self.mapped.get(plain) or KNOWN.get(plain)

    def names(self, head: Sequence[str]) -> list[str]:
        """The columns of a header row; empty where it has an empty cell. Raises Refused."""
        names = []
        for heading in head:
            name = self.name(heading)
            if heading.strip() and name is None:
                raise _refused(
                    f"{heading.strip()[:40]!r} is no column here: rename it or leave it out"
                )
            names.append(name or "")
        for name in names:
            if name and names.count(name) > 1:
                raise _refused(f"the column {name} is there twice: leave one out")
        for name in REQUIRED:
            if name not in names and not (name in MOMENT and "when" in names):
                raise _refused(f"add the column {name}")
        return names

    @classmethod
    def of(cls, mapped: Mapping[str, str]) -> "Columns":
        return cls({_plain(heading): column for heading, column in mapped.items()})


def refused(detail: str) -> RefusedRequest:
    return RefusedRequest("file_refused", detail, field="body")


def _plain(heading: str) -> str:
    """In small letters, without punctuation and marks: `Coach E-Mail (required)*` is
    `coach e mail`.
    """
    words = NO_LETTERS.sub(" ", heading[:LONGEST].casefold()).split()
    return " ".join(word for word in words if word not in MARKS)


def _known() -> dict[str, str]:
    known = {column: column for column in COLUMNS}
    for column, aliases in ALIASES.items():
        known |= dict.fromkeys(aliases, column)
    return known


def _refused(problem: str) -> RefusedRequest:
    return refused(f"{problem[0].upper()}{problem[1:]}; known are {', '.join(COLUMNS)}.")


KNOWN = _known()
