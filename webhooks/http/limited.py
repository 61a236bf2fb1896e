"""What is refused before Flask looks: a key at its limit. Whoever asks on and on then costs others
little.
"""

from typing import Any

import orjson

from storage.schema.outages import Unavailable
from webhooks.http.auth import bearer
from webhooks.http.codes import HTTP_DETAILS
from webhooks.http.context import FastPath, Parts, RawAnswer
from webhooks.http.limits import LIMITED, TOO_MANY
from webhooks.http.problems import PROBLEM
from webhooks.http.request_ids import request_id
from workers import tracing
from workers.skew import ClockOff

PLACE = "/v1/"


def in_passing(ours: Parts) -> FastPath:
    """Refuses a key that this process knows to be at its limit. Its endpoint would say the same."""
    api_keys, limits = ours.api_keys, ours.limits
    refusals = ours.metrics.refusals.labels(LIMITED)
    requests = ours.metrics.requests.labels("none", TOO_MANY)
    problem = {
        "title": "Too Many Requests",
        "status": TOO_MANY,
        "code": LIMITED,
        "detail": HTTP_DETAILS[TOO_MANY],
    }

    def look(environ: dict[str, Any]) -> RawAnswer | None:
        if not environ["PATH_INFO"].startswith(PLACE):
            return None
        presented = bearer(environ)
        if not presented:
            return None
        try:
            key = api_keys.recall(presented)
        except (*Unavailable, ClockOff):
            return None  # the endpoint asks again, and says so
        if key is None or not limits.spent(environ, key.id):
            return None
        requests.inc()
        refusals.inc()
        tracing.tell(status=TOO_MANY)
        body = orjson.dumps(problem | {"request_id": request_id(environ)})
        headers = [("Content-Type", PROBLEM), ("Content-Length", str(len(body)))]
        if environ["REQUEST_METHOD"] == "HEAD":
            body = b""
        return "429 TOO MANY REQUESTS", headers, body

    return look
