"""What a coach can be set to, and what is refused."""

from typing import Any

import pytest

from domain.coaches import Policy
from domain.errors import Invalid
from tests.domain.kit import coach


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"durations": ()}, "durations", "not_distinct"),
        ({"durations": (30, 30)}, "durations", "not_distinct"),
        ({"durations": (30, 62)}, "durations", "not_a_multiple_of_5"),
        ({"durations": (0,)}, "durations", "out_of_range"),
        ({"pre": 481}, "pre", "out_of_range"),
        ({"post": "15"}, "post", "not_a_whole_number"),
        ({"notice": -1}, "notice", "out_of_range"),
        ({"horizon_days": 731}, "horizon_days", "out_of_range"),
        ({"mode": "greedy"}, "mode", "unknown_word"),
        ({"per_day": 1.5}, "per_day", "not_a_whole_number"),
        ({"per_week": -1}, "per_week", "out_of_range"),
        ({"tentative_blocks": None}, "tentative_blocks", "not_a_boolean"),
    ],
)
def test_a_setting_that_no_coach_can_have_is_refused(
    change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        coach(**change)
    assert (refused.value.field, refused.value.code) == (field, code)
    assert refused.value.detail.endswith(".")


def test_durations_need_not_be_quarter_hours() -> None:
    assert coach(durations=(5, 20, 50, 480)).durations == (5, 20, 50, 480)


@pytest.mark.parametrize(
    ("kind", "hours", "field"),
    [("show", 0, "policy.kind"), ("hide", -1, "policy.last_known_hours")],
)
def test_a_policy_that_nobody_knows_is_refused(kind: Any, hours: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Policy(kind, hours)
    assert refused.value.field == field


def test_coaches_with_equal_settings_are_equal_and_hash_alike() -> None:
    assert coach(["09:00", "10:00"]) == coach(["09:00", "10:00"])
    assert hash(coach(["09:00", "10:00"])) == hash(coach(["09:00", "10:00"]))
    assert coach(["09:00", "10:00"]) != coach(["09:00", "10:15"])


def test_a_refusal_reads_as_a_sentence_with_its_field_and_code() -> None:
    assert str(Invalid("pre", "out_of_range", "Send less.")) == "pre: Send less. (out_of_range)"
