"""The columns of an import, by whatever the customer calls them: in any order and case, with or
without a mark for what is required.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webhooks.http.problems import RefusedRequest

HEADINGS = {
    "id": "Pod id",
    "version": "Version",
    "group": "Group",
    "programme": "Programme title*",
    "cohort": "Cohort",
    "title": "Session title",
    "coach": "Coach e-mail*",
    "date": "Date*",
    "time": "Start time*",
    "duration": "Duration",
    "min": "Min*",
    "max": "Max*",
    "zone": "Time zone*",
    "format": "Format",
    "participants": "Usernames or participants",
    "language": "Language",
    "company": "Company",
    "project": "Project",
}
"""What a template and an export call them, in this order."""
REQUIRED = ("programme", "coach", "date", "time", "zone", "min", "max")
COLUMNS = (*HEADINGS, "when", "usernames")
MOMENT = {"date", "time"}
"""What `when` stands for: one date and time."""
ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("pod id", "session id"),
    "version": ("pod version",),
    "group": ("group id", "pod group", "pod group id"),
    "programme": (
        *("program", "programme title", "program title", "programme name", "program name"),
        *("pathway", "pathway title"),
    ),
    "cohort": ("cohort id", "cohort name"),
    "title": ("session title", "session", "session name", "pod title"),
    "coach": (
        *("coach e mail", "coach email", "coach mail", "coach id", "coach s e mail"),
        *("coach e mail address", "coach email address"),
    ),
    "date": ("session date", "start date"),
    "time": ("start time", "session time"),
    "when": ("date and time", "date time", "datetime", "start date and time", "start date time"),
    "duration": ("duration minutes", "duration in minutes", "duration min", "length", "minutes"),
    "min": ("minimum", "min seats", "min participants", "minimum participants", "minimum seats"),
    "max": ("maximum", "max seats", "max participants", "maximum participants", "maximum seats"),
    "zone": ("time zone", "timezone", "tz"),
    "format": ("pod format", "pod type"),
    "participants": ("usernames or participants", "participants or usernames", "participant"),
    "usernames": ("username", "user names", "user name", "users"),
    "language": ("participant language",),
    "company": ("company id",),
    "project": ("project id",),
}
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
