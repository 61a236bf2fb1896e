"""One case in, its slots out: against the naive oracle, the worked cases, and malformed ones."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.scenario import evaluate
from tests.domain import oracle
from tests.domain.cases import Case, cases, text, worked_cases
from tests.support.examples import examples

GOOD: Case = {
    "id": "good",
    "zone": "Europe/London",
    "hours": {"mon": [["09:00", "11:00"]]},
    "duration": 60,
    "now": "2026-06-08T00:00:00Z",
    "from": "2026-06-08T00:00:00Z",
    "to": "2026-06-09T00:00:00Z",
}


@examples(60, deep=2_000)
@given(cases())
def test_every_quarter_hour_is_open_or_closed_for_the_reason_that_the_rules_give(
    case: Case,
) -> None:
    answer = evaluate(case)
    expected = oracle.evaluate(case)
    assert answer["starts"] == expected["starts"]
    assert answer["closed"] == expected["closed"]


@examples(30, deep=600)
@given(cases(), st.floats(0, 1))
def test_slots_from_a_to_c_are_those_from_a_to_b_and_those_from_b_to_c(
    case: Case, part: float
) -> None:
    since, until = oracle.instant(case["from"]), oracle.instant(case["to"])
    between = text(since + part * (until - since))
    before, after = evaluate({**case, "to": between}), evaluate({**case, "from": between})
    assert evaluate(case)["starts"] == before["starts"] + after["starts"]


@pytest.mark.parametrize("case", worked_cases(), ids=lambda case: case["id"])
def test_a_worked_case_has_the_starts_it_expects(case: Case) -> None:
    assert evaluate(case)["starts"] == case["expected"]


def test_the_answer_names_the_case_and_counts_what_is_closed() -> None:
    # Given two working hours, the first of them busy from its middle on
    case = {
        **GOOD,
        "busy": [["2026-06-08T08:30:00Z", "2026-06-08T09:00:00Z"]],
        "notice_min": 9 * 60 + 15,
    }
    # Then 09:00 local is busy, as are 09:15 to 09:45, and 10:00 is inside the notice
    closed = {"notice": 1, "busy": 4, "outside_hours": 91}
    assert evaluate(case) == {"id": "good", "starts": [], "closed": closed}


def test_what_a_case_leaves_out_has_no_effect_and_what_nobody_knows_is_ignored() -> None:
    plain = evaluate(GOOD)
    assert plain["starts"] == [
        f"2026-06-08T0{clock}:00Z" for clock in ("8:00", "8:15", "8:30", "8:45", "9:00")
    ]
    spelt = {
        "overrides": {},
        "busy": [],
        "own": [],
        "pre": 0,
        "post": 0,
        "notice_min": 0,
        "mode": "flexible",
    }
    assert evaluate({**GOOD, **spelt, "per_day": None, "what": "nothing", "tags": []}) == plain


@pytest.mark.parametrize(
    ("status", "blocks"), [("busy", True), ("unknown", True), ("tentative", True), ("free", False)]
)
def test_a_busy_item_may_say_its_status(status: str, *, blocks: bool) -> None:
    item = ["2026-06-08T08:00:00Z", "2026-06-08T10:00:00Z", status]
    assert (evaluate({**GOOD, "busy": [item]})["starts"] == []) == blocks


def test_an_all_day_item_blocks_the_local_day() -> None:
    assert evaluate({**GOOD, "busy": [["2026-06-08", "2026-06-09"]]})["starts"] == []
    assert evaluate({**GOOD, "busy": [["2026-06-07", "2026-06-08"]]}) == evaluate(GOOD)


def test_an_empty_range_has_nothing_open_and_nothing_closed() -> None:
    assert evaluate({**GOOD, "to": GOOD["from"]}) == {"id": "good", "starts": [], "closed": {}}


START, END = "2026-06-08T08:00:00Z", "2026-06-08T09:00:00Z"


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "unknown_zone"),
        ({"zone": "right/Europe/London"}, "zone", "unknown_zone"),
        ({"zone": "../etc/passwd"}, "zone", "unknown_zone"),
        ({"zone": "Europe"}, "zone", "unknown_zone"),
        ({"zone": ""}, "zone", "unknown_zone"),
        ({"zone": None}, "zone", "unknown_zone"),
        ({"zone": ["UTC"]}, "zone", "unknown_zone"),
        ({"hours": None}, "hours", "not_an_object"),
        ({"hours": {"funday": []}}, "hours.funday", "unknown_weekday"),
        ({"hours": {"mon": "09:00-17:00"}}, "hours.mon", "not_a_list"),
        ({"hours": {"mon": [["09:00"]]}}, "hours.mon[0]", "not_a_window"),
        ({"hours": {"mon": [["09:00", "17:00"], ["9", "10"]]}}, "hours.mon[1]", "invalid_time"),
        ({"hours": {"mon": [["09:00", "24:30"]]}}, "hours.mon[0]", "invalid_time"),
        ({"hours": {"mon": [["09:00", 17]]}}, "hours.mon[0]", "invalid_time"),
        ({"hours": {"mon": [["24:00", "04:00"]]}}, "hours.mon[0]", "starts_at_24"),
        ({"overrides": []}, "overrides", "not_an_object"),
        ({"overrides": {"2026-02-30": []}}, "overrides.2026-02-30", "invalid_date"),
        ({"overrides": {"2026-W10-1": []}}, "overrides.2026-W10-1", "invalid_date"),
        ({"overrides": {"9999-12-31": []}}, "overrides.9999-12-31", "out_of_range"),
        ({"overrides": {"2026-06-08": {}}}, "overrides.2026-06-08", "not_a_list"),
        ({"duration": "60"}, "duration", "not_a_whole_number"),
        ({"duration": True}, "duration", "not_a_whole_number"),
        ({"duration": 0}, "duration", "out_of_range"),
        ({"duration": 485}, "duration", "out_of_range"),
        ({"duration": 37}, "duration", "not_a_multiple_of_5"),
        ({"pre": -1}, "pre", "out_of_range"),
        ({"post": 7.5}, "post", "not_a_whole_number"),
        ({"notice_min": -1}, "notice_min", "out_of_range"),
        ({"horizon_days": None}, "horizon_days", "not_a_whole_number"),
        ({"mode": "tight"}, "mode", "unknown_word"),
        ({"mode": ["flexible"]}, "mode", "unknown_word"),
        ({"per_day": -1}, "per_day", "out_of_range"),
        ({"per_week": "2"}, "per_week", "not_a_whole_number"),
        ({"tentative_blocks": "no"}, "tentative_blocks", "not_a_boolean"),
        ({"now": "yesterday"}, "now", "invalid_instant"),
        ({"now": 1_780_000_000}, "now", "invalid_instant"),
        ({"now": "2026-06-08T00:00:00"}, "now", "invalid_instant"),
        ({"now": "2026-06-08T00:00:00.5Z"}, "now", "invalid_instant"),
        ({"now": "0001-01-01T00:00:00Z"}, "now", "out_of_range"),
        ({"to": "9999-12-31T23:59:59-12:00"}, "to", "out_of_range"),
        ({"to": "2026-06-07T00:00:00Z"}, "to", "ends_before_start"),
        ({"to": "2029-06-09T00:00:00Z"}, "to", "range_too_long"),
        ({"busy": {}}, "busy", "not_a_list"),
        ({"busy": [[START, END], [START]]}, "busy[1]", "not_a_period"),
        ({"busy": [[START, "later"]]}, "busy[0][1]", "invalid_instant"),
        ({"busy": [["2026-06-08", END]]}, "busy[0][0]", "invalid_instant"),
        ({"busy": [["2026-06-08", "2026-06-31"]]}, "busy[0][1]", "invalid_instant"),
        ({"busy": [[START, END, "maybe"]]}, "busy[0][2]", "unknown_word"),
        ({"busy": [[START, END, ["busy"]]]}, "busy[0][2]", "unknown_word"),
        ({"own": [[END, START]]}, "own[0]", "ends_before_start"),
        ({"own": [[START, END, -5]]}, "own[0][2]", "out_of_range"),
        ({"own": [[START, END, True]]}, "own[0][2]", "not_a_whole_number"),
        ({"own": [START]}, "own[0]", "not_a_period"),
    ],
)
def test_a_malformed_case_is_refused_with_its_field_a_code_and_the_next_step(
    change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        evaluate({**GOOD, **change})
    assert (refused.value.field, refused.value.code) == (field, code)
    assert refused.value.detail.endswith(".")
    assert str(refused.value).startswith(f"{field}: ")


@pytest.mark.parametrize("field", ["zone", "hours", "duration", "now", "from", "to"])
def test_a_case_says_what_it_lacks(field: str) -> None:
    with pytest.raises(Invalid) as refused:
        evaluate({key: value for key, value in GOOD.items() if key != field})
    assert (refused.value.field, refused.value.code) == (field, "missing")


@pytest.mark.parametrize("case", [None, [], "case", 1])
def test_only_an_object_is_a_case(case: object) -> None:
    with pytest.raises(Invalid) as refused:
        evaluate(case)
    assert refused.value.code == "not_an_object"


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(START),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@examples(150, deep=3_000)
@given(st.sampled_from([*sorted(GOOD), "overrides", "busy", "own", "mode", "per_day"]), NONSENSE)
def test_nonsense_ends_in_an_answer_or_a_refusal_of_its_field(field: str, nonsense: object) -> None:
    refused = field
    try:
        evaluate({**GOOD, field: nonsense})
    except Invalid as error:
        refused = error.field
    assert refused.startswith(field) or (field, refused) == ("from", "to")
