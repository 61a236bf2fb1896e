"""The manual: grouped as people think, an example for each operation that fits its schema, small,
and readable.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support.databases import Kind
from webhooks.api.docs import grouped
from webhooks.api.samples import Samples
from webhooks.http.codes import CODES

LARGEST = 1_500_000


@pytest.fixture
def page(fresh_database: Callable[[Kind], str]) -> Iterator[tuple[str, dict[str, Any]]]:
    with desks.opened(fresh_database("sqlite"), broker=StubBroker()) as desk:
        yield desk.look("/docs").text, desk.look("/openapi.json").json


def test_every_operation_has_a_group_and_an_example_that_fits(
    page: tuple[str, dict[str, Any]],
) -> None:
    text, document = page
    assert len(text.encode()) < LARGEST
    assert text.count("Example, with curl") == sum(
        len(methods) for methods in document["paths"].values()
    )
    samples = Samples(document)
    for _, operations in grouped(document):
        assert operations
        for operation in operations:
            body = samples.body(operation)
            if body is not None:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                check(body, schema, document, operation["operationId"])
            fits(operation["example"], operation, document)


def fits(example: Any, operation: dict[str, Any], document: dict[str, Any]) -> None:
    assert re.match(r"curl (-X [A-Z]+ )?'https://", example.curl)
    assert "{" not in example.curl.splitlines()[0], example.curl
    compile(example.python, operation["operationId"], "exec")
    if "binary" in json.dumps(operation.get("requestBody", {})):
        assert re.search(r"--data-binary @\w+\.\w+$", example.curl), example.curl
        assert "Content-Type" in example.python
    if example.answer:
        schema = operation["responses"][example.status]["content"]["application/json"]["schema"]
        check(json.loads(example.answer), schema, document, operation["operationId"])
    if example.refusal:
        told = json.loads(example.refusal)
        assert CODES[told["code"]][0] == told["status"]
        assert str(told["status"]) in operation["responses"]


def check(value: Any, schema: dict[str, Any], document: dict[str, Any], name: str) -> None:
    whole = schema | {"components": document["components"]}
    found = [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(value)]
    assert found == [], f"{name}: {value}"
