"""The examples of the OpenAPI document: requests that were sent, and what was answered.

`./run docs` writes them down (`tests/docs/examples.py`), and a test sends all of them again.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

from webhooks.http.codes import CODES
from webhooks.http.problems import PROBLEM

PATH = Path(__file__).with_name("examples.json")
REFERRED = "#/components/examples/"
Json = dict[str, Any]


@cache
def kept() -> Json:
    """`operations`: by name, then by status and media type; `refusals`: the codes of each status;
    `problems`: by code.
    """
    found: Json = orjson.loads(PATH.read_bytes())
    return found


def put_into(document: Json) -> None:
    """Give each answer and each refusal of the document its example."""
    told = {}
    for code, one in sorted(kept()["problems"].items()):
        if code in CODES:
            told[code] = {"summary": CODES[code][1], "value": one["answer"]}
    document["components"]["examples"] = told
    for methods in document["paths"].values():
        for operation in methods.values():
            _fill(operation)


def _fill(operation: Json) -> None:
    name = operation["operationId"]
    answers, codes = kept()["operations"].get(name, {}), kept()["refusals"].get(name, {})
    for status, response in operation["responses"].items():
        for media, content in (response.get("content") or {}).items():
            if media == PROBLEM:
                refused = codes.get(status, ())
                content["examples"] = {code: {"$ref": REFERRED + code} for code in refused}
            elif (one := answers.get(f"{status} {media}")) and one["answer"] is not None:
                content["examples"] = {"answer": {"value": one["answer"]}}
