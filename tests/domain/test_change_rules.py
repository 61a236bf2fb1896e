"""What changes of a booking cost: each figure by the narrowest scope that sets it, and counted
within that scope alone.
"""

import pytest

from domain.change_rules import NO_RULES, ChangeRules, InForce, Used
from domain.sessions import Context, Refused

HERE = Context("acme", "leaders", "spring")
COUSIN = Context("acme", "leaders", "autumn")
ELSEWHERE = Context("acme", "sales", "spring-2")
COHORT = ChangeRules("cohort", "spring", late_hours=4, free_moves=1)
PROJECT = ChangeRules("project", "leaders", late_hours=72, most_rebookings=2)
COMPANY = ChangeRules("company", "acme", free_moves=9, most_missed=2)


def used(*contexts: Context, moves: int = 1, late: int = 0, missed: bool = False) -> list[Used]:
    return [Used(context, moves, late, missed) for context in contexts]


def test_each_figure_is_the_narrowest_scope_s_that_sets_it() -> None:
    rules = InForce((COMPANY, PROJECT, COHORT))
    assert rules.late_hours == 4
    assert InForce((COMPANY, PROJECT)).late_hours == 72
    assert InForce((COMPANY,)).late_hours is None
    assert rules.cost_of_late_move() == "a_free_move"


def test_where_nothing_is_set_a_late_move_counts_and_nothing_is_limited() -> None:
    assert NO_RULES.cost_of_late_move() == "missed"
    NO_RULES.check_may_book(more=99)
    NO_RULES.check_may_rebook()


@pytest.mark.parametrize(
    ("contexts", "cost"),
    [((ELSEWHERE, COUSIN), "a_free_move"), ((ELSEWHERE, COUSIN, HERE), "missed")],
)
def test_free_moves_are_counted_within_the_scope_that_gives_them(
    contexts: tuple[Context, ...], cost: str
) -> None:
    assert InForce((COHORT, COMPANY), used(*contexts, late=1)).cost_of_late_move() == cost


def test_rebookings_and_missed_sessions_elsewhere_bind_nobody_here() -> None:
    InForce((PROJECT,), used(HERE, ELSEWHERE)).check_may_rebook()
    with pytest.raises(Refused, match="rebookings_used_up") as refused:
        InForce((PROJECT,), used(HERE, COUSIN)).check_may_rebook()
    assert refused.value.more["used"] == 2
    other = Context("evil", "leaders", None)
    InForce((COMPANY,), used(HERE, other, missed=True)).check_may_book()
    with pytest.raises(Refused, match="missed_used_up"):
        InForce((COMPANY,), used(HERE, ELSEWHERE, missed=True)).check_may_book()


def test_a_change_that_is_a_missed_session_itself_counts_before_it_is_one() -> None:
    rules = InForce((COMPANY,), used(HERE, missed=True))
    rules.check_may_book()
    with pytest.raises(Refused, match="missed_used_up"):
        rules.check_may_book(more=1)
