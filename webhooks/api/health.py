"""What watches us: is the process alive, may it be sent requests, what does it count."""

from typing import Literal

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST

from storage import migrations
from storage.schema.outages import Kind, Unavailable, kind_of
from webhooks.api.schemas.responses import Alive, ReadyOut
from webhooks.http.context import parts, runtime
from workers import queues

DatabaseState = Literal["ok", "away", "read_only", "busy", "other_schema", "other_time"]
STATE_OF: dict[Kind, DatabaseState] = {
    "away": "away",
    "read_only": "read_only",
    "busy": "busy",
    "again": "busy",
    "defect": "away",
}
PATH = "/healthz"
METRICS = "health_metrics"
"""The endpoint of /metrics."""


def alive() -> Alive:
    """Is this process alive?

    It answers as long as it can answer at all: restart it when it does not.
    """
    return Alive(status="ok")


def ready() -> tuple[ReadyOut, int]:
    """May this process be sent requests?

    503 while the database is away, cannot be written, or was not migrated, and while this machine's
    clock is off the database's. Redis is told, not required: without it pushes are accepted and
    read by the sweeper.
    """
    database = _database()
    redis: Literal["ok", "away"] = "away"
    if queues.redis_answers(runtime().services):
        redis = "ok"
    if database != "ok":
        return ReadyOut(status="not_ready", database=database, redis=redis), 503
    return ReadyOut(status="ready", database=database, redis=redis), 200


def _database() -> DatabaseState:
    database = runtime().services.database
    try:
        database.check_writable()
    except Unavailable as error:
        return STATE_OF[kind_of(error)]
    if runtime().services.clock.off():
        return "other_time"
    # A newer schema too: this release serves while the next one is rolled out.
    if migrations.standing(database) in ("current", "newer"):
        return "ok"
    return "other_schema"


def metrics() -> Response:
    """What this process counts, in Prometheus's text format.

    Only at COACHCAL_INTERNAL_PORT.
    """
    return Response(parts().metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
