"""A time of day as people type it, by either clock, in the marks and digits of each language."""

import pytest

from domain.errors import Invalid
from webhooks.pages.hours_text import minute_of


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("", None),
        (" \u200e ", None),
        ("9", 540),
        ("09:00", 540),
        ("9.30", 570),
        ("9h", 540),
        ("9 am", 540),
        ("9:30 PM", 1290),
        ("12 am", 0),
        ("12 pm", 720),
        ("24:00", 1440),
        ("\u0669:\u0663\u0660 \u0645", 1290),
        ("\u5348\u5f8c9:30", 1290),
        ("\uff19\uff1a\uff13\uff10", 570),
    ],
)
def test_a_time_is_understood(text: str, minute: int | None) -> None:
    assert minute_of(text, "x") == minute


@pytest.mark.parametrize("text", ["noon", "25", "24:15", "9:60", "13 pm", "am 9 am", "9-17", "\0"])
def test_what_is_no_time_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        minute_of(text, "away[0].from")
    assert (refused.value.field, refused.value.code) == ("away[0].from", "invalid_clock")
