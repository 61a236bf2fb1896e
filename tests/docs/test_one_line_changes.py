"""Each rule of both directions has a line that it rests on, and a test that is red without it."""

from pathlib import Path

import pytest

from tests.docs import one_line_changes
from tests.docs.named_tests import ROOT
from tests.docs.one_line_changes import OneLineChange

PAGE = ROOT / "docs/explanation/both-directions.md"
RELIABILITY = ROOT / "docs/explanation/reliability.md"
CHANGES = one_line_changes.listed(PAGE)
RULES = {
    *("place", "kinds of place", "link", "away", "travel", "holiday"),
    *("group", "late change", "doubt", "access mode", "policy", "both times closed"),
    *("whose deed", "moved clock", "shell import", "answer", "feed", "timeline"),
}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_each_line_is_there_once_and_so_is_the_test(change: OneLineChange) -> None:
    assert change.times_there() == 1
    assert change.instead != change.line
    path, _, name = change.test.partition("::")
    assert f"\ndef {name}(" in (ROOT / path).read_text()


def test_each_rule_has_a_line_and_no_row_is_written_otherwise() -> None:
    assert {change.rule for change in CHANGES} == RULES
    table = PAGE.read_text().partition("\n## One-line changes")[2]
    assert table.count("\n| ") == len(CHANGES) + 2


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return one_line_changes.copy_of_the_product(tmp_path_factory.mktemp("product"))


@pytest.mark.deep
@pytest.mark.timeout(700)
@pytest.mark.parametrize("change", [*CHANGES, *one_line_changes.listed(RELIABILITY)], ids=str)
def test_each_such_change_turns_its_test_red(copy: Path, change: OneLineChange) -> None:
    assert change.turns_it_red(copy)
