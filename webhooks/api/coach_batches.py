"""Many coaches at once: PUT /v1/coaches, for a platform that keeps its coaches in step."""

import time
from typing import Any

from domain.coaches import Coach
from domain.errors import Invalid
from domain.sessions import Refused
from storage.rows.coaches import StaleVersion, is_same
from storage.schema.outages import Unavailable, kind_of
from storage.transactions.coach_settings import CoachChange
from webhooks.api import coaches
from webhooks.api.coaches import Change
from webhooks.api.schemas.coach_batches import CoachesIn, CoachesPutOut, CoachOfMany, CoachPutOut
from webhooks.http.codes import BUSY, OUT
from webhooks.http.problems import RETRY_AFTER, RefusedRequest

SECONDS = 3.0
"""A request has five for all its work on the database: what does not fit is told to come again."""


def put_many(body: CoachesIn) -> CoachesPutOut:
    """Set up to 200 coaches, each as PUT /v1/coaches/{id} does.

    What breaks a rule refuses the whole: every such coach is told, and nothing is written. Then
    each is set in a transaction of its own and has an outcome of its own: one that changed
    meanwhile does not stop the others. To repeat the request changes nothing more, and one that
    was set by it before is no conflict.
    """
    # The rules take of the same five seconds: looking holidays up is not quick.
    ends = time.monotonic() + SECONDS
    changes = _changes(body, ends)
    told = []
    for sent, change in zip(body.coaches, changes, strict=True):
        told.append(_put(sent, change, ends))
    refused = [one for one in told if one.code is not None]
    return CoachesPutOut(coaches=told, refused=len(refused))


def _changes(body: CoachesIn, ends: float) -> list[Change]:
    """All of them before any is written: a wrong zone in the last must not leave the others."""
    changes, flaws, ids = [], [], set()
    for place, sent in enumerate(body.coaches):
        if sent.id in ids:
            flaws.append(_flaw(place, "id", "invalid_value", "Send each coach once."))
        ids.add(sent.id)
        if place and time.monotonic() > ends:
            # What was looked up is kept: the same request comes further the next time.
            raise RefusedRequest(*BUSY, headers=RETRY_AFTER)
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
        changed = _store(sent, change)
    except StaleVersion as error:
        return CoachPutOut(id=sent.id, status=409, version=error.current, code="stale_version")
    except Invalid as error:
        # A rule that only what is stored can break.
        return CoachPutOut(id=sent.id, status=422, code=error.code)
    except Refused as error:
        return CoachPutOut(id=sent.id, status=409, code=error.code)
    except Unavailable as error:
        # Others are stored by now: whoever sent this has to hear which.
        return CoachPutOut(id=sent.id, status=503, code=_code_of(error))
    status: Any = 200
    if changed.created:
        status = 201
    return CoachPutOut(id=sent.id, status=status, version=changed.coach.version)


def _store(sent: CoachOfMany, change: Change) -> CoachChange:
    """Raises StaleVersion, unless what is sent is just what is stored."""
    try:
        return coaches.store(sent.id, change, sent.version)
    except StaleVersion as error:
        stale = error

    def unchanged(before: Coach | None) -> Coach:
        after = change(before)
        if before is None or not is_same(before, after):
            raise stale
        return after

    # The race: the answer to this very request was lost, and it is sent again with the version of
    # before. It is looked at under the coach's lock, and nothing is written.
    return coaches.store(sent.id, unchanged, None)


def _code_of(error: Exception) -> str:
    """Raises what no database is to blame for."""
    kind = kind_of(error)
    if kind == "defect":
        raise error
    return OUT[kind][0]
