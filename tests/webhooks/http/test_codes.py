"""Every code that can be answered is in the table that the reference and the OpenAPI document tell,
and means one thing: whoever reads it need not look at the status too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from domain.freshness import Effect, State
from domain.mail import kinds
from domain.slots.reasons import Reason
from webhooks.http import meanings
from webhooks.http.codes import CODES, HTTP_CODES, OUT, PYDANTIC, UNREAD

ROOT = Path(__file__).parents[3]
# They mean the same there: in a remark on a row of an import, and on a page. Neither has a status.
REMARKS = {"unknown_pod", "unknown_coach"}
UNHEARD = {"not_a_boolean", "not_a_whole_number", "not_an_object"}
"""Of rules that the domain checks for the command and the pages; over the API the models refuse
such values before (`wrong_type`).
"""
NO_ANSWERS = ("webhooks/pages", "webhooks/cli", "webhooks/ops", "domain/scenario.py")
"""They refuse in words to people, and never over the API."""

PLACES = {
    "Invalid": 1,
    "RefusedRequest": 0,
    "LoginFailed": 1,
    "Refused": 0,
    "Refusal": 0,
    "Unknown": 0,
    "PydanticCustomError": 0,
    "problem": 1,
    "wrong": 0,
    "doubtful": 0,
}
"""What a refusal or a remark is made by, and which of its arguments is the code."""


def answered(without: tuple[str, ...] = NO_ANSWERS) -> Iterator[tuple[str, str, str]]:
    """(what it is made by, code, where) of every refusal whose code is written where it is made."""
    for room in ("domain", "storage", "workers", "webhooks"):
        for path in (ROOT / room).rglob("*.py"):
            where = str(path.relative_to(ROOT))
            if not where.startswith(without):
                for made_by, code, line in codes_in(ast.parse(path.read_text())):
                    yield made_by, code, f"{where}:{line}"


def codes_in(module: ast.Module) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(module):
        match node:
            # A code that is chosen before it is refused with.
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=code)):
                yield "Refused", str(code), node.lineno
            # One of a page's, for the list of refusals.
            case ast.Assign(
                targets=[ast.Attribute(attr="refusal_code")], value=ast.Constant(value=code)
            ):
                yield "page", str(code), node.lineno
            case ast.Call():
                made_by = getattr(node.func, "id", getattr(node.func, "attr", ""))
                yield from ((made_by, code, node.lineno) for code in code_of(made_by, node))


def code_of(made_by: str, call: ast.Call) -> Iterator[str]:
    place = PLACES.get(made_by)
    if place is None or len(call.args) <= place:
        return
    code = call.args[place]
    if isinstance(code, ast.Constant):
        yield str(code.value)


def test_every_code_that_can_be_answered_is_in_the_table() -> None:
    found = list(answered())
    assert len(found) > 150
    known = {*CODES, *meanings.REMARKS, *UNHEARD}
    lacking = []
    for made_by, written, where in found:
        code = written
        if made_by == "Unknown":
            code = f"unknown_{written}"
        if code not in known:
            lacking.append((code, where))
    assert lacking == []


def test_what_is_translated_into_a_code_is_translated_into_one_of_the_table() -> None:
    translated = {*PYDANTIC.values(), *HTTP_CODES.values(), *UNREAD.values()}
    translated |= {code for code, _ in OUT.values()}
    assert translated - set(CODES) == set()


def test_no_code_of_the_table_is_one_that_nobody_answers() -> None:
    found = set[str]()
    for _, code, _ in answered(without=()):  # pages may answer problems to scripts
        found |= {code, f"unknown_{code}"}
    found |= {*PYDANTIC.values(), *HTTP_CODES.values(), *UNREAD.values()}
    found |= {code for code, _ in OUT.values()}
    # Codes that are chosen by an expression where they are made.
    chosen = {"wrong_type", "rebookings_used_up", "missed_used_up"}
    chosen |= {"unknown_participant", "unknown_session"}
    assert set(CODES) - found - chosen == set()
    assert set(meanings.REMARKS) - found == set()


def test_no_rule_that_is_answered_with_422_has_a_code_of_another_status() -> None:
    raised = [(code, where) for made_by, code, where in answered() if made_by == "Invalid"]
    assert len(raised) > 50
    elsewhere = []
    for code, where in raised:
        if code not in {*REMARKS, *UNHEARD} and CODES.get(code, (422, ""))[0] != 422:
            elsewhere.append((code, where))
    assert elsewhere == []


def test_every_reason_state_effect_and_kind_of_mail_has_its_meaning() -> None:
    assert list(meanings.REASONS) == [reason.name for reason in Reason if reason is not Reason.open]
    assert set(meanings.STATES) == set(get_args(State))
    assert set(meanings.EFFECTS) == set(get_args(Effect))
    assert list(kinds.MEANINGS) == list(kinds.KINDS)
