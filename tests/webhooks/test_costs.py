"""What others send is read in time that grows with its length: the worst texts, wherever the
document takes a text.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.http_client import PUSH, WEEK, Desk
from tests.webhooks.costs import (
    SIZE,
    Environ,
    Marks,
    check,
    environ_of,
    on_wire,
    pace,
    steady,
    with_body,
)
from tests.webhooks.every_request import REQUESTS, About, Things, filled
from tests.webhooks.request_parts import NUMBERS, Request, as_sent
from tests.webhooks.text_fields import EACH, FOURS, TENS, Path, body_texts, parameters, put, worst

__all__ = ["pace", "steady"]

LONG = 1_000
"""What may be longer than this is parsed by somebody: each of the worst texts is tried alone."""
FORMS = {
    "application/x-www-form-urlencoded": "key={0}&next={0}",
    "multipart/form-data; boundary=b": (
        '--b\r\nContent-Disposition: form-data; name="key{0}"\r\n\r\n{0}\r\n--b--\r\n'
    ),
}


@pytest.fixture(scope="module")
def document(steady: Desk) -> dict[str, Any]:
    found: dict[str, Any] = steady.look("/openapi.json").json
    return found


def operations(document: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        told["operationId"]: (method.upper(), path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    }


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.operation)
def test_every_text_of_the_document_is_read_in_time_that_grows_with_its_length(
    steady: Desk, document: dict[str, Any], pace: float, request_: Request
) -> None:
    method, path, told = operations(document)[request_.operation]
    about = About(request_, Things(steady, f"costs{next(NUMBERS)}"))
    body, query = filled(request_.body, about), filled(dict(request_.query), about)
    sent = as_sent(body)
    usual = environ_of(steady, method, filled(path, about), query_string=query, **sent)
    for place in body_texts(told, document):
        make, where = partial(in_body, usual, body, place.path), (request_.operation, *place.path)
        longest = min(place.longest or 1, SIZE)
        tried = [(marks, SIZE) for marks in TENS]
        tried += [(marks, longest) for marks in (EACH if longest > LONG else FOURS)]
        for marks, size in tried:
            check(steady, make, marks, size, pace, where)
    for kind, name in parameters(told):
        for marks in TENS:
            make = partial(in_parameter, usual, path, about, query, kind, name)
            check(steady, make, marks, SIZE, pace, (request_.operation, kind, name))


def in_body(usual: Environ, body: Any, path: Path, marks: Marks, size: int) -> Environ:
    return with_body(usual, json.dumps(put(body, path, worst(marks, size))).encode())


def in_parameter(
    usual: Environ,
    path: str,
    about: About,
    query: dict[str, str],
    kind: str,
    name: str,
    marks: Marks,
    size: int,
) -> Environ:
    text = worst(marks, size)
    if kind == "header":
        return usual | {f"HTTP_{name.upper().replace('-', '_')}": on_wire(text)}
    if kind == "query":
        escaped = worst(marks, size // 3)  # most of it becomes three characters
        return usual | {"QUERY_STRING": urlencode(query | {name: escaped})}
    but = {name: text.replace("/", "|")}  # a slash would lead elsewhere
    return usual | {"PATH_INFO": on_wire(filled(path, About(about.request, about.own, but)))}


HEADERS = (
    *(
        "AUTHORIZATION",
        "ACCEPT",
        "ACCEPT_LANGUAGE",
        "ACCEPT_ENCODING",
        "COOKIE",
        "HOST",
        "ORIGIN",
        "REFERER",
        "RANGE",
    ),
    *(
        "IF_NONE_MATCH",
        "IF_MODIFIED_SINCE",
        "X_REQUEST_ID",
        "X_FORWARDED_FOR",
        "FORWARDED",
        "TRACEPARENT",
        "BAGGAGE",
    ),
    *("USER_AGENT", "SEC_FETCH_SITE", "HX_REQUEST"),
)


@pytest.mark.parametrize("path", [WEEK, "/ops", "/book", "/nowhere"])
def test_every_header_is_read_in_time_that_grows_with_its_length(
    steady: Desk, pace: float, path: str
) -> None:
    usual = environ_of(steady, "GET", path)
    for name in HEADERS:
        for marks in FOURS:

            def make(marks: Marks, size: int, name: str = name) -> Environ:
                return usual | {f"HTTP_{name}": on_wire(worst(marks, size))}

            check(steady, make, marks, SIZE, pace, (path, name))


@pytest.mark.parametrize("path", ["/v1/coaches/ada", "/ops/login", "/connect/begin", PUSH])
def test_every_content_type_and_form_is_read_in_time_that_grows_with_its_length(
    steady: Desk, pace: float, path: str
) -> None:
    method = "PUT" if path.startswith("/v1") else "POST"
    usual = environ_of(steady, method, path)
    kinds = (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/json",
    )
    for marks in FOURS:

        def make(marks: Marks, size: int) -> Environ:
            return usual | {"CONTENT_TYPE": on_wire(worst(marks, size))}

        check(steady, make, marks, SIZE, pace, (path, "Content-Type"))
        for kind in kinds:

            def fill(marks: Marks, size: int, kind: str = kind) -> Environ:
                text = worst(marks, size)
                raw = FORMS.get(kind, "{}").format(text).encode()
                return with_body(usual, raw) | {"CONTENT_TYPE": kind}

            check(steady, fill, marks, SIZE, pace, (path, kind))


def nested(opening: str, closing: str, size: int) -> str:
    deep = size // len(opening + closing)
    return opening * deep + "1" + closing * deep


def listed(each: str, size: int) -> str:
    return f"[{','.join([each] * (size // (len(each) + 1)))}]"


SHAPES: dict[str, Callable[[int], str]] = {
    "lists in lists": lambda size: nested("[", "]", size),
    "objects in objects": lambda size: nested('{"a":', "}", size),
    "lists of texts": lambda size: listed('"x"', size),
    "lists of objects": lambda size: listed("{}", size),
    "objects of many names": lambda size: (
        "{" + ",".join(f'"a{n}":1' for n in range(size // 8)) + "}"
    ),
    "windows": lambda size: '{"mon":' + listed('["09:00","10:00"]', size) + "}",
    "dates": lambda size: "{" + ",".join(f'"2026-{n:04}":[]' for n in range(size // 15)) + "}",
    "digits": lambda size: "9" * size,
}
WITH_BODY = [request for request in REQUESTS if isinstance(request.body, dict)]


@pytest.mark.parametrize("request_", WITH_BODY, ids=lambda request: request.operation)
def test_every_field_may_hold_anything_and_is_read_in_time_that_grows_with_its_length(
    steady: Desk, document: dict[str, Any], pace: float, request_: Request
) -> None:
    method, path, told = operations(document)[request_.operation]
    about = About(request_, Things(steady, f"costs{next(NUMBERS)}"))
    body = filled(request_.body, about)
    usual = environ_of(steady, method, filled(path, about), json=body)
    fields = list(body | dict.fromkeys(place.path[0] for place in body_texts(told, document)))
    for shape in SHAPES:
        for make in (partial(as_body, usual), partial(in_fields, usual, body, fields)):
            check(steady, make, (shape,), SIZE, pace, request_.operation)


def as_body(usual: Environ, marks: Marks, size: int) -> Environ:
    return with_body(usual, SHAPES[marks[0]](size).encode())


def in_fields(usual: Environ, body: Any, fields: list[Any], marks: Marks, size: int) -> Environ:
    """Each field holds its share."""
    mark = "what stands here"
    raw = json.dumps(body | dict.fromkeys(fields, mark))
    return with_body(
        usual, raw.replace(f'"{mark}"', SHAPES[marks[0]](size // len(fields))).encode()
    )
