"""A dry look: a coach's calendars are read at Cronofy, and what that would change is told. Nothing
of it is stored; whoever wants it stored asks for a refresh, which reads again.

On the command line it is done at once. From the web it is handed to a worker, and what was found
waits some minutes in Redis: it is no record of anything, and may be lost with it.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from domain.dry_looks import DryDifference
from storage.rows import coaches, connections
from storage.schema.database import Tx
from storage.slots import dry_looks, slot_sets
from storage.slots.dry_looks import Looked
from workers.breaker import FAILURES
from workers.cronofy.errors import CronofyError
from workers.jobs import tokens
from workers.services import Services

log = structlog.get_logger()

LOOK_SECONDS = 60
"""What all reads of one look may take; whoever asked waits no longer."""
KEPT_SECONDS = 600
_PREFIX = "coachcal:dry_look:"
Found = dict[str, Any]
"""`coach`: whose; `state`: asked, reading, done or failed. `read`, `of`: accounts, while reading.
`difference`: once done. `error`: why it failed.
"""


def look(
    services: Services,
    coach_id: str,
    *,
    seconds: float = LOOK_SECONDS,
    progress: Callable[[int, int], None] = lambda _read, _of: None,
) -> DryDifference | None:
    """Read all of the coach's accounts, and compare. None: there is no such coach, or no account
    that can be read.

    Each call takes from the budget, as a refresh's does. Raises CronofyError when one of them
    cannot be read: half a look would tell of openings that are none.
    """
    now = services.now()
    with services.database.read() as tx:
        coach, chosen = coaches.get(tx, coach_id), _readable(tx, coach_id)
    if coach is None or not chosen:
        return None
    in_time = replace(services, cronofy=services.cronofy.until(time.monotonic() + seconds))
    window, zone = slot_sets.window(coach, now), coach.hours.zone

    def read(access: str) -> Looked:
        reading = in_time.cronofy.free_busy(
            access, since=window.since, until=window.until, zone=zone
        )
        return Looked(reading, window.known_until)

    looked = {}
    for number, connection_id in enumerate(chosen):
        progress(number, len(chosen))
        looked[connection_id] = tokens.authorised(in_time, connection_id, read)
    return _compared(services, coach_id, looked)


def _compared(
    services: Services, coach_id: str, looked: Mapping[str, Looked]
) -> DryDifference | None:
    """None: the coach was removed meanwhile, or an account was disconnected."""
    stale_after = services.stale_after()
    with services.database.write() as tx:
        coach = coaches.lock(tx, coach_id)
        if coach is None or not set(looked) <= set(connections.ids_of_coach(tx, coach_id)):
            return None
        return dry_looks.compare(tx, coach, looked, now=services.now(), stale_after=stale_after)


def _readable(tx: Tx, coach_id: str) -> list[str]:
    """The accounts that a refresh would read: of the others stays what is stored."""
    chosen = []
    for each in connections.of_coach(tx, coach_id):
        if each.trouble not in ("disconnected", "revoked") and not each.erasing:
            chosen.append(each.id)
    return chosen


def ask(services: Services, coach_id: str) -> str | None:
    """The name of a look that a worker is to be woken for; None while Redis is away."""
    look_id = "look_" + secrets.token_hex(12)
    asked = {"coach": coach_id, "state": "asked"}
    if not _keep(services, look_id, asked, seconds=LOOK_SECONDS):
        return None
    return look_id


def run(services: Services, look_id: str) -> None:
    """Look, and keep what was found for whoever asked. One that nobody waits for any more, or that
    another worker has begun, is not made.
    """
    asked = found(services, look_id)
    if asked is None or asked["state"] != "asked":
        return
    coach_id = str(asked["coach"])

    def say(**more: Any) -> None:
        _keep(services, look_id, {"coach": coach_id} | more, seconds=KEPT_SECONDS)

    def progress(read: int, of: int) -> None:
        say(state="reading", read=read, of=of)

    try:
        difference = look(services, coach_id, progress=progress)
    except CronofyError as error:
        log.warning("dry_look_failed", coach=coach_id, error=str(error))
        say(state="failed", error=str(error))
        return
    if difference is None:
        say(state="failed", error="There is no calendar account that can be read.")
        return
    say(state="done", difference=difference.as_json())


def found(services: Services, look_id: str) -> Found | None:
    """How far it is, or what it found; None: it is over, was lost, or Redis is away."""
    if services.breaker.open:
        return None
    try:
        kept = services.redis.get(_PREFIX + look_id)
    except FAILURES as error:
        services.breaker.failed(error)
        return None
    if kept is None:
        return None
    told: Found = json.loads(kept)
    return told


def _keep(services: Services, look_id: str, told: Found, *, seconds: int) -> bool:
    """Whether Redis took it."""
    if services.breaker.open:
        return False
    try:
        services.redis.set(_PREFIX + look_id, json.dumps(told), ex=seconds)
    except FAILURES as error:
        services.breaker.failed(error)
        return False
    return True
