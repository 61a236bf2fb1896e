"""`python -m tests.webhooks.api.made_up_requests URL EXAMPLES DEED`

Schemathesis makes up requests, good or bad; a 5xx, or an answer that the OpenAPI document does not
tell, ends it with a traceback.

A process of its own, since Schemathesis keeps a hundred megabytes that no other test needs. URL is
that of a database which is empty and migrated; EXAMPLES are tried of each operation.
"""

import json
import re
import secrets
import sys
import warnings
from collections import Counter
from typing import Any

import jsonschema_rs
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.jsonschema import patterns
from schemathesis.specs.openapi._caches import clear_all
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.support.http_client import WEEK, Desk
from tests.support.page_visitor import GRACE
from tests.webhooks.api import coaches_who_are_open

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SOME = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
PATTERN = r'"pattern": ("(?:[^"\\]|\\.)*")'
SMALL_PATTERNS = jsonschema_rs.FancyRegexOptions(size_limit=100_000)
"""A text that may be long and holds no NUL: Schemathesis counts its length within the pattern. That
made an automaton of half a gigabyte. Past this size it leaves the length to itself.
"""
MONTH = WEEK.replace("to=2026-06-08", "to=2026-06-29")
MADE: dict[str, dict[str, Any]] = {
    "/v1/bookings": {"participant": GRACE},
    "/v1/holds": {"owner": "grace", "minutes": 60},
    "/v1/pods": {"min_seats": 1, "max_seats": 3},
}


@schemathesis.serializer("message/rfc822")
def mail(_: schemathesis.SerializationContext, value: Any) -> Any:
    """Whatever is made up for one, as bytes."""
    if isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogatepass")


def look_at_the_document(desk: Desk, _examples: int) -> None:
    """It is OpenAPI 3.1, and no pattern of it is so large that Schemathesis would pass over it."""
    document = desk.look("/openapi.json").json
    validator = jsonschema_rs.validator_for(OPENAPI_31)
    assert [error.message for error in validator.iter_errors(document)] == []
    found = {json.loads(said) for said in re.findall(PATTERN, json.dumps(document))}
    assert found
    for pattern in found:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=SMALL_PATTERNS)


def send(desk: Desk, examples: int, mode: GenerationMode) -> None:
    """To each operation."""
    headers = {"Authorization": f"Bearer {desk.key()}"}
    api = schemathesis.openapi.from_wsgi("/openapi.json", desk.client.application)
    for found in api.include(path_regex="^/(v1|webhooks)/").get_all_operations():
        operation = _operation(found)

        @settings(SOME, max_examples=examples)
        @given(case=operation.as_strategy(generation_mode=mode))
        def probe(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        probe()
        clear_all()  # or what was made up for all operations would be kept at once


def _operation(found: Any) -> Any:
    return found.ok()


def send_good(desk: Desk, examples: int) -> None:
    send(desk, examples, GenerationMode.POSITIVE)


def send_bad(desk: Desk, examples: int) -> None:
    send(desk, examples, GenerationMode.NEGATIVE)


def follow_ids(desk: Desk, _examples: int) -> None:
    """From one answer into the next request: made, read, moved, ended, and asked for again."""
    headers, followed = {"Authorization": f"Bearer {desk.key()}"}, Counter[str]()
    told = schemathesis.openapi.from_wsgi("/openapi.json", desk.client.application)
    api = told.include(path_regex="^/v1/(bookings|holds|pods$|pods/{pod_id}|sessions/)")
    api.config.generation.update(modes=[GenerationMode.POSITIVE])
    made: Any = api.as_state_machine()

    class Workflow(made):  # type: ignore[misc]  # schemathesis makes the class
        def before_call(self, case: Any) -> None:
            """What is made is made well: by chance nobody hits an open time of a coach who is
            there.
            """
            if "Idempotency-Key" in case.headers:  # by chance it is one of an earlier example
                case.headers["Idempotency-Key"] = secrets.token_hex(8)
            if case.method == "POST" and case.path in MADE:
                start = desk.get(MONTH).json["starts"][0]
                case.body = {"coach_id": "ada", "start": start, "duration": 60} | MADE[case.path]

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            followed[f"{case.method} {case.path} {response.status_code}"] += 1
            case.validate_response(response, checks=CHECKS, headers=headers)

    Workflow.run(settings=settings(SOME, max_examples=15, stateful_step_count=8))
    assert any("{" in label and label[-3] == "2" for label in followed), followed


DEEDS = {
    "document": look_at_the_document,
    "good": send_good,
    "bad": send_bad,
    "ids": follow_ids,
}


def main(url: str, examples: str, deed: str) -> None:
    patterns.FANCY_REGEX_OPTIONS = SMALL_PATTERNS  # type: ignore[attr-defined]  # theirs
    warnings.simplefilter("error")  # as pytest has it for all other tests
    with coaches_who_are_open.opened(url) as desk:
        DEEDS[deed](desk, int(examples))


if __name__ == "__main__":
    main(*sys.argv[1:])
