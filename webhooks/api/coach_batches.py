"""Many coaches at once: PUT /v1/coaches, for a platform that keeps its coaches in step."""

import time
from typing import Any

from domain.errors import Invalid
from storage.rows.coaches import StaleVersion
from webhooks.api import coaches
from webhooks.api.coaches import Change
from webhooks.api.schemas.coach_batches import CoachesIn, CoachesPutOut, CoachOfMany, CoachPutOut
from webhooks.http.problems import RefusedRequest

SECONDS = 3.0
"""A request has five for all its work on the database: what does not fit is told to come again."""


def put_many(body: CoachesIn) -> CoachesPutOut:
    """Set up to 200 coaches, each as PUT /v1/coaches/{id} does.

    What breaks a rule refuses the whole: every such coach is told, and nothing is written. Then
    each is set in a transaction of its own and has an outcome of its own: one that changed
    meanwhile does not stop the others. To repeat the request changes nothing more.
    """
    changes = _changes(body)
    ends = time.monotonic() + SECONDS
    told = []
    for sent, change in zip(body.coaches, changes, strict=True):
        told.append(_put(sent, change, ends))
    refused = [one for one in told if one.code is not None]
    return CoachesPutOut(coaches=told, refused=len(refused))


def _changes(body: CoachesIn) -> list[Change]:
    """All of them before any is written: a wrong zone in the last must not leave the others."""
    changes, flaws, ids = [], [], set()
    for place, sent in enumerate(body.coaches):
        if sent.id in ids:
            flaws.append(_flaw(place, "id", "invalid_value", "Send each coach once."))
        ids.add(sent.id)
        try:
            changes.append(coaches.change_of(sent.id, sent))
        except Invalid as error:
            flaws.append(_flaw(place, error.field, error.code, error.detail))
        except RefusedRequest as error:
            flaws.append(_flaw(place, error.field, error.code, error.detail))
    if flaws:
        first = flaws[0]
        raise RefusedRequest(first["code"], first["detail"], field=first["field"], errors=flaws)
    return changes


def _flaw(place: int, field: str | None, code: str, detail: str) -> dict[str, Any]:
    return {"field": f"coaches[{place}].{field}", "code": code, "detail": detail}


def _put(sent: CoachOfMany, change: Change, ends: float) -> CoachPutOut:
    if time.monotonic() > ends:
        return CoachPutOut(id=sent.id, status=503, code="busy")
    try:
        changed = coaches.store(sent.id, change, sent.version)
    except StaleVersion as error:
        return CoachPutOut(id=sent.id, status=409, version=error.current, code="stale_version")
    except Invalid as error:
        # A rule that only what is stored can break.
        return CoachPutOut(id=sent.id, status=422, code=error.code)
    status: Any = 200
    if changed.created:
        status = 201
    return CoachPutOut(id=sent.id, status=status, version=changed.coach.version)
