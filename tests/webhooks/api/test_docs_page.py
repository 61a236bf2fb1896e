"""The manual: grouped as people think, an example for each operation, small, and readable. That the
examples are true is `test_examples`.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support.databases import Kind
from webhooks.api.docs import grouped
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
    for _, operations in grouped(document):
        assert operations
        for operation in operations:
            fits(operation["example"], operation)


def fits(example: Any, operation: dict[str, Any]) -> None:
    assert re.match(r"curl (-X [A-Z]+ )?'https://", example.curl)
    assert "{" not in example.curl.splitlines()[0], example.curl
    compile(example.python, operation["operationId"], "exec")
    if "binary" in json.dumps(operation.get("requestBody", {})):
        assert re.search(r"--data-binary @\w+\.\w+$", example.curl), example.curl
        assert "Content-Type" in example.python
    assert example.status in operation["responses"]
    told = json.loads(example.refusal)
    assert CODES[told["code"]][0] == told["status"]
    assert str(told["status"]) in operation["responses"]
