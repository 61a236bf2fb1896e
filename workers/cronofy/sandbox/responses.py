"""The answers the protocol has (JSON, nothing, a refusal),
and what a request carried, however oddly.
"""

import json
from typing import Any

from flask import Response, current_app, request

from workers.cronofy.sandbox.errors import ProtocolError, invalid
from workers.cronofy.sandbox.world import World

JSON = "application/json; charset=utf-8"
TRUE = {"true", "1"}
FALSE = {"false", "0", ""}


def current_world() -> World:
    """The world of the app that is answering."""
    world: World = current_app.extensions["sandbox"]
    return world


def json_bytes(content: object) -> bytes:
    """Compact UTF-8."""
    told = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    # Half of a surrogate pair has no UTF-8, but its escape is JSON's own.
    return told.encode(errors="backslashreplace")


def answer(content: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json_bytes(content), status=status, content_type=JSON)


def empty(status: int = 202) -> Response:
    """No body: `Content-Length: 0` and no Content-Type. Clients must not try to parse it."""
    response = Response(b"", status=status)
    del response.headers["Content-Type"]
    return response


def refusal(error: ProtocolError) -> Response:
    """An empty body unless Cronofy is known to send one."""
    # A client that survives an empty body survives whatever else may come.
    if error.body is None:
        return empty(error.status)
    return answer(error.body, error.status)


def body() -> dict[str, Any]:
    """The request's JSON object, whatever Content-Type or Content-Encoding it claims;
    nothing reads as {}.
    """
    # The Python client sends `{}` with each GET, and both clients JSON with a DELETE.
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise invalid(body="errors.invalid_json") from error
    if not isinstance(content, dict):
        raise invalid(body="errors.must_be_an_object")
    return content


def mapping(value: object, field: str) -> dict[str, Any]:
    """A JSON object that may be absent: then {}. Raises ProtocolError 422 for anything else."""
    if value is not None and not isinstance(value, dict):
        raise invalid(**{field: "errors.must_be_an_object"})
    return value or {}


def form_or_json() -> dict[str, Any]:
    """A body that may be form-encoded as well, as /oauth/* allows."""
    if request.mimetype == "application/x-www-form-urlencoded":
        request.get_data()  # keeps the bytes, so that the form can still be read
        return dict(request.form.items())
    return body()


def truth(value: object, field: str) -> bool:
    """A boolean however it is spelt: true, True, 1, "true"; empty is false.
    Raises ProtocolError 422.
    """
    # In a query the Python client writes True and False, the others true and false.
    text = ""
    if value is not None:
        text = str(value).lower()
    if text not in TRUE | FALSE:
        raise invalid(**{field: "errors.must_be_boolean"})
    return text in TRUE


def flag(name: str) -> bool:
    """A boolean query parameter."""
    return truth(request.args.get(name), name)
