"""Every write of the booking API goes through `once`: one transaction, one answer for one
Idempotency-Key. (An import is several transactions with one answer: `import_runs`.)

The first request with a key does the work, and its answer is stored in the same transaction: either
both are there or neither. A repeat of it gets the stored answer, byte for byte; whoever uses the
key for something else, a 422. Refusals (409, 412) are answers too, stored once all that came
before them is taken back: a repeat is told the same, and a new try takes a new key. What was not
understood, or not allowed, or not there (400 to 404, 413 to 422), and what failed (5xx), is not
stored: the same key may be sent again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus

import orjson
from flask import Response, request
from pydantic import BaseModel

from domain.sessions import Refused as Refusal
from domain.sessions import Terms
from storage.rows import idempotency
from storage.rows.idempotency import KeyReused, StoredAnswer
from storage.rows.outbox_claims import Wake
from storage.schema.database import Tx
from storage.schema.outages import run_again_once
from webhooks.http.auth import asking
from webhooks.http.context import runtime
from webhooks.http.problems import PROBLEM, RefusedRequest, refusal_response
from webhooks.http.requests import JSON

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a use case answers, and the outbox rows to wake senders for once it is committed."""

    answer: BaseModel | None
    status: int = 200
    wake: Sequence[Wake] = ()


def once(work: Callable[[Tx, Terms], WriteResult]) -> Response:
    """The answer of `work`, or the stored one. Raises what `work` raises but for Refusal; then
    nothing is written.

    After a deadlock, which took all of it back, `work` is done a second time.
    """
    return run_again_once(lambda: _once(work))


def _once(work: Callable[[Tx, Terms], WriteResult]) -> Response:
    services = runtime().services
    terms, key = services.terms(), _key_sent()
    if key is None:
        return _without_key(work, terms)
    digest = request_digest()
    try:
        with services.database.write() as tx:
            known = _begin(tx, key, digest, terms)
            if known is not None:
                return known
            done = work(tx, terms)
            answer = _written(done)
            idempotency.remember(tx, asking().client_id, key, answer)
    except Refusal as refusal:
        answer = refusal_answer(refusal)
        if _settled(key, digest, answer, terms):
            return response_to(answer)
        # The same request got an answer since ours was taken back: it gets that one.
        return _once(work)
    runtime().actors.wake_outbox(done.wake)
    return response_to(answer)


def _without_key(work: Callable[[Tx, Terms], WriteResult], terms: Terms) -> Response:
    """Nothing is stored: the same twice is done twice."""
    try:
        with runtime().services.database.write() as tx:
            done = work(tx, terms)
            answer = _written(done)
    except Refusal as refusal:
        return refusal_response(refusal)
    runtime().actors.wake_outbox(done.wake)
    return response_to(answer)


def require_key() -> str:
    """The key. Raises Refused for a request that makes something new and could not be repeated
    safely.
    """
    key = _key_sent()
    if key is None:
        detail = (
            f"Send {HEADER}: a value of your own for this one write, such as a UUID; repeat it"
            " when you repeat it."
        )
        raise RefusedRequest("idempotency_key_required", detail, field=HEADER)
    return key


def _key_sent() -> str | None:
    given = request.headers.get(HEADER)
    if given is not None and not KEY.fullmatch(given):
        detail = "Send 1 to 200 printable ASCII characters without spaces, such as a UUID."
        raise RefusedRequest("invalid_value", detail, field=HEADER)
    return given


def _begin(tx: Tx, key: str, digest: bytes, terms: Terms) -> Response | None:
    try:
        known = idempotency.begin(tx, asking().client_id, key, digest, now=terms.now)
    except KeyReused:
        raise key_reused() from None
    if known is None:
        return None
    return replayed(known)


def key_reused() -> RefusedRequest:
    detail = "This key was used for another request: send a new one with every new write."
    return RefusedRequest("idempotency_key_reused", detail, field=HEADER)


def replayed(known: StoredAnswer) -> Response:
    """What the same request was answered before."""
    response = response_to(known)
    response.headers[REPLAYED] = "true"
    return response


def refusal_answer(refusal: Refusal) -> StoredAnswer:
    response = refusal_response(refusal)
    return StoredAnswer(response.status_code, response.get_data())


def response_to(answer: StoredAnswer) -> Response:
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return Response(answer.body, answer.status, mimetype=PROBLEM)
    return Response(answer.body, answer.status, mimetype=JSON)


def _settled(key: str, digest: bytes, answer: StoredAnswer, terms: Terms) -> bool:
    with runtime().services.database.write_once() as tx:
        return idempotency.claim(tx, asking().client_id, key, digest, answer, now=terms.now)


def request_digest() -> bytes:
    """What was asked: the same JSON is the same, however it is spaced and ordered."""
    body = request.get_data(parse_form_data=False)
    if body and request.mimetype == JSON:
        body = orjson.dumps(request.get_json(), option=orjson.OPT_SORT_KEYS)
    asked = (request.method, request.full_path, request.headers.get("If-Match", ""))
    return blake2b("\0".join(asked).encode() + b"\0" + body, digest_size=32).digest()


def _written(done: WriteResult) -> StoredAnswer:
    if done.answer is None:
        return StoredAnswer(done.status, b"")
    raw = orjson.dumps(done.answer.model_dump(mode="json", by_alias=True))
    return StoredAnswer(done.status, raw)
