"""Whether a kept answer tells of a person: every text in it is looked at."""

from collections.abc import Callable, Iterator
from itertools import starmap
from typing import Any

Mentions = Callable[[str, str], bool]
"""Whether a text, in a member of this name, tells of the person."""


def mentions_of(named: dict[str, str], ids: set[str], mail_addresses: set[str]) -> Mentions:
    # Ids are compared whole; an address may stand within a sentence, such as that of a refusal, and
    # there as somebody else typed it.
    addresses = {address.casefold() for address in mail_addresses}

    def mentions(name: str, text: str) -> bool:
        if text in ids or named.get(name) == text:
            return True
        said = text.casefold()
        return any(address in said for address in addresses)

    return mentions


def told_in(document: Any, mentions: Mentions) -> bool:
    """Whether any text of an answer does."""
    return any(starmap(mentions, _texts("", document)))


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in an answer, with the name of the member that it stands in."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(name, item)
