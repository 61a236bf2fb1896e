"""What a change costs, by the rules of the scopes that its booking lies in: asked under the coach's
lock by whoever moves, cancels or books.

No lock of the participant's is taken: two changes of theirs with two coaches in one moment may both
find the last free move. That is one too many, once, and nobody waits for it.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from domain.change_rules import NO_RULES, InForce, MoveCost
from domain.sessions import Booking, Context, Session, Terms
from storage.rows import bookings, change_rules


def terms_of(tx: Connection, terms: Terms, context: Context) -> Terms:
    """The terms, with the late hours that are set where this booking belongs."""
    return _with_late_hours(terms, InForce(change_rules.of_context(tx, context)))


def cost_of_move(
    tx: Connection, session: Session, booking: Booking, terms: Terms, *, excused: bool
) -> MoveCost:
    """What moving this booking now would cost. Raises Refused where a limit forbids it."""
    if excused:
        return "nothing"
    rules = _in_force(tx, booking.context.within(session.context), booking.participant.id)
    rules.check_may_rebook()
    if not _with_late_hours(terms, rules).is_late(session):
        return "nothing"
    cost = rules.cost_of_late_move()
    if cost == "missed":
        # The new time is a new booking: it is refused wherever one after a late cancellation is.
        rules.check_may_book(more=1)
    return cost


def check_may_book(tx: Connection, context: Context, participant_id: str) -> None:
    """Raises Refused where this participant has missed too many sessions."""
    _in_force(tx, context, participant_id).check_may_book()


def _in_force(tx: Connection, context: Context, participant_id: str) -> InForce:
    rules = change_rules.of_context(tx, context)
    # Hardly anybody sets any: nothing is counted for nobody.
    if not rules:
        return NO_RULES
    return InForce(rules, bookings.used_by(tx, participant_id))


def _with_late_hours(terms: Terms, rules: InForce) -> Terms:
    if rules.late_hours is None:
        return terms
    return replace(terms, late=timedelta(hours=rules.late_hours))
