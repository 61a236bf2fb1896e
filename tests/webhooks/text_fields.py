"""Where the OpenAPI document takes a text, found in the document: a new field enters by itself. And
worst texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""From the body's top to the text: names of fields, 0 in a list; KEY: the text is itself the name
of a field.
"""
KEY = "(a name)"
JSON = "application/json"

MARKS = (
    *(
        "{{",
        "{{a}}{",
        "{%",
        "<a ",
        "<a href='",
        "<!--",
        "<b><i>",
        "<table><td>",
        "<p style='a:b;",
        "<![x[",
        "<?",
    ),
    *("<a href=x>", "&amp", "&", "&#"),
    *("\\", '"', "'", '="', "[", "(", "{", "%", "%2", "$", "*", "_x000D_", "="),
    *("@", "a@", "<a@b", "a@b.c;", ".", "a.", "-", "xn--", "/", "../", "://", "?", "#", "\u3002"),
    *(" ", "\t", "\n", "a ", "a\n", ",", ";", "a,", "a=b;", "\u2028", "\u00a0"),
    *(
        "e\u0301",
        "\u0301",
        "\u202e",
        "\u200d",
        "\ufdfa",
        "\u0130",
        "\u00df",
        "\U0001f469\u200d",
        "\u0627\u202e",
    ),
    *("9", "1.", "1e", "0x", "-1", "+", ":", "00:", "2026-", "T", "Z", "a", "aB1_"),
)
"""What a parser may begin something at, count, or look back from, when there is much of it."""
EACH = tuple((mark,) for mark in MARKS)
FOURS = tuple(MARKS[first : first + 4] for first in range(0, len(MARKS), 4))
TENS = tuple(MARKS[first : first + 10] for first in range(0, len(MARKS), 10))
"""For what is refused by its length or its first characters: what looks at all of it is found with
fewer of each.
"""


def worst(marks: tuple[str, ...], size: int) -> str:
    """A text of about so many bytes of UTF-8: each mark again and again, one after the other."""
    share = size // len(marks)
    return "".join(mark * (share // len(mark.encode())) for mark in marks)


@dataclass(frozen=True)
class Place:
    """`longest`: how many characters the document allows, if it says so."""

    path: Path
    longest: int | None


def parameters(operation: dict[str, Any]) -> list[tuple[str, str]]:
    """(path, query or header; its name). Numbers too: what comes in is a text."""
    return [(each["in"], each["name"]) for each in operation.get("parameters", ())]


def body_texts(operation: dict[str, Any], document: dict[str, Any]) -> list[Place]:
    content = operation.get("requestBody", {}).get("content", {})
    return list(dict.fromkeys(_texts(content.get(JSON, {}).get("schema", {}), document, ())))


def put(body: Any, path: Path, text: str) -> Any:
    """The body with the text there; what leads to it is made where it is missing."""
    if not path:
        return text
    step, rest = path[0], path[1:]
    if step == 0:
        first = body[0] if isinstance(body, list) and body else None
        return [put(first, rest, text)]
    inner = dict(body) if isinstance(body, dict) else {}
    if step == KEY:
        return inner | {text: []}
    return inner | {str(step): put(inner.get(str(step)), rest, text)}


def _texts(schema: dict[str, Any], document: dict[str, Any], path: Path) -> Iterator[Place]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for way in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _texts(way, document, path)
    if schema.get("type") == "string" or "enum" in schema or "const" in schema:
        yield Place(path, schema.get("maxLength"))
    for name, inner in schema.get("properties", {}).items():
        yield from _texts(inner, document, (*path, name))
    if "items" in schema:
        yield from _texts(schema["items"], document, (*path, 0))
    if isinstance(schema.get("additionalProperties"), dict):
        yield Place((*path, KEY), None)
        yield from _texts(schema["additionalProperties"], document, (*path, "2026-12-24"))
