"""What a seed means: the same faults in the same order, and each as often as the others."""

from collections import Counter
from itertools import islice

import pytest

from tests.chaos.faults import ALL, Fault
from tests.chaos.hosts.faults import HOSTS
from tests.chaos.nemesis import plan

ROUNDS = 2


def test_a_seed_is_played_again() -> None:
    first, again, other = ([*islice(plan(seed, ALL), 50)] for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_each_fault_comes_once_a_round_and_sometimes_two_come_at_once() -> None:
    steps = [*islice(plan(1, ALL), ROUNDS * len(ALL))]
    assert Counter(step.faults[0].name for step in steps) == {fault.name: ROUNDS for fault in ALL}
    assert any(len(step.faults) == 2 for step in steps)


@pytest.mark.parametrize("faults", [ALL, HOSTS], ids=["all", "hosts"])
def test_two_at_once_spoil_different_things(faults: tuple[Fault, ...]) -> None:
    for step in islice(plan(2, faults), 500):
        touched = [thing for fault in step.faults for thing in fault.touches]
        assert len(touched) == len(set(touched))
