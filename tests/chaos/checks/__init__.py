"""What must be true of the evidence that a run leaves. Each check shares no code with the product: it reads answers,
rows, mails, callbacks and calendars, and knows the promises."""

from collections.abc import Callable, Iterator

from tests.chaos.checks import (
    answers,
    calendars,
    callbacks,
    health,
    histories,
    letters,
    occupancy,
    openings,
    owed,
    staleness,
)
from tests.chaos.evidence import Evidence, Violation

Check = Callable[[Evidence], Iterator[Violation]]

CHECKS: tuple[Check, ...] = (
    occupancy.overlaps,
    occupancy.seats,
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
    openings.openings,
    staleness.staleness,
    health.no_error_of_ours,
    health.nothing_ended,
    health.in_time,
    health.well_again,
    histories.histories,
)

NOT_YET: tuple[Check, ...] = (occupancy.participants,)
"""What the rules want and nothing enforces yet: no run can be held to it."""


def all_checks(evidence: Evidence) -> list[Violation]:
    """Every violation that any check finds; none is what a run must leave."""
    found: list[Violation] = []
    for check in CHECKS:
        found += check(evidence)
    return found
