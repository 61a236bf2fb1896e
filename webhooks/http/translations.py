"""What the pages say, in the languages of the mails. One gettext catalogue a language:
webhooks/pages/words/it.po.

A text is found by its key, its msgctxt; msgid is what it is in English. English is their template,
words.pot. What a language lacks, or only guesses (fuzzy), is said in English.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from gettext import c2py
from importlib.resources import files
from io import BytesIO
from math import ceil

from babel import Locale
from babel.messages.pofile import read_po

from domain.mail import LANGUAGES
from domain.mail.safety import isolated

ENGLISH = LANGUAGES[0]
TEMPLATE = "words.pot"
COUNTED = ("count", "days", "hours", "minutes")
"""The values that a text with plural forms is chosen by; each such text has one of them in it."""
NAME = re.compile(r"(?<!{){(\w+)}")


@dataclass(frozen=True, slots=True)
class Text:
    """`forms`: one, or as many as the language has for numbers; `english`: what they say."""

    english: tuple[str, ...]
    forms: tuple[str, ...]
    counted: str | None
    """The name of the value that the form is chosen by."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of a language by their keys. `form`: a number -> which of the forms it takes."""

    texts: Mapping[str, Text]
    form: Callable[[int], int]
    right_to_left: bool

    def say(self, key: str, values: Mapping[str, object]) -> str:
        """Whatever stands in it is set apart, so that no name turns a sentence around. Raises
        KeyError.
        """
        text = self.texts[key]
        form = 0
        if text.counted:
            form = self.form(ceil(float(str(values[text.counted]))))
        put = {name: self._put(value) for name, value in values.items()}
        return text.forms[form].format(**put)

    def _put(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        return isolated(value, right_to_left=self.right_to_left)


def direction(language: str) -> str:
    """ltr or rtl"""
    if catalogue(language).right_to_left:
        return "rtl"
    return "ltr"


def say(language: str, key: str, variant: str = "", /, **values: object) -> str:
    """The text, or its variant if it has one; plain, so that a template escapes it. Raises KeyError
    for none.
    """
    english, own = catalogue(ENGLISH), catalogue(language)
    if variant + key in english.texts:
        key = variant + key
    if key in own.texts:
        return own.say(key, values)
    return english.say(key, values)


@cache  # 160 kB and 15 ms for each of the languages there are
def catalogue(language: str) -> Catalogue:
    """Read when the language is first spoken."""
    name = f"{language}.po"
    if language == ENGLISH:
        name = TEMPLATE
    path = files("webhooks").joinpath("pages", "words", name)
    raw = b""
    # A language may have mails and no pages yet: those are said in English.
    if path.is_file():
        raw = path.read_bytes()
    return read(raw, language)


def read(raw: bytes, language: str) -> Catalogue:
    """A catalogue from its file."""
    found = read_po(BytesIO(raw))
    texts = {}
    for message in found:
        english = _several(message.id)
        forms = english  # the template has no translations: it is what they are of
        if language != ENGLISH:
            forms = _several(message.string or "")
        if message.context and all(forms) and not message.fuzzy:
            texts[message.context] = Text(english, forms, _counted(english))
    right_to_left = Locale.parse(language, sep="-").text_direction == "rtl"
    return Catalogue(texts, c2py(found.plural_expr), right_to_left)


def lacks(own: Catalogue, english: Catalogue) -> dict[str, list[str]]:
    """The keys of what is missing; of what says what was in English once; and of what nobody
    asks for.
    """
    both = own.texts.keys() & english.texts.keys()
    outdated = []
    for key in sorted(both):
        if own.texts[key].english != english.texts[key].english:
            outdated.append(key)
    return {
        "missing": sorted(english.texts.keys() - both),
        "outdated": outdated,
        "unknown": sorted(own.texts.keys() - both),
    }


def _several(texts: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(texts, str):
        return (texts,)
    return tuple(texts)


def _counted(english: tuple[str, ...]) -> str | None:
    if len(english) == 1:
        return None
    names: list[str] = NAME.findall(english[-1])
    return next(name for name in names if name in COUNTED)
