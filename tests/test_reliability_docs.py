"""The page on reliability tells the truth: each promise is there, each line that it breaks, and
each test that this page or another names.
"""

import re

import pytest

from tests.docs.named_tests import NAMED_TEST, ROOT

PAGE = (ROOT / "docs/explanation/reliability.md").read_text()
PROMISES = [f"G{number}" for number in range(1, 11)]
TESTS = sorted(set(NAMED_TEST.findall(PAGE)))
PAGES = sorted((ROOT / "docs/explanation").glob("*.md"))
NAMED = sorted({named for page in PAGES for named in NAMED_TEST.findall(page.read_text())})
ROW = re.compile(
    r"^\| (G\d+) \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE
)
CHANGES = ROW.findall(PAGE)
BEGIN, END = "<!-- chaos report: begin -->", "<!-- chaos report: end -->"


@pytest.mark.parametrize("promise", PROMISES)
def test_each_promise_has_a_section_with_a_test_that_proves_it(promise: str) -> None:
    section = PAGE.partition(f"\n### {promise}: ")[2].partition("\n##")[0]
    assert "Proof:" in section
    assert NAMED_TEST.search(section)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_each_test_that_is_named_is_there(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / path).read_text()


@pytest.mark.parametrize(
    "change", CHANGES, ids=[f"{row[0]}-{number}" for number, row in enumerate(CHANGES)]
)
def test_each_line_that_turns_a_test_red_is_there_once(change: tuple[str, ...]) -> None:
    _, path, line, instead, test = change
    lines = [each.strip() for each in (ROOT / path).read_text().splitlines()]
    assert lines.count(line) == 1
    assert instead != line
    assert tuple(test.split("::")) in TESTS


def test_there_are_at_least_ten_such_lines_and_none_is_written_otherwise() -> None:
    table = PAGE.partition("\n## One-line changes")[2]
    assert table.count("\n| G") == len(CHANGES) >= 10
    assert len({promise for promise, *_ in CHANGES}) >= 8


def test_the_report_of_a_full_run_has_its_place() -> None:
    assert PAGE.count(BEGIN) == PAGE.count(END) == 1
    assert PAGE.index(BEGIN) < PAGE.index(END)
    checks = (ROOT / "tests/chaos/checks/__init__.py").read_text()
    named = set(re.findall(r"^    \w+\.(\w+),$", checks, re.MULTILINE))
    assert [name for name in sorted(named) if f"`{name}`" not in PAGE] == []
