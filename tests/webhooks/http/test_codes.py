"""A code means one thing: whoever reads it need not look at the status too."""

import ast
from collections.abc import Iterator
from pathlib import Path

from webhooks.http.codes import CODES

ROOT = Path(__file__).parents[3]
# They mean the same there: in a remark on a row of an import, and on a page. Neither has a status.
REMARKS = {"unknown_pod", "unknown_coach"}


def invalid_codes() -> Iterator[tuple[str, str]]:
    """Every code that an Invalid is raised with, and where."""
    for room in ("domain", "storage", "workers", "webhooks"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or len(node.args) < 2:
                    continue
                code = node.args[1]
                if getattr(node.func, "id", "") == "Invalid" and isinstance(code, ast.Constant):
                    yield str(code.value), f"{path.relative_to(ROOT)}:{node.lineno}"


def test_no_rule_that_is_answered_with_422_has_a_code_of_another_status() -> None:
    raised = list(invalid_codes())
    assert len(raised) > 50
    elsewhere = []
    for code, where in raised:
        if code not in REMARKS and CODES.get(code, (422, ""))[0] != 422:
            elsewhere.append((code, where))
    assert elsewhere == []
