"""What the pages say, in the languages of the mails. One file a language and part:
words/booking.de.json.

A part is a page's own file, so that every key stands in exactly one of them; a text may have
{names} in it.
"""

from functools import cache
from importlib.resources import files

import orjson

from domain.mail.choice import default_language

SUFFIX = ".json"


def language_of(tag: str) -> str:
    """The language that somebody of this tag is spoken to in: de-AT -> de, xx -> en."""
    return default_language(tag)


def say(language: str, key: str, variant: str = "", /, **values: object) -> str:
    """The text, or its variant if it has one; plain, so that a template escapes it. Raises KeyError
    for none.
    """
    texts = _texts(language)
    return texts.get(variant + key, texts[key]).format(**values)


@cache
def _texts(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in files("webhooks.pages").joinpath("words").iterdir():
        if path.name.endswith(f".{language}{SUFFIX}"):
            found |= orjson.loads(path.read_bytes())
    return found
