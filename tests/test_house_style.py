"""The house style, as far as it can be counted: code is for whoever reads it, and not packed."""

import ast
import io
import tokenize
from pathlib import Path

import pytest

from tests.support.deployed import ROOMS, ROOT

PACKED = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
MOST_COMPREHENSIONS, MOST_CONDITIONALS = 10, 7  # in 1,000 lines
FEWEST_COMMENTS, MOST_COMMENTS = 4, 8  # in 100 lines


def modules(room: str) -> list[Path]:
    return [path for path in (ROOT / room).rglob("*.py") if "versions" not in path.parts]


def trees(room: str) -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in modules(room)]


def lines(room: str) -> int:
    return sum(len(path.read_text().splitlines()) for path in modules(room))


def count(room: str, kinds: type[ast.AST] | tuple[type[ast.AST], ...]) -> int:
    return sum(isinstance(node, kinds) for tree in trees(room) for node in ast.walk(tree))


@pytest.mark.parametrize("room", ROOMS)
def test_comprehensions_and_conditional_expressions_are_few(room: str) -> None:
    assert 1000 * count(room, PACKED) / lines(room) <= MOST_COMPREHENSIONS
    assert 1000 * count(room, ast.IfExp) / lines(room) <= MOST_CONDITIONALS


@pytest.mark.parametrize("room", ROOMS)
def test_no_comprehension_is_inside_another(room: str) -> None:
    nested = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules(room)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, PACKED)
        for inner in ast.walk(node)
        if isinstance(inner, PACKED) and inner is not node
    ]
    assert nested == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_conditional_expression_is_an_argument_of_a_call(room: str) -> None:
    packed = []
    for path in modules(room):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                if any(isinstance(one, ast.IfExp) for one in given):
                    packed.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert packed == []


@pytest.mark.parametrize("room", ["storage", "workers"])
def test_races_habits_and_prices_are_told_where_they_are(room: str) -> None:
    """Where the hard parts are; the other rooms have few of them."""
    comments = 0
    for path in modules(room):
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        comments += sum(token.type == tokenize.COMMENT for token in tokens)
    assert FEWEST_COMMENTS <= 100 * comments / lines(room) <= MOST_COMMENTS
