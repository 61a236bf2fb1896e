"""A request as it was sent, and what was answered."""

import secrets
from dataclasses import dataclass
from typing import Any

from domain.event_versions import NEWEST
from storage.rows.api_keys import SCOPES
from tests.support.http_client import Answer, Desk
from tests.webhooks.every_request import About, filled
from tests.webhooks.request_parts import Request, as_sent
from webhooks.api.route import Route
from webhooks.http import idempotent, versions
from webhooks.http.requests import JSON
from workers.cronofy import signature

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


def send(
    desk: Desk, route: Route, about: About, change: Change = NOTHING, *, method: str = ""
) -> Exchange:
    """Send the request of `about` to its route, changed."""
    request = about.request
    path = _filled(change.path or route.path, about)
    body = _body(filled(request.body, about), filled(change.body, about))
    headers: Headers = {versions.HEADER: NEWEST}
    if not route.scopes:
        headers = {}
    if route.once:
        headers[idempotent.HEADER] = secrets.token_hex(8)
    query = change.query
    if query is None:
        query = dict(request.query)
    options: dict[str, Any] = {"query_string": filled(query, about)} | as_sent(body)
    if change.raw is not None:
        kind = options.pop("content_type", JSON)
        options.pop("json", None)
        options |= {"data": change.raw, "content_type": kind}
    headers |= change.headers or {}
    if "Content-Type" in headers:
        options["content_type"] = headers.pop("Content-Type")
    named = {name: value for name, value in headers.items() if value}
    return sent(
        desk,
        route,
        method or route.method,
        path,
        (named, body if change.raw is None else change.raw, options),
        change,
    )


def sent(
    desk: Desk,
    route: Route,
    method: str,
    path: str,
    what: tuple[Headers, Any, dict[str, Any]],
    change: Change,
) -> Exchange:
    headers, body, options = what
    if route.scopes and not change.bare:
        scopes = change.scopes or SCOPES
        headers = {"Authorization": f"Bearer {desk.key(*scopes)}"} | headers
    if route.name == "notifications_receive":
        headers, body, options = _signed(body, headers, options)
    answer: Any = desk.client.open(path, method=method, headers=headers, buffered=True, **options)
    if "content_type" in options:
        headers = headers | {"Content-Type": options["content_type"]}
    elif options.get("json") is not None:
        headers = headers | {"Content-Type": JSON}
    query = answer.request.query_string.decode()
    asked = f"{path}?{query}".rstrip("?")
    return _exchange(route.name, method, asked, headers, body, answer)


def _signed(
    body: Any, headers: Headers, options: dict[str, Any]
) -> tuple[Headers, Any, dict[str, Any]]:
    """A push as Cronofy signs it, unless `headers` say otherwise."""
    from tests.support.http_client import CHANGE, SECRET

    raw = options.pop("data", CHANGE)
    options.pop("json", None)
    kind = options.pop("content_type", f"{JSON}; charset=utf-8")
    signs = {signature.HEADER: signature.sign(raw, [SECRET])}
    return signs | headers, body, options | {"data": raw, "content_type": kind}


def _exchange(
    operation: str, method: str, path: str, headers: Headers, body: Any, answer: Answer
) -> Exchange:
    shown: Any = answer.get_data()
    media = answer.mimetype or ""
    if answer.is_json and shown:
        shown = answer.json
    elif media.startswith(("text/", "image/svg", "application/x-ndjson")):
        shown = shown.decode("utf-8-sig")
    return Exchange(
        operation=operation,
        method=method,
        path=path,
        headers=headers,
        body=body,
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


LEFT_OUT = "(left out)"
__all__ = ["Change", "Exchange", "Request", "send", "sent"]
