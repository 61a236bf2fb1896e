"""What a change of a booking costs its participant, and how many there may be: figures that a
company, a project or a cohort sets.

Each figure is looked for by itself: the cohort's counts before the project's, that before the
company's. What none of them sets is the deployment's: its late hours, no free move, and no limit.
What was used is counted per participant, within the scope that set the figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from domain.mail.choice import SCOPES, Scope
from domain.sessions import Context, Refused

Figure = Literal["late_hours", "free_moves", "most_rebookings", "most_missed"]
MoveCost = Literal["nothing", "a_free_move", "missed"]
"""What moving a booking costs: `missed` means that it ends as a late cancellation would end it, and
that the new time is a new booking.
"""


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """What one scope sets; None leaves it to the wider scope."""

    scope: Scope
    scope_id: str
    late_hours: int | None = None
    """A change closer to the start than this counts as a missed session."""
    free_moves: int | None = None
    """Late moves of a participant's that count as nothing."""
    most_rebookings: int | None = None
    most_missed: int | None = None
    """Whoever missed so many sessions books no further ones."""


@dataclass(frozen=True, slots=True)
class Used:
    """What one booking has used of its participant's allowance."""

    context: Context
    moves: int
    late_moves: int
    """Of these, the ones that were late and free."""
    missed: bool


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that concern one booking, and what its participant has used so far, anywhere."""

    rules: Sequence[ChangeRules] = ()
    used: Sequence[Used] = ()

    @property
    def late_hours(self) -> int | None:
        found = _narrowest(self.rules, "late_hours")
        if found is None:
            return None
        return found.late_hours

    def cost_of_late_move(self) -> MoveCost:
        """Of one that nobody excused."""
        found = _narrowest(self.rules, "free_moves")
        if found is None or found.free_moves is None:
            return "missed"
        if self._count(found, "late_moves") < found.free_moves:
            return "a_free_move"
        return "missed"

    def check_may_rebook(self) -> None:
        """Raises Refused once all rebookings are used."""
        found = _narrowest(self.rules, "most_rebookings")
        if found is None or found.most_rebookings is None:
            return
        used = self._count(found, "moves")
        if used >= found.most_rebookings:
            detail = (
                f"Rebookings that this {found.scope} allows: {found.most_rebookings}, and all are"
                " used: keep the time, or ask the programme, who may move it."
            )
            raise _refused("rebookings_used_up", detail, found, found.most_rebookings, used)

    def check_may_book(self, *, more: int = 0) -> None:
        """Raises Refused once too many sessions were missed; `more`: those that this very change
        adds.
        """
        found = _narrowest(self.rules, "most_missed")
        if found is None or found.most_missed is None:
            return
        used = more + self._count(found, "missed")
        if used >= found.most_missed:
            detail = (
                f"Missed sessions after which this {found.scope} allows no booking:"
                f" {found.most_missed}. Ask the programme, who may book all the same."
            )
            raise _refused("missed_used_up", detail, found, found.most_missed, used)

    def _count(self, rules: ChangeRules, what: Literal["moves", "late_moves", "missed"]) -> int:
        """What was used of it within the scope of these rules."""
        total = 0
        for each in self.used:
            if getattr(each.context, rules.scope) == rules.scope_id:
                total += getattr(each, what)
        return total


NO_RULES = InForce()


def _narrowest(rules: Sequence[ChangeRules], figure: Figure) -> ChangeRules | None:
    """Those of the narrowest scope that sets this figure."""
    for scope in SCOPES:
        for each in rules:
            if each.scope == scope and getattr(each, figure) is not None:
                return each
    return None


def _refused(code: str, detail: str, rules: ChangeRules, most: int, used: int) -> Refused:
    return Refused(code, detail, limit=most, used=used, scope=rules.scope, scope_id=rules.scope_id)
