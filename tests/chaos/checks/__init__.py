"""What must be true of the evidence that a run leaves. Each check shares no code with the product: it reads answers,
rows, mails, callbacks and calendars, and knows the promises."""

from collections.abc import Callable, Iterator

from tests.chaos.checks import (
    answers,
    calendars,
    callbacks,
    health,
    letters,
    occupancy,
    openings,
    owed,
    staleness,
)
from tests.chaos.evidence import Evidence, Violation

CHECKS: tuple[Callable[[Evidence], Iterator[Violation]], ...] = (
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
    openings.openings,
    staleness.staleness,
    health.no_error_of_ours,
    health.nothing_ended,
    health.in_time,
    health.well_again,
)


def all_checks(evidence: Evidence) -> list[Violation]:
    """Every violation that any check finds; none is what a run must leave."""
    found: list[Violation] = []
    for check in CHECKS:
        found += check(evidence)
    return found
