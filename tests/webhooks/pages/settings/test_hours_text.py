"""Hours as text: what is written with any clock is understood again, and what people type."""

import pytest
from babel import Locale

from domain.errors import Invalid
from domain.mail import LANGUAGES
from tests.support.typed_hours import TYPED, WRONG
from webhooks.pages import hours_text

REGIONS = ("en_GB", "en_US", "en_AU", "de_AT", "fr_CA", "es_MX", "es_US", "ar_EG", "ar_SA", "ja_JP")
WEEK = [["00:00", "00:15"], ["09:00", "12:00"], ["12:45", "17:30"], ["22:05", "24:00"]]


@pytest.mark.parametrize("tag", [*LANGUAGES, *REGIONS])
def test_hours_are_understood_as_they_are_written(tag: str) -> None:
    reader = Locale.parse(tag.replace("-", "_"))
    assert hours_text.read(hours_text.text_of(WEEK, reader), "hours") == WEEK


@pytest.mark.parametrize(("typed", "meant"), TYPED.items())
def test_what_people_type_is_understood(typed: str, meant: str) -> None:
    windows = hours_text.read(typed, "hours")
    assert ", ".join("-".join(pair) for pair in windows) == meant


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="not understood") as refused:
        hours_text.read(typed, "hours.mon")
    assert refused.value.code == "invalid_time"


def test_spaces_without_end_cost_nothing() -> None:
    with pytest.raises(Invalid):
        hours_text.read("9" + " " * 900 + "x", "hours")
