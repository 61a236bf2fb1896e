"""Who may do what to whose: each operation of the OpenAPI document x each scope x own, another's
and nobody's things.

The rows are `every_request.REQUESTS`; that they are all there is asked of the document.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from storage.rows.api_keys import SCOPES
from tests.support.http_client import Desk
from tests.webhooks.every_request import REQUESTS, About, Things, send
from tests.webhooks.request_parts import NUMBERS, Request
from webhooks.api.openapi import BEARER

Dump = dict[str, list[Any]]
ID = re.compile(r"\w+_id|ids|calendars|receives|channel_token|feed_token")
"""How fields and parameters are called that hold an id of something we keep."""
BESIDES = {"idempotency"}
"""A refusal is kept, so that its repeat is answered the same."""


@pytest.fixture(scope="module")
def operations(steady: Desk) -> dict[str, Any]:
    """By name, each operation of the document with its method and path."""
    document = steady.look("/openapi.json").json
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            ids = set(ids_in(operation.get("parameters", []), document)) | set(
                ids_in(body_of(operation), document)
            )
            found[operation["operationId"]] = operation | {
                "method": method.upper(),
                "path": path,
                "ids": ids,
            }
    return found


def body_of(operation: dict[str, Any]) -> Any:
    return (
        operation.get("requestBody", {})
        .get("content", {})
        .get("application/json", {})
        .get("schema", {})
    )


def ids_in(part: Any, document: dict[str, Any]) -> Iterator[str]:
    """The names in a schema, or in parameters, of what holds an id; references are followed."""
    if isinstance(part, list):
        for each in part:
            yield from ids_in(each, document)
    if not isinstance(part, dict):
        return
    if "$ref" in part:
        yield from ids_in(
            document["components"]["schemas"][part["$ref"].rpartition("/")[2]], document
        )
    names = [*part.get("properties", ()), part.get("name")]
    yield from (name for name in names if isinstance(name, str) and ID.fullmatch(name))
    for value in part.values():
        yield from ids_in(value, document)


def test_every_operation_and_each_of_its_ids_has_its_row(operations: dict[str, Any]) -> None:
    rows: dict[str, set[str]] = {}
    for request in REQUESTS:
        rows.setdefault(request.operation, set()).update(request.others)
    # The roster names its coach in a column, of which the document says nothing.
    rows["imports_load"] -= {"coach_id"}
    rows["mail_replies_take"] -= {"booking_uid"}
    # Of many coaches each is named by its `id`, as a coach is that is answered.
    rows["coaches_put_many"] -= {"coach_id"}
    assert rows == {name: operation["ids"] for name, operation in operations.items()}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.operation)
def test_each_may_what_its_scope_says_to_what_belongs_together(
    steady: Desk, operations: dict[str, Any], request_: Request
) -> None:
    operation = operations[request_.operation]
    number = next(NUMBERS)
    own, other = Things(steady, f"own{number}"), Things(steady, f"other{number}")
    way = operation["method"], operation["path"]
    needed = {scope for each in operation.get("security", ()) for scope in each.get(BEARER, ())}
    about = About(request_, own)
    theirs = everything(about, other)
    before = refused_without_scope(steady, way, about, needed)
    for thing, (others, nobodys) in request_.others.items():
        before = mixed(
            steady, way, About(request_, own, {thing: f"nobody{number}"}), nobodys, before
        )
        before = mixed(steady, way, About(request_, own, {thing: theirs[thing]}), others, before)
    for scope in needed or {"ops"}:
        answer = send(steady, *way, about, scope)
        assert answer.status_code == request_.answered, answer.text


def everything(about: About, other: Things) -> dict[str, str]:
    """The other coach's things for each id. All of both coaches' is made here, before anything is
    compared.
    """
    for thing in ("withheld_id", "shell_id", *about.request.others):
        assert about.own[about.request.instead.get(thing, thing)]
        assert other[about.request.instead.get(thing, thing)]
    return {thing: other[about.request.instead.get(thing, thing)] for thing in about.request.others}


def refused_without_scope(desk: Desk, way: tuple[str, str], about: About, needed: set[str]) -> Dump:
    """What is kept afterwards: the same as before."""
    for scope in SCOPES:
        desk.key(scope)
    before = kept(desk)
    if needed:
        for scope in set(SCOPES) - needed:
            assert send(desk, *way, about, scope).status_code == 403, scope
    if needed or about.request.operation == "notifications_receive":
        assert send(desk, *way, about, bare=True).status_code == 401
    assert kept(desk) == before
    return before


def mixed(desk: Desk, way: tuple[str, str], about: About, status: int, before: Dump) -> Dump:
    """What is kept afterwards: as before where it was refused; and whatever is the coach's, where
    nothing of theirs was named.
    """
    answer = send(desk, *way, about)
    assert answer.status_code == status, f"{about.but}: {answer.text}"
    after = kept(desk)
    if status >= 400:
        assert after == before, about.but
    elif about.but.keys() == about.request.others.keys():
        assert of(about.own, before) <= of(about.own, after), about.but
    return after


def kept(desk: Desk) -> Dump:
    return {table: rows for table, rows in desk.dump().items() if table not in BESIDES}


def of(things: Things, dump: Dump) -> set[str]:
    """The rows that name one of these things."""
    mine = set(things.made.values())
    rows = [repr(row) for table in dump.values() for row in table]
    return {row for row in rows if any(thing in row for thing in mine)}
