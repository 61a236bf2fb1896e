"""Writes the typed client's models and methods from the OpenAPI document:
`python -m tests.docs.client`, as `./run docs` does. A test compares the two.
"""

import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from apiflask import APIFlask

from tests.support import http_client as desks

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "deploy" / "client" / "coachcal_client"
NOWHERE = "postgresql://127.0.0.1:1/nobody"
JSON = "application/json"
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
CURSOR, NEXT = "cursor", "next_cursor"
VERSION = "Coachcal-Version"
"""The transport sends it."""
AFTER = "after"
"""What a feed is read on behind."""
OURS = {"notifications_receive", "conferencing_receive", "badges_show", "feeds_read"}
"""Cronofy calls these, or a browser by a signed address: no client with a key."""
WRITTEN = '"""{what}: written from the OpenAPI document by `./run docs`."""\n\n'


def document() -> dict[str, Any]:
    with desks.opened(NOWHERE) as desk:
        return cast(dict[str, Any], cast(APIFlask, desk.client.application).spec)


def models(document: dict[str, Any]) -> str:
    lines = [WRITTEN.format(what="What is sent and answered")]
    lines += ["from __future__ import annotations\n\n"]
    lines += ["from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n\n\n"]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += _model(name, schema)
    return "".join(lines)


def api(document: dict[str, Any]) -> str:
    lines = [WRITTEN.format(what="A method per operation")]
    methods: list[str] = []
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            if operation["operationId"] not in OURS:
                methods += _method(document, method.upper(), path, operation)
    body = "".join(methods)
    if "Iterator[" in body:
        lines += ["from collections.abc import Iterator\n"]
    words = [word for word in ("Any", "Literal") if re.search(rf"\b{word}\b", body)]
    lines += [f"from typing import {', '.join(words)}\n\n"]
    lines += ["from coachcal_client import models\n"]
    lines += ["from coachcal_client.feed import Feed\n"]
    lines += ["from coachcal_client.transport import Transport, new_key, part\n\n\n"]
    lines += ["class Client(Transport):\n", '    """The API of one coachcal, with one key."""\n\n']
    lines += [f'    version = "{max(document["info"]["x-versions"])}"\n']
    return "".join([*lines, body])


def type_of(schema: dict[str, Any], prefix: str = "") -> str:
    """`prefix`: where the models are, seen from there."""
    if "$ref" in schema:
        return prefix + str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _union(type_of(each, prefix) for each in schema[choice])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union(type_of(schema | {"type": each}, prefix) for each in kind)
    if kind == "array":
        return f"list[{type_of(schema.get('items') or {}, prefix)}]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"dict[str, {type_of(values, prefix) if isinstance(values, dict) else 'Any'}]"
    return SCALARS.get(str(kind), "Any")


def _union(types: Iterator[str]) -> str:
    each = " | ".join(types).split(" | ")
    return " | ".join(dict.fromkeys(each))


def _model(name: str, schema: dict[str, Any]) -> Iterator[str]:
    if "properties" not in schema:
        yield f'{name}: TypeAlias = "{type_of(schema)}"\n\n\n'
        return
    fields = []
    for field, one in schema["properties"].items():
        kind = type_of(one)
        if field not in schema.get("required", ()):
            kind = f"NotRequired[{kind}]"
        fields.append((field, kind))
    if any(keyword.iskeyword(field) for field, _ in fields):
        # Quoted: what it names may stand below.
        pairs = ", ".join(f'"{field}": "{kind}"' for field, kind in fields)
        yield f'{name} = TypedDict("{name}", {{{pairs}}})\n\n\n'
        return
    yield f"class {name}(TypedDict):\n{_docstring(schema.get('description'), 4)}"
    yield from (f"    {field}: {kind}\n" for field, kind in fields)
    yield "\n\n"


def _method(
    document: dict[str, Any], method: str, path: str, operation: dict[str, Any]
) -> Iterator[str]:
    name = operation["operationId"]
    asked = [one for one in operation.get("parameters", ()) if one["name"] != VERSION]
    places = [one for one in asked if one["in"] == "path"]
    given = [one for one in asked if one["in"] != "path"]
    bodies = list(operation.get("requestBody", {}).get("content", {}))
    answer, raw = _answer(operation)
    takes = ["self", *(f"{_word(one)}: {_kind(one)}" for one in places)]
    if bodies == [JSON]:
        body = operation["requestBody"]["content"][JSON]["schema"]
        takes.append(f"body: {type_of(body, 'models.')}")
    elif bodies:
        takes.append("content: bytes")
    optional = [_parameter(one) for one in sorted(given, key=_is_optional)]
    if len(bodies) > 1:
        optional.insert(0, f"content_type: Literal[{', '.join(map(repr, bodies))}]")
    if optional:
        takes += ["*", *optional]
    yield f"\n    def {name}({', '.join(takes)}) -> {answer}:\n"
    yield _docstring(_told(operation), 8)
    yield f"        answer: {answer} = self.call(\n"
    yield f'            "{method}", {_path(path, places)},\n'
    yield from _sent(given, bodies)
    if raw:
        yield "            raw=True,\n"
    yield "        )\n        return answer\n"
    if any(one["name"] == CURSOR for one in given):
        yield from _pages(document, name, operation, places, given)
    if any(one["name"] == AFTER for one in given):
        yield from _feed(document, name, operation, given)


def _sent(given: list[dict[str, Any]], bodies: list[str]) -> Iterator[str]:
    """What the call takes beside its path."""
    query = [f'"{one["name"]}": {_word(one)}' for one in given if one["in"] == "query"]
    headers = [_header(one) for one in given if one["in"] == "header"]
    if bodies == [JSON]:
        yield "            body=body,\n"
    elif bodies:
        yield "            content=content,\n"
        kind = "content_type" if len(bodies) > 1 else repr(bodies[0])
        headers.append(f'"Content-Type": {kind}')
    if query:
        yield f"            query={{{', '.join(query)}}},\n"
    if headers:
        yield f"            headers={{{', '.join(headers)}}},\n"


def _header(one: dict[str, Any]) -> str:
    value = _word(one)
    if one["name"] == "Idempotency-Key":
        value += " or new_key()"
    return f'"{one["name"]}": {value}'


def _pages(
    document: dict[str, Any],
    name: str,
    operation: dict[str, Any],
    places: list[dict[str, Any]],
    given: list[dict[str, Any]],
) -> Iterator[str]:
    """An iterator over what a list has, page after page."""
    items, kind = _items(document, operation)
    others = [one for one in given if one["name"] != CURSOR]
    takes = ["self", *(f"{_word(one)}: {_kind(one)}" for one in places)]
    takes += ["*", *(_parameter(one) for one in sorted(others, key=_is_optional))]
    passed = [_word(one) for one in places]
    passed += [f"{_word(one)}={_word(one)}" for one in others]
    yield f"\n    def {name}_all({', '.join(takes)}) -> Iterator[{kind}]:\n"
    yield f'        """Each of `{name}`, however many pages there are."""\n'
    yield f"        {CURSOR}: str | None = None\n        while True:\n"
    yield f"            page = self.{name}({', '.join([*passed, f'{CURSOR}={CURSOR}'])})\n"
    yield f'            yield from page["{items}"]\n'
    yield f'            {CURSOR} = page.get("{NEXT}")\n'
    yield f"            if {CURSOR} is None:\n                return\n"


def _feed(
    document: dict[str, Any], name: str, operation: dict[str, Any], given: list[dict[str, Any]]
) -> Iterator[str]:
    """An iterator over what comes behind a cursor."""
    items, kind = _items(document, operation)
    others = [one for one in given if one["name"] != AFTER]
    takes = ["self", "*", f"{AFTER}: str | None = None"]
    takes += [_parameter(one) for one in others]
    passed = [f"{AFTER}={AFTER}", *(f"{_word(one)}={_word(one)}" for one in others)]
    yield f"\n    def {name}_all({', '.join(takes)}) -> Feed[{kind}]:\n"
    yield f'        """Each of `{name}` behind `{AFTER}`; see `Feed`."""\n'
    yield f"        def fetch({AFTER}: str | None) -> Any:\n"
    yield f"            page = self.{name}({', '.join(passed)})\n"
    yield f'            return page["{items}"], page["next"], page["more"]\n'
    yield f"        return Feed(fetch, {AFTER})\n"


def _items(document: dict[str, Any], operation: dict[str, Any]) -> tuple[str, str]:
    """The field of a page that has its items, and their type."""
    schema = operation["responses"]["200"]["content"][JSON]["schema"]
    fields = document["components"]["schemas"][type_of(schema)]["properties"]
    [items] = [field for field, one in fields.items() if one.get("type") == "array"]
    return items, type_of(fields[items]["items"], "models.")


def _answer(operation: dict[str, Any]) -> tuple[str, bool]:
    """The type of what is answered well, and whether it is no JSON."""
    for status, response in sorted(operation["responses"].items()):
        content = response.get("content") or {}
        if status.startswith("2") and JSON in content:
            return type_of(content[JSON]["schema"], "models."), False
        if status.startswith("2") and content:
            return "bytes", True
    return "None", False


def _kind(one: dict[str, Any]) -> str:
    return type_of(one.get("schema") or {}, "models.")


def _is_optional(one: dict[str, Any]) -> bool:
    return not one.get("required") or one["name"] == "Idempotency-Key"


def _parameter(one: dict[str, Any]) -> str:
    if not _is_optional(one):
        return f"{_word(one)}: {_kind(one)}"
    return f"{_word(one)}: {_union(iter([_kind(one), 'None']))} = None"


def _word(one: dict[str, Any]) -> str:
    word = str(one["name"]).lower().replace("-", "_")
    if keyword.iskeyword(word):
        return f"{word}_"
    return word


def _path(path: str, places: list[dict[str, Any]]) -> str:
    if not places:
        return f'"{path}"'
    for one in places:
        path = path.replace(f"{{{one['name']}}}", f"{{part({_word(one)})}}")
    return f'f"{path}"'


def _told(operation: dict[str, Any]) -> str:
    return "\n\n".join(filter(None, (operation["summary"], operation.get("description"))))


def _docstring(text: str | None, indent: int) -> str:
    if not text:
        return ""
    paragraphs = []
    for paragraph in text.replace("\\", "\\\\").split("\n\n"):
        paragraphs.append("\n".join(textwrap.wrap(" ".join(paragraph.split()), 88 - indent)))
    body = textwrap.indent("\n\n".join(paragraphs), " " * indent).lstrip()
    end = f"\n{' ' * indent}" * ("\n" in body)
    return f'{" " * indent}"""{body}{end}"""\n'


def formatted(source: str) -> str:
    """As `./run check` wants it."""
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename"]
    name = str(PACKAGE / "written.py")
    done = subprocess.run(
        [*ruff, name, "-"], input=source, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def written() -> dict[Path, str]:
    """Each file, as it should be."""
    told = document()
    found = {"models.py": models(told), "api.py": api(told)}
    return {PACKAGE / name: formatted(source) for name, source in found.items()}


def main() -> None:
    for path, source in written().items():
        path.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main()
