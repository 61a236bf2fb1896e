"""`coachcal evaluate` answers scenarios with the service's own code: why was this time
not offered?
"""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from webhooks.cli import main

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "cases-open.jsonl"

CASE: dict[str, Any] = {
    "id": "monday",
    "zone": "Europe/London",
    "hours": {"mon": [["09:00", "12:00"]]},
    "overrides": {},
    "busy": [["2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"]],
    "own": [],
    "pre": 0,
    "post": 15,
    "duration": 60,
    "now": "2026-01-01T00:00:00Z",
    "notice_min": 0,
    "horizon_days": 60,
    "from": "2026-01-05T08:00:00Z",
    "to": "2026-01-05T12:00:00Z",
}


def evaluate(*lines: object, file: Path | None = None) -> Result:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return CliRunner().invoke(main, ["evaluate", str(file) if file else "-"], input=text)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_scenario_becomes_its_starts_and_a_count_for_each_reason() -> None:
    result = evaluate(CASE)
    assert result.exit_code == 0
    assert answers(result) == [
        {
            "id": "monday",
            "starts": ["2026-01-05T10:30:00Z", "2026-01-05T10:45:00Z", "2026-01-05T11:00:00Z"],
            "closed": {"buffer": 1, "busy": 5, "outside_hours": 7},
        }
    ]


@pytest.mark.skipif(
    not SHARED.exists(), reason="the open cases live beside the repository, where it is developed"
)
def test_every_open_case_comes_out_right() -> None:
    cases = [json.loads(line) for line in SHARED.read_text().splitlines()]
    found = answers(evaluate(file=SHARED))
    assert len(found) == len(cases) == 60
    assert [one["id"] for one in found] == [case["id"] for case in cases]
    assert [one["starts"] for one in found] == [case["expected"] for case in cases]


def test_every_quarter_hour_that_is_not_offered_is_counted_once() -> None:
    (found,) = answers(evaluate(CASE))
    assert len(found["starts"]) + sum(found["closed"].values()) == 16


def test_a_line_that_cannot_be_read_is_told_and_does_not_stop_the_others() -> None:
    result = evaluate(
        CASE, "{not json", {**CASE, "zone": "Mars/Olympus"}, "", {**CASE, "id": "last"}
    )
    first, malformed, wrong, last = answers(result)
    assert result.exit_code == 1
    assert (first["id"], last["id"]) == ("monday", "last")
    assert malformed == {
        "line": 2,
        "error": {
            "field": "line",
            "code": "malformed_json",
            "detail": malformed["error"]["detail"],
        },
    }
    assert wrong["line"] == 3
    assert wrong["error"]["field"] == "zone"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hours": {"monday": []}}, "hours"),
        ({"hours": {"mon": [["9 o'clock", "17:00"]]}}, "hours"),
        ({"busy": [["2026-01-05T10:00:00Z"]]}, "busy"),
        ({"duration": 0}, "duration"),
        ({"from": "yesterday"}, "from"),
        ({"now": "2026-01-05T10:00:00"}, "now"),
    ],
)
def test_a_scenario_that_makes_no_sense_names_the_field(change: dict[str, Any], field: str) -> None:
    (found,) = answers(evaluate({**CASE, **change}))
    assert found["error"]["field"].startswith(field)
    assert found["error"]["detail"].endswith(".")
