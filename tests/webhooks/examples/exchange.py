"""A request as it was sent, and what was answered."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from domain.event_versions import NEWEST
from storage.rows.api_keys import SCOPES
from tests.support.http_client import CHANGE, SECRET, Answer, Desk
from tests.webhooks.every_request import About, filled
from tests.webhooks.request_parts import as_sent
from webhooks.api.route import Route
from webhooks.http import idempotent, versions
from webhooks.http.requests import JSON
from workers.cronofy import signature

PUSH = "notifications_receive"
TEXTS = ("text/", "image/svg", "application/x-ndjson")
LEFT_OUT = "(left out)"
"""The value of a field that is not sent."""
KEY_SENT = "5b0c1f8e-grace-0001"
Headers = dict[str, str]


@dataclass(frozen=True)
class Exchange:
    """`body`, `answer`: of JSON the value, else text, or bytes. `operation`: empty where none was
    reached.
    """

    operation: str
    method: str
    path: str
    headers: Headers
    body: Any
    status: int
    media: str
    answer: Any
    answered: Headers

    @property
    def codes(self) -> set[str]:
        """Every code in it: its own, of each flaw, and of each row of an import."""
        return set(_codes(self.answer))


def _codes(answer: Any) -> list[str]:
    found = []
    if isinstance(answer, list):
        for each in answer:
            found += _codes(each)
    if isinstance(answer, dict):
        if isinstance(answer.get("code"), str):
            found.append(answer["code"])
        for each in answer.values():
            found += _codes(each)
    return found


@dataclass(frozen=True)
class Change:
    """What is sent otherwise than a request that is answered well. `body`: fields of it, or
    instead of it; `raw`: octets instead of it; `scopes`: of the key; `bare`: without one.
    """

    body: Any = None
    raw: bytes | None = None
    path: str | None = None
    query: dict[str, str] | None = None
    headers: Headers | None = None
    scopes: tuple[str, ...] = ()
    bare: bool = False


NOTHING = Change()


@dataclass
class Draft:
    """A request that is not sent yet. `options`: its query and body, as the test client takes
    them.
    """

    method: str
    path: str
    headers: Headers
    body: Any
    options: dict[str, Any]


def send(
    desk: Desk, route: Route, about: About, change: Change = NOTHING, *, method: str = ""
) -> Exchange:
    """Send the request of `about` to its route, changed."""
    draft = _drafted(route, about, change)
    draft.method = method or route.method
    if route.scopes and not change.bare:
        key = {"Authorization": f"Bearer {desk.key(*change.scopes or SCOPES)}"}
        draft.headers = key | draft.headers
    if route.name == PUSH:
        _sign(draft)
    return _sent(desk, route.name, draft)


def _drafted(route: Route, about: About, change: Change) -> Draft:
    request = about.request
    body = _body(filled(request.body, about), filled(change.body, about))
    options = as_sent(body)
    if change.raw is not None:
        body, options = change.raw, _raw(options, change.raw)
    headers = _headers(route) | (change.headers or {})
    if "Content-Type" in headers:
        options["content_type"] = headers.pop("Content-Type")
    query = change.query
    if query is None:
        query = dict(request.query)
    options["query_string"] = filled(query, about)
    named = {name: value for name, value in headers.items() if value}
    return Draft(route.method, _filled(change.path or route.path, about), named, body, options)


def _headers(route: Route) -> Headers:
    headers: Headers = {}
    if route.scopes:
        headers[versions.HEADER] = NEWEST
    if route.once:
        headers[idempotent.HEADER] = secrets.token_hex(8)
    return headers


def _raw(options: dict[str, Any], raw: bytes) -> dict[str, Any]:
    return {"data": raw, "content_type": options.get("content_type", JSON)}


def _sign(draft: Draft) -> None:
    """As Cronofy does, unless the headers say otherwise."""
    raw = draft.options.pop("data", CHANGE)
    draft.options.pop("json", None)
    draft.options |= {"data": raw, "content_type": f"{JSON}; charset=utf-8"} | draft.options
    draft.headers = {signature.HEADER: signature.sign(raw, [SECRET])} | draft.headers


def _sent(desk: Desk, operation: str, draft: Draft) -> Exchange:
    headers, options = draft.headers, draft.options
    answer: Any = desk.client.open(
        draft.path, method=draft.method, headers=headers, buffered=True, **options
    )
    if "content_type" in options:
        headers = headers | {"Content-Type": options["content_type"]}
    elif options.get("json") is not None:
        headers = headers | {"Content-Type": JSON}
    query = answer.request.query_string.decode()
    asked = f"{draft.path}?{query}".rstrip("?")
    return _exchange(replace(draft, path=asked, headers=headers), operation, answer)


def _exchange(draft: Draft, operation: str, answer: Answer) -> Exchange:
    shown: Any = answer.get_data()
    media = answer.mimetype or ""
    if answer.is_json and shown:
        shown = answer.json
    elif media.startswith(TEXTS):
        shown = shown.decode("utf-8-sig")
    return Exchange(
        operation=operation,
        method=draft.method,
        path=draft.path,
        headers=draft.headers,
        body=draft.body,
        status=answer.status_code,
        media=media,
        answer=shown,
        answered=dict(answer.headers),
    )


def _filled(path: str, about: About) -> str:
    return str(filled(path.replace("<", "{").replace(">", "}"), about))


def _body(base: Any, change: Any) -> Any:
    if change is None:
        return base
    if isinstance(base, dict) and isinstance(change, dict):
        whole = base | change
        return {name: value for name, value in whole.items() if value is not LEFT_OUT}
    return change
