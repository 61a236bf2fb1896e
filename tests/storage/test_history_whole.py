"""No path forgets the history: whoever writes a session or a booking notes a step in the very same
function, or stands here with the reason why nothing happened to it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import storage

TABLES = {"sessions", "bookings", "session_rows", "booking_rows"}
WRITES = {"insert", "update", "delete"}
NOTES = {"note", "_noted"}
NO_STEP = {
    ("rows/sessions.py", "leave_link"): "part of `put`, which notes that the place is another",
    ("rows/sessions.py", "_count"): "the seat that is taken or given back is a booking's step",
    ("rows/bookings.py", "put_participant"): "retention, the only caller, notes it",
    ("transactions/callbacks.py", "_conflicts"): "what the platform was told",
    ("transactions/callbacks.py", "_conferencing"): "what the platform was told",
    ("transactions/callbacks.py", "_wall_clocks"): "what the platform was told",
    ("transactions/callbacks.py", "_participants_clocks"): "what the platform was told",
    ("transactions/calendar_mails.py", "_note"): "what the coach was told",
    ("transactions/conferencing.py", "called"): "how far the provider is: nobody has a link yet",
    ("transactions/conferencing.py", "give_up"): "as above",
    ("transactions/conferencing.py", "listen"): "as above",
    ("transactions/erasures.py", "_erase_coach"): "the history goes with its coach",
    ("transactions/erasures.py", "_erase_participant"): "a hold loses whose it is, and stays",
    ("transactions/own_writes.py", ""): "what is known of the event in the calendar",
    ("transactions/retention.py", "_forget_meetings"): "part of `anonymise`, which notes it",
    ("transactions/write_back.py", ""): "where the event stands in the calendar",
}


def writers() -> Iterator[tuple[str, str, bool]]:
    """Module, function, and whether it notes a step: of each that writes one of the tables."""
    root = Path(storage.__file__).parent
    for path in sorted(root.rglob("*.py")):
        module = path.relative_to(root).as_posix()
        if module.startswith("migrations"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and _writes(node):
                yield module, node.name, _notes(node)


def _writes(function: ast.FunctionDef) -> bool:
    return any(_is_write(node) for node in ast.walk(function) if isinstance(node, ast.Call))


def _is_write(call: ast.Call) -> bool:
    """`sessions.update()`, `update(sessions)`, `taking(sessions, ...)` and their like."""
    if isinstance(call.func, ast.Attribute):
        of = call.func.value
        return call.func.attr in WRITES and isinstance(of, ast.Name) and of.id in TABLES
    called = isinstance(call.func, ast.Name) and call.func.id in {*WRITES, "taking", "_delete"}
    return called and any(isinstance(each, ast.Name) and each.id in TABLES for each in call.args)


def _notes(function: ast.FunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id in NOTES for called in calls)


def test_whoever_writes_a_session_or_a_booking_notes_its_history() -> None:
    found = list(writers())
    assert len(found) > 15
    silent = {(module, name) for module, name, notes in found if not notes}
    assert {
        each for each in silent if each not in NO_STEP and (each[0], "") not in NO_STEP
    } == set()


def test_no_reason_stands_here_for_what_is_not_there_any_more() -> None:
    silent = {(module, name) for module, name, notes in writers() if not notes}
    known = silent | {(module, "") for module, _ in silent}
    assert set(NO_STEP) - known == set()
