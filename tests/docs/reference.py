"""Writes what the reference says of the code: `python -m tests.docs.reference`, as `./run docs`
does.

A page has its prose, and between two marks what follows from the code. A test compares the two.
"""

import inspect
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import click
from apiflask import APIFlask

import domain
from domain.mail import kinds, tokens
from tests.support import http_client as desks
from tests.webhooks.cli.dead_ends import leaves
from webhooks.api.docs import shown
from webhooks.http import meanings
from webhooks.http.codes import CODES
from workers.settings import Settings, variable

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
BEGIN = "<!-- written from the code by `./run docs`: begin -->\n"
END = "<!-- written from the code: end -->\n"
PROBLEM = "[Problem](#problem)"
LISTED = (
    (
        "Reasons",
        "Why a time is closed: the `reason` of a `slot_not_open`, and of `detail=reasons`.",
        meanings.REASONS,
    ),
    ("Further reasons", "Of refusals alone.", meanings.REFUSAL_REASONS),
    (
        "States",
        "How far a coach's calendars can be believed: `state` of slots and coaches.",
        meanings.STATES,
    ),
    ("Effects", "What the coach's policy makes of that: `effect` of slots.", meanings.EFFECTS),
    (
        "Remarks",
        "The `code` of a remark on a row of an import is one of the first table's, or of these.",
        meanings.REMARKS,
    ),
)
NOWHERE = "postgresql://127.0.0.1:1/nobody"


def settings() -> Iterator[str]:
    yield from table("Variable", "Default", "Meaning")
    for name, field in Settings.model_fields.items():
        default = "**required**"
        if not field.is_required():
            default = "" if field.default is None else f"`{field.default}`"
        yield row(f"`{variable(name)}`", default, field.description or "")


def commands() -> Iterator[str]:
    for name, command in leaves():
        context = click.Context(command, info_name=f"coachcal {name}")
        yield f"\n## coachcal {name}\n\n"
        yield f"```\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n\n"
        yield f"{inspect.cleandoc(command.help or '')}\n"
        options = [one for one in command.params if isinstance(one, click.Option)]
        if options:
            yield "\n"
            yield from table("Option", "Meaning")
        for option in options:
            record = option.get_help_record(context)
            assert record is not None
            yield row(f"`{record[0]}`", record[1])


def errors() -> Iterator[str]:
    yield from table("Code", "Status", "Meaning")
    for code, (status, meaning) in CODES.items():
        yield row(f"`{code}`", f"{status} {HTTPStatus(status).phrase}", meaning)
    for heading, said, words in LISTED:
        yield f"\n## {heading}\n\n{said}\n\n"
        yield from table("Word", "Meaning")
        for word, meaning in words.items():
            yield row(f"`{word}`", meaning)


def mails() -> Iterator[str]:
    yield "\n## Kinds\n\n"
    yield from table("Kind", "To a participant", "To a coach", "When")
    for kind, meaning in kinds.MEANINGS.items():
        yield row(f"`{kind}`", *_texts(kind), meaning)
    yield "\n## Tokens\n\n"
    yield from table("Token", "What stands for it")
    for name, meaning in tokens.MEANINGS.items():
        yield row(f"`{{{{{name}}}}}`", meaning)


def _texts(kind: str) -> tuple[str, str]:
    """The names of the texts for a participant and for a coach."""
    if kind in kinds.COACH_ONLY:
        return "", f"`{kind}`"
    return f"`{kind}`", f"`coach_{kind}`"


def glossary() -> Iterator[str]:
    yield from table("Word", "Meaning")
    for word, meaning in words():
        yield row(word, meaning)


def words() -> list[tuple[str, str]]:
    """The words of the domain's docstring: each begins a line, and its meaning may go on below."""
    found: list[tuple[str, str]] = []
    _, _, listed = inspect.cleandoc(domain.__doc__ or "").partition("The words:")
    column = min(len(line) - len(line[13:].lstrip()) for line in listed.splitlines() if line)
    for line in filter(None, listed.splitlines()):
        word, meaning = line[:column].strip(), line[column:].strip()
        if word:
            found.append((word, meaning))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {meaning}")
    return found


def api() -> Iterator[str]:
    with desks.opened(NOWHERE) as desk:
        document = cast(dict[str, Any], cast(APIFlask, desk.client.application).spec)
    yield "\n## Every route\n"
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            yield from _operation(f"{method.upper()} {path}", operation)
    yield "\n## Every schema\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _schema(name, schema)


def _operation(title: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"\n### {title}\n\n{operation['summary']}\n"
    if operation.get("description"):
        yield f"\n{operation['description'].strip()}\n"
    needs = [
        ", ".join(scopes) for one in operation.get("security") or () for scopes in one.values()
    ]
    asked = [f"A key with `{scope}`." for scope in needs if scope]
    if asked:
        yield f"\n{' Or: '.join(asked)}\n"
    body = operation.get("requestBody", {}).get("content", {})
    for kind, content in body.items():
        yield f"\nBody: `{kind}`, {_linked(content['schema'])}\n"
    if operation.get("parameters"):
        yield "\n"
        yield from table("Parameter", "In", "Type", "Meaning")
    for one in operation.get("parameters", ()):
        schema = one.get("schema", {})
        told = one.get("description") or schema.get("description") or ""
        needed = "**required** " * bool(one.get("required"))
        yield row(f"`{one['name']}`", one["in"], shown(schema), needed + told)
    yield from _answers(operation["responses"])


def _answers(responses: dict[str, Any]) -> Iterator[str]:
    refusals = []
    for status, response in sorted(responses.items()):
        bodies = [
            _linked(content["schema"]) for content in (response.get("content") or {}).values()
        ]
        if bodies == [PROBLEM]:
            refusals.append(status)
            continue
        yield f"\nAnswers {status} {response['description']}"
        yield f": {', '.join(bodies)}\n" if bodies else "\n"
    if refusals:
        yield f"\nRefuses with {PROBLEM}: {', '.join(refusals)}\n"


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"\n### {name}\n\n"
    if schema.get("description"):
        yield f"{schema['description'].strip()}\n\n"
    if not schema.get("properties"):
        yield f"{shown(schema)}\n"
        return
    yield from table("Field", "Type", "Meaning")
    for field, one in schema["properties"].items():
        needed = "**required** " * (field in schema.get("required", ()))
        yield row(f"`{field}`", _linked(one), needed + one.get("description", ""))


def _linked(schema: dict[str, Any]) -> str:
    words = shown(schema)
    return f"[{words}](#{words.lower()})" if "$ref" in schema else words.replace("[", r"\[")


def table(*titles: str) -> Iterator[str]:
    yield row(*titles)
    yield row(*["---"] * len(titles))


def row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |\n"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "settings.md": settings,
    "commands.md": commands,
    "errors.md": errors,
    "mails.md": mails,
    "glossary.md": glossary,
    "api.md": api,
}


def parts(page: str) -> tuple[str, str, str]:
    """What stands before, between and after the marks of a page that is committed."""
    before, begin, rest = (REFERENCE / page).read_text().partition(BEGIN)
    between, end, after = rest.partition(END)
    assert begin, f"{page} has no mark where it begins"
    assert end, f"{page} has no mark where it ends"
    return before, between, after


def written(page: str) -> str:
    """What the code says should stand between the marks."""
    return "".join(PAGES[page]())


def main() -> None:
    for page in PAGES:
        before, _, after = parts(page)
        (REFERENCE / page).write_text(before + BEGIN + written(page) + END + after)


if __name__ == "__main__":
    main()
