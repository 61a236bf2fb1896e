"""What must be true of the evidence that a run leaves. Each check shares no code with the product:
it reads answers, rows, mails, callbacks and calendars, and knows the promises.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tests.chaos.checks import (
    answers,
    both_times,
    calendars,
    callbacks,
    deeds,
    health,
    histories,
    letters,
    links,
    occupancy,
    openings,
    owed,
    staleness,
    tags,
)
from tests.chaos.evidence import Evidence, Violation

NAMES = re.compile(r"\b((?:bkg|ses|hld|out|call)_\w+)|\b(?:operation|edit) (\d+)")

Check = Callable[[Evidence], Iterator[Violation]]

CHECKS: tuple[Check, ...] = (
    occupancy.overlaps,
    occupancy.seats,
    occupancy.participants,
    answers.one_answer,
    answers.nothing_lost,
    answers.nothing_unasked,
    owed.one_row_each,
    owed.ends,
    letters.received,
    letters.order,
    letters.cancel_after_request,
    callbacks.callbacks,
    calendars.calendars,
    deeds.deeds,
    deeds.asked_once,
    links.links,
    openings.openings,
    both_times.both_times,
    staleness.staleness,
    staleness.rest_goes_on,
    tags.tags,
    health.no_error_of_ours,
    health.nothing_ended,
    health.in_time,
    health.well_again,
    histories.histories,
)


def all_checks(evidence: Evidence) -> list[Violation]:
    """Every violation that any check finds; none is what a run must leave. Each says when, where
    that can be known.
    """
    found: list[Violation] = []
    for check in CHECKS:
        found += check(evidence)
    moments = dict(_moments(evidence))
    return [_dated(each, moments) for each in found]


def _moments(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """By id, when a row was last changed, or written, and when an operation was sent: on the run's
    clock.
    """
    for name in ("sessions", "outbox", "bookings"):
        for row in evidence.tables[name]:
            since = row.get("changed_at") or row.get("created_at")
            if since is not None:
                yield row["id"], since / 1000 - evidence.clock_zero
    for operation in evidence.operations:
        yield str(operation.number), operation.sent


def _dated(violation: Violation, moments: Mapping[str, float]) -> Violation:
    """With the moment of the first that it names."""
    named = [name for found in NAMES.findall(violation.what) for name in found if name in moments]
    if violation.at is not None or not named:
        return violation
    return replace(violation, at=moments[named[0]])
