"""The OpenAPI document: valid, complete, true of what is answered, and readable by people without a
network.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.support import forks
from tests.support.databases import copy_of
from tests.support.examples import examples
from tests.support.http_client import WEEK, Desk
from tests.webhooks.api import coaches_who_are_open
from webhooks.api import docs
from webhooks.api.routes import ROUTES
from webhooks.api.schemas.responses import PoolOut, SlotsOut
from webhooks.http.codes import CODES
from webhooks.http.problems import PROBLEM
from webhooks.version import version


@pytest.fixture(scope="module")
def steady(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("openapi") / "db.sqlite")
    with coaches_who_are_open.opened(url) as desk:
        yield desk


@pytest.fixture(scope="module")
def document(steady: Desk) -> dict[str, Any]:
    found: dict[str, Any] = steady.look("/openapi.json").json
    return found


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


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param("document", id="the document is OpenAPI 3.1 and its patterns are small"),
        pytest.param("good", id="whatever is asked well is answered as the document says"),
        pytest.param("bad", id="whatever is asked badly is answered as the document says"),
        pytest.param("ids", id="what an answer names can be asked for and changed"),
    ],
)
def test_what_is_made_up_is_answered_as_the_document_says(
    sqlite_template: Path, tmp_path: Path, deed: str
) -> None:
    url = copy_of(sqlite_template, tmp_path / "db.sqlite")
    tries = examples(4, deep=100).max_examples
    done = forks.run("tests.webhooks.api.made_up_requests", url, str(tries), deed, seconds=600)
    assert done.returncode == 0, done.stderr


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
