"""Tokens: `{{coach_name}}` in a text becomes the coach's name. Texts are texts, not programs:
nothing is evaluated. A value is put in once and never looked at again, so a participant called
`{{my_page_url}}` stays one.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

MEANINGS = {
    "recipient_name": "Whoever gets the mail.",
    "participant_name": "The participant; of a mail about a pod, the one that it is about.",
    "coach_name": "The coach.",
    "programme_name": "The programme, as the booking's context has it.",
    "title": "The title of the pod.",
    "short_start": "When it begins, in a few words, for a subject.",
    "start_date": "The date on which it begins.",
    "start_time": "The time at which it begins.",
    "end_time": "The time at which it ends.",
    "zone": "The time zone that these are in.",
    "previous_start": "When it was before it was moved, in a few words.",
    "previous_start_date": "The date that it was on before.",
    "previous_start_time": "The time that it was at before.",
    "place": "Where it is: a link, a number or an address.",
    "join_url": "The link that a person opens to be there.",
    "event_when": "When an event is that the coach moved, or that lies over the session.",
    "my_page_url": "The page on which its reader sees and changes the booking.",
    "relink_url": "Where the coach connects a calendar again.",
    "changes_url": "Where the coach says what becomes of an event that they changed.",
}
"""What a text may ask for. Dates and times are in the recipient's zone and language."""
NAMES = tuple(MEANINGS)
LINKS = ("join_url", "my_page_url", "relink_url", "changes_url")

OPEN, CLOSE = "{{", "}}"


_SINGLE = re.compile(rf"(?<!\{{)\{{ ?({'|'.join(NAMES)}) ?\}}")


class UnusableTokens(Exception):
    """A text has tokens that are unknown, or empty for this mail: it is kept back and somebody is
    told.

    A corrected text frees it. `tokens` are their names, shortened, sorted.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        named = ", ".join(self.tokens)
        super().__init__(
            f"these tokens have no value here: {named}; correct the text, or send what is missing"
        )


def asked(text: str) -> set[str]:
    """The names of the tokens in a text; `{{` for one that is not closed."""
    names: set[str] = set()
    for literal, name in _pieces(text):
        # Shortened: between the braces may stand a whole paragraph, and the name is shown.
        if name is not None:
            names.add(name.strip()[:60])
        elif OPEN in literal:
            names.add(OPEN)
    return names


def in_single_braces(text: str) -> set[str]:
    """The tokens that somebody wrote as `{coach_name}`: they would be sent as they stand."""
    return set(_SINGLE.findall(text))


def check(texts: Sequence[str], values: Mapping[str, str], page: str = "") -> None:
    """Raises UnusableTokens when one of the texts asks for what has no value.
    A page may ask for its subject too.
    """
    # The page may show the subject, which is filled before it. A subject cannot show itself.
    names = asked(page) - {"subject"}
    for text in texts:
        names |= asked(text)
    missing = [name for name in sorted(names) if not values.get(name)]
    if missing:
        raise UnusableTokens(missing)


def fill(text: str, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """The text with its tokens replaced, each value escaped for the place it goes to.
    See `check` first.
    """
    filled = []
    for literal, name in _pieces(text):
        filled.append(literal)
        if name is not None:
            filled.append(escape(values[name.strip()]))
    return "".join(filled)


def _pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """What stands between tokens, each with the name in the token behind it; the last has none
    behind it.

    A search for `}}` from each `{{` of a text full of them would be quadratic: the first that is
    not closed ends it.
    """
    place = 0
    while (opened := text.find(OPEN, place)) >= 0:
        closed = text.find(CLOSE, opened + len(OPEN))
        if closed < 0:
            break
        yield text[place:opened], text[opened + len(OPEN) : closed]
        place = closed + len(CLOSE)
    yield text[place:], None
