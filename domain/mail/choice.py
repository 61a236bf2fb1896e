"""Which text a mail is written with, and whether it is sent at all: Cohort > Project > Company >
default.

The recipient's language decides first: a German default is better for a German reader than their
cohort's English text. Within a language the narrowest scope wins; a language without any text falls
back to English.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from domain.mail import LANGUAGES

Scope = Literal["cohort", "project", "company"]
SCOPES: tuple[Scope, ...] = ("cohort", "project", "company")
"""The narrowest first."""
LONGEST_TAG = 35
"""Characters that any language needs (RFC 5646, 4.4.1). What a browser sends has no bound, and each
of its parts is looked for.
"""
OURS = {language.lower(): language for language in LANGUAGES}
"""The languages of the default texts, by what a reader's are looked up as."""
FLAVOURS = {spoken.partition("-")[0]: spoken for spoken in OURS if "-" in spoken}
"""pt -> pt-br: whoever reads one flavour of a language reads the one that we write."""


@dataclass(frozen=True, slots=True)
class Template:
    """What somebody wrote. `html` None: it is made from the text."""

    language: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailText:
    """One stored row: a text, a switch, or both. Without a subject it is only a switch."""

    scope: Scope
    scope_id: str
    kind: str
    language: str
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    html: str | None = field(default=None, repr=False)
    enabled: bool = True

    @property
    def is_text(self) -> bool:
        """Whether a mail is written with it: not of a mere switch, nor of what is switched off."""
        return self.enabled and bool(self.subject)


Choice = Template | Literal["default", "off"]


def choose(rows: Iterable[MailText], language: str) -> Choice:
    """Of the rows of one kind in the three scopes of one mail:
    the text to use, the default one, or none: `off`.
    """
    known = {(row.scope, row.language): row for row in rows}
    # Language before scope: an English text of the cohort is not for a reader of German, for whom
    # there is a German default.
    chain = languages(language)
    if _is_off(known.values(), chain):
        return "off"
    for spoken in chain:
        for scope in SCOPES:
            row = known.get((scope, spoken))
            if row is not None and row.is_text:
                return Template(spoken, row.subject, row.text, row.html)
        if spoken in OURS:
            return "default"
    return "default"


def languages(tag: str) -> tuple[str, ...]:
    """The languages to look in, in order (RFC 4647, 3.4): `de-AT` -> de-at, de, en; and the one
    flavour that we write a language in, `pt-PT` -> pt-pt, pt, pt-br, en. Of an endless tag, those
    of its beginning.
    """
    return tuple(dict.fromkeys((*_chain(tag), LANGUAGES[0])))


def canonical(tag: str) -> str:
    """As texts are stored under: `de_AT` is de-at."""
    return tag.strip().replace("_", "-").lower()


def default_language(*tags: str) -> str:
    """The language of the default text for a reader of these languages, the dearest first."""
    wanted = (spoken for tag in tags for spoken in _chain(tag))
    return next((OURS[spoken] for spoken in wanted if spoken in OURS), LANGUAGES[0])


def _is_off(rows: Iterable[MailText], chain: Sequence[str]) -> bool:
    """The narrowest scope with an opinion decides:
    its row in the reader's languages, or all of its rows agreeing.
    """
    rows = list(rows)
    for scope in SCOPES:
        mine = {row.language: row.enabled for row in rows if row.scope == scope}
        for language in chain:
            if language in mine:
                return not mine[language]
        # None of its rows is for this reader: where all agree that nobody gets it, they mean it.
        if mine and not any(mine.values()):
            return True
    return False


def _chain(tag: str) -> Iterator[str]:
    shorter = tuple(_shorter(canonical(tag[:LONGEST_TAG])))
    yield from shorter
    yield from (FLAVOURS[spoken] for spoken in shorter if spoken in FLAVOURS)


def _shorter(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
