"""The OpenAPI document: valid, complete, true of what is answered, and readable by people without a
network.
"""

import gc
import json
import re
import secrets
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from dramatiq.brokers.stub import StubBroker
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel
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

from domain.coaches import Policy
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import copy_of
from tests.support.examples import examples
from tests.support.http_client import WEEK, Desk
from tests.support.page_visitor import GRACE
from webhooks.api import docs
from webhooks.api.routes import ROUTES
from webhooks.api.schemas.responses import PoolOut, SlotsOut
from webhooks.http.codes import CODES
from webhooks.http.problems import PROBLEM
from webhooks.version import version

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

PATTERN = r'"pattern": ("(?:[^"\\]|\\.)*")'
SOME = settings(
    deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
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


@pytest.fixture(scope="module")
def steady(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("openapi") / "db.sqlite")
    with desks.opened(
        url, broker=StubBroker(), limit_holds=0, limit_reads=0, limit_writes=0
    ) as desk:
        people.introduce(desk.database, people.coach(policy=Policy("hours_only", 1)))
        people.introduce(desk.database, people.coach(id="bob", policy=Policy("hide", 1)))
        desks.connect(desk, (people.at(2, 9), people.at(2, 10)))
        yield desk


@pytest.fixture(scope="module")
def document(steady: Desk) -> dict[str, Any]:
    found: dict[str, Any] = steady.look("/openapi.json").json
    return found


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [
        error.message for error in jsonschema_rs.validator_for(OPENAPI_31).iter_errors(document)
    ] == []


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred == set(document["components"]["schemas"])


def test_every_route_but_pages_is_told(document: dict[str, Any]) -> None:
    told = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    there = {(route.method, re.sub(r"<(\w+)>", r"{\1}", route.path)) for route in ROUTES}
    pages = {"/docs", "/brand/{digest}.png", "/brand/{colour}.css"}
    assert there - told == {("GET", path) for path in pages}
    assert told <= there


def test_every_operation_has_a_name_a_summary_and_typed_refusals(document: dict[str, Any]) -> None:
    operations = [
        operation for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"].endswith((".", "?"))
        for status, response in operation["responses"].items():
            if status.startswith("4"):
                assert list(response["content"]) == [PROBLEM], operation["operationId"]


def test_whatever_takes_a_body_tells_that_it_may_be_too_large_or_of_another_kind(
    document: dict[str, Any],
) -> None:
    taken = [route for route in ROUTES if route.documented and (route.files or route.body)]
    assert len(taken) > 20
    for route in taken:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        responses = document["paths"][path][route.method.lower()]["responses"]
        assert {"413", "415"} <= responses.keys(), route.name


def test_the_version_is_the_products(document: dict[str, Any]) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert document["info"]["version"] == version() == project["version"]


POOL = "/v1/slots?coach_id=ada&coach_id=bob&from=2026-06-01&to=2026-06-08&duration=60"


@pytest.mark.parametrize(
    ("query", "model"),
    [
        (WEEK, SlotsOut),
        (f"{WEEK}&detail=reasons", SlotsOut),
        (WEEK.replace("ada", "bob"), SlotsOut),
        (POOL, PoolOut),
        (f"{POOL}&mode=all", PoolOut),
    ],
)
def test_answers_made_by_hand_hold_what_their_models_tell_and_nothing_else(
    steady: Desk, query: str, model: type[BaseModel]
) -> None:
    answer = steady.get(query).json
    assert (
        model.model_validate(answer).model_dump(mode="json", by_alias=True, exclude_unset=True)
        == answer
    )


SMALL_PATTERNS = jsonschema_rs.FancyRegexOptions(size_limit=100_000)


@pytest.fixture
def small_patterns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A text that may be long and holds no NUL: Schemathesis counts its length within the pattern.

    That made an automaton of half a gigabyte. Past this size it leaves the length to itself.
    """
    monkeypatch.setattr(patterns, "FANCY_REGEX_OPTIONS", SMALL_PATTERNS)
    yield
    clear_all()
    gc.collect()


def test_no_pattern_of_the_document_is_so_large_that_schemathesis_would_pass_over_it(
    document: dict[str, Any],
) -> None:
    found = {json.loads(said) for said in re.findall(PATTERN, json.dumps(document))}
    assert found
    for pattern in found:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=SMALL_PATTERNS)


@pytest.mark.usefixtures("small_patterns")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_is_answered_as_the_document_says(
    steady: Desk, mode: GenerationMode
) -> None:
    """Schemathesis makes up requests, good or bad; a 5xx, or an answer that the document does not
    tell, fails.
    """
    headers = {"Authorization": f"Bearer {steady.key()}"}
    api = schemathesis.openapi.from_wsgi("/openapi.json", steady.client.application)
    for found in api.include(path_regex="^/(v1|webhooks)/").get_all_operations():

        @settings(SOME, max_examples=examples(4, deep=100).max_examples)
        @given(case=_operation(found).as_strategy(generation_mode=mode))
        def probe(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        probe()
        clear_all()  # or what was made up for all operations would be kept at once


@pytest.mark.usefixtures("small_patterns")
def test_what_an_answer_names_can_be_asked_for_and_changed_as_the_document_says(
    steady: Desk,
) -> None:
    """Schemathesis follows ids from one answer into the next request: made, read, moved, ended, and
    asked for again.
    """
    headers, followed = {"Authorization": f"Bearer {steady.key()}"}, Counter[str]()
    told = schemathesis.openapi.from_wsgi("/openapi.json", steady.client.application)
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
                start = steady.get(MONTH).json["starts"][0]
                case.body = {"coach_id": "ada", "start": start, "duration": 60} | MADE[case.path]

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            followed[f"{case.method} {case.path} {response.status_code}"] += 1
            case.validate_response(response, checks=CHECKS, headers=headers)

    few = settings(SOME, max_examples=15, stateful_step_count=8, derandomize=True)
    Workflow.run(settings=few)
    assert any("{" in label and label[-3] == "2" for label in followed), followed


def _operation(found: Any) -> Any:
    return found.ok()


def test_the_page_is_readable_without_a_script_or_a_network(
    steady: Desk, document: dict[str, Any]
) -> None:
    page = steady.look("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href|action)="(?!#|/)[^"]*"', page.text) == [], (
        "everything it needs is here"
    )
    assert page.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'self'"
    )
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page.text
            assert f'id="{operation["operationId"]}"' in page.text
    for code in CODES:
        assert f"<code>{code}</code>" in page.text


def test_the_page_is_made_once_however_often_it_is_asked_for(
    steady: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = steady.look("/docs").text
    monkeypatch.setattr(docs, "render_template", None)
    assert steady.look("/docs").text == page


def test_every_link_of_the_page_leads_to_a_place_on_it(steady: Desk) -> None:
    page = steady.look("/docs").text
    places = re.findall(r'id="([^"]+)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)
    for path in re.findall(r'href="(/[^"]+)"', page):
        with steady.look(path) as answer:
            assert answer.status_code == 200


def test_each_code_that_the_document_explains_has_a_status_and_a_sentence() -> None:
    for code, (status, meaning) in CODES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code)
        assert 400 <= status < 600
        assert meaning.endswith(".")
