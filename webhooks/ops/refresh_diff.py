"""Refresh now: read a coach's calendars at once, and say which starts the read gained and lost.

What was open before travels in the page, signed, as runs of starts: no process has to remember it,
and the clock's own work (notice, horizon) is left out, because both moments are looked at with the
clock of the first.
"""

from dataclasses import dataclass

import numpy as np
from flask import abort, g, render_template, request

from domain.hours import DAY_SECONDS
from domain.slots.cells import GRID
from domain.slots.listing import render
from storage.rows import audit_log, connections, push_marks, refresh_jobs
from storage.rows.audit_log import Deed
from storage.schema.database import Tx
from storage.slots import availability
from storage.slots.availability import Asked
from storage.slots.listings import Listing
from webhooks.http.context import runtime
from webhooks.http.listing import listing_of
from webhooks.ops import signed_notes

SHOWN = 12
SLOW_SECONDS = 30

Starts = dict[str, list[int]]
"""By duration, as JSON has keys: its open starts as runs, [first, how many, first, how many, ...]
in quarter hours.
"""


@dataclass(frozen=True, slots=True)
class StartsChanged:
    """Starts of one duration that opened and closed, the soonest few of each by name."""

    duration: int
    gained: int
    lost: int
    gained_first: list[str]
    lost_first: list[str]


def refresh(coach_id: str) -> str:
    """POST /ops/coaches/{id}/refresh"""
    services = runtime().services
    now = services.now()
    at = int(now.timestamp())
    with services.database.write() as tx:
        before = _runs(_listing(tx, coach_id), at)
        chosen = connections.ids_of_coach(tx, coach_id)
        for connection_id in chosen:
            push_marks.mark_dirty(tx, connection_id, userinfo=True)
        said = f"{len(chosen)} connections"
        audit_log.note(tx, Deed(now, g.visitor.name, "refresh", coach_id, said))
    runtime().actors.wake(*chosen)
    token = signed_notes.signed("before", coach_id, at, before)
    return render_template(
        "ops/difference.html",
        coach_id=coach_id,
        waiting=chosen,
        token=token,
        waited=0.0,
        slow=False,
    )


def difference(coach_id: str) -> str:
    """POST /ops/coaches/{id}/difference: asked every second until all that is owed was read."""
    services = runtime().services
    at, before = signed_notes.told("before", coach_id)
    waited = services.now().timestamp() - at
    with services.database.read() as tx:
        waiting = refresh_jobs.owed(tx, connections.ids_of_coach(tx, coach_id))
        changed = []
        if not waiting:
            changed = _changes(before, _runs(_listing(tx, coach_id), at))
    return render_template(
        "ops/difference.html",
        coach_id=coach_id,
        waiting=waiting,
        token=request.form["before"],
        waited=waited,
        slow=waited > SLOW_SECONDS,
        changed=changed,
    )


def _listing(tx: Tx, coach_id: str) -> Listing:
    found = listing_of(tx, coach_id, now=runtime().services.now())
    if found is None:
        abort(404, "No coach has this id.")
    return found


def _runs(listing: Listing, at: int) -> Starts:
    """What can be booked, looked at with the clock of `at`."""
    until = at + DAY_SECONDS * (listing.horizon_days + 1)
    found: Starts = {}
    for duration in listing.slots.durations:
        cells = availability.starts(listing, Asked(duration, at, until, at)) // GRID
        first = np.flatnonzero(np.diff(cells, prepend=-2) != 1)
        lengths = np.diff(first, append=len(cells))
        found[str(duration)] = np.column_stack((cells[first], lengths)).ravel().tolist()
    return found


def _changes(before: Starts, after: Starts) -> list[StartsChanged]:
    changes = []
    for duration, runs in after.items():
        was, now = _cells(before.get(duration, [])), _cells(runs)
        gained, lost = sorted(now - was), sorted(was - now)
        changes.append(
            StartsChanged(int(duration), len(gained), len(lost), _named(gained), _named(lost))
        )
    return changes


def _cells(runs: list[int]) -> set[int]:
    cells: set[int] = set()
    for first, length in zip(runs[::2], runs[1::2], strict=True):
        cells.update(range(first, first + length))
    return cells


def _named(cells: list[int]) -> list[str]:
    return render([cell * GRID for cell in cells[:SHOWN]])
