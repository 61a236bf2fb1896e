"""Every answer and every refusal in the documents is an example that is sent: each status and media
type of each operation, and each code. What comes is compared with the document.

A new operation, status or code turns this red until `tests/webhooks/examples` sends it; then
`./run docs` writes the example down.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.docs import examples as generator
from tests.docs.examples import shape
from tests.support.databases import copy_of
from tests.webhooks.examples.everything import exchanges
from tests.webhooks.examples.exchange import Exchange
from tests.webhooks.examples.states import STATES
from tests.webhooks.examples.values import VALUES
from webhooks.api import examples
from webhooks.http.codes import CODES
from webhooks.http.problems import PROBLEM

OF_PAGES = {"read_only_role", *(code for code in CODES if code.startswith("oidc_"))}
"""Of the ops pages, which say them in words: they stand in the list of refusals, and no answer has
one (tests/webhooks/ops).
"""
EMPTY = ("204", "304")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def told(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Document, list[Exchange]]]:
    """The document, and all that was sent and answered."""
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("examples") / "db.sqlite")
    with generator.desk_at(url) as desk:
        yield desk.look("/openapi.json").json, exchanges(desk)


def operations(document: Document) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def kinds(operation: dict[str, Any]) -> set[tuple[str, str]]:
    """Each status with each media type that the document tells of an operation."""
    found = set()
    for status, response in operation["responses"].items():
        found |= {(status, media) for media in response.get("content") or [""]}
    return found


def test_what_is_told_is_sent_and_what_is_answered_is_told(
    told: tuple[Document, list[Exchange]],
) -> None:
    document, found = told
    answered = defaultdict(set)
    for one in found:
        status = str(one.status)
        answered[one.operation].add((status, "" if status in EMPTY else one.media))
    for operation in operations(document):
        name = operation["operationId"]
        assert answered[name] == kinds(operation), name


def test_every_answer_fits_its_schema_and_every_refusal_its_code(
    told: tuple[Document, list[Exchange]],
) -> None:
    document, found = told
    by_name = {operation["operationId"]: operation for operation in operations(document)}

    by_schema = defaultdict(list)
    for one in found:
        if one.media == PROBLEM:
            assert CODES[one.answer["code"]][0] == one.status == one.answer["status"]
        content = _content(by_name, one)
        if content is not None and one.media.endswith("json"):
            by_schema[json.dumps(content["schema"], sort_keys=True)].append(one)
    # One validator at a time: each is a megabyte.
    for schema, answers in by_schema.items():
        whole = json.loads(schema) | {"components": document["components"]}
        validator = jsonschema_rs.validator_for(whole)
        for one in answers:
            assert validator.is_valid(one.answer), f"{one.operation}: {one.answer}"


def _content(by_name: dict[str, Any], one: Exchange) -> Any:
    if not one.operation:
        return None
    return (by_name[one.operation]["responses"][str(one.status)].get("content") or {}).get(
        one.media
    )


def test_every_code_is_answered(told: tuple[Document, list[Exchange]]) -> None:
    _, found = told
    codes = set()
    for one in found:
        codes |= one.codes
    assert set(CODES) - codes == OF_PAGES
    # Each request that is there for a code gets that one
    cases = [(code, name) for code, name, _ in VALUES]
    cases += [(case.code, case.operation) for case in STATES]
    answered = defaultdict[str, set[str]](set)
    for one in found:
        answered[one.operation] |= one.codes
    assert [case for case in cases if case[0] not in answered[case[1]]] == []


def test_the_document_has_each_as_its_example(told: tuple[Document, list[Exchange]]) -> None:
    document, found = told
    assert shape(examples.kept()) == shape(generator.told(found)), "run: ./run docs"
    for operation in operations(document):
        for status, media in kinds(operation) - {(each, "") for each in EMPTY}:
            content = operation["responses"][status]["content"][media]
            if media == PROBLEM or not media.endswith("sheet"):
                assert content["examples"], (operation["operationId"], status, media)
    assert set(document["components"]["examples"]) == set(CODES) - OF_PAGES
