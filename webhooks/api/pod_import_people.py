"""Whoever is named in a cell: names with mail addresses, or usernames that the platform tells the
meaning of.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from domain.errors import Invalid
from domain.mail.safety import mailbox
from domain.sessions import Participant
from webhooks.api.pod_import_verdicts import ImportRow
from webhooks.api.schemas.booking_requests import MOST_SEATS
from webhooks.api.sheet_headings import OF_PEOPLE
from webhooks.api.spreadsheets import SheetLine

ONE = re.compile(r'(?:"[^"]*"|[^,;\n])+')
"""Of those that commas, semicolons or lines separate; a name with a comma stands in quotes."""
NO_MAILBOX = frozenset("<>@")

Lookup = Mapping[str, Participant]
"""Whom a username means, by it in small letters."""
NOBODY_KNOWN: Lookup = {}


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody in a cell; `known`: as the platform's lookup tells them."""

    name: str
    email: str
    known: Participant | None = None

    def participant(self, zone: str, language: str) -> Participant:
        """With the row's zone and language, where nothing else is known."""
        if self.known is not None:
            return self.known
        # Nobody is kept with UTC: a row without a zone names only whom its pod knows already.
        return Participant(self.email.lower(), self.name, self.email, zone or "UTC", language)


def named(line: SheetLine, row: ImportRow, lookup: Lookup) -> list[Named]:
    """`Ann Lee <ann@example.test>; bob@example.test, carol`, each once."""
    people: dict[str, Named] = {}
    for column in OF_PEOPLE:
        texts = _texts(line, row, column)
        for text in texts:
            # Where a cell holds several it is said which.
            which = ""
            if len(texts) > 1:
                which = f"{text[:60]!r}: "
            one = _one(text, row, column, lookup, which)
            if one is None:
                continue
            if one.email.lower() in people:
                detail = f"{one.email} is in this row twice: leave one out."
                row.wrong("duplicate_participant", detail, column)
            people[one.email.lower()] = one
    return list(people.values())


def _texts(line: SheetLine, row: ImportRow, column: str) -> list[str]:
    parts = ONE.finditer(line.text(column))
    # Each that is wrong would get a remark of its own.
    texts = []
    for part in islice(parts, 2 * MOST_SEATS + 1):
        # No long runs of blanks: the pattern of a mailbox would be slow on them.
        text = " ".join(part[0].split())
        if text:
            texts.append(text)
    if len(texts) > MOST_SEATS:
        row.wrong("too_many", f"Send at most {MOST_SEATS} participants.", column)
        return []
    return texts


def _one(text: str, row: ImportRow, column: str, lookup: Lookup, which: str) -> Named | None:
    known = lookup.get(text.casefold())
    if known is not None:
        return Named(known.name, known.email, known)
    if NO_MAILBOX.isdisjoint(text):
        detail = (
            f"Nobody is known by the username {text[:60]!r}: correct it, say in `people` who it is,"
            " or send a mail address."
        )
        row.wrong("unknown_username", detail, column)
        return None
    try:
        name, email = mailbox(column, text)
    except Invalid as error:
        row.wrong(error.code, which + error.detail, column)
        return None
    if not name:
        detail = f"{email} has no name: mails will call them by their address."
        row.doubtful("name_missing", detail, column)
    return Named(name or email, email)
