"""Plots: where points lie, where a line is broken, how high the axis goes, and what the table
beside it tells.
"""

from datetime import UTC, datetime, timedelta

import pytest

from webhooks.ops import formats
from webhooks.ops.plots import HEIGHT, WIDTH, Figure, Plot, PlotRange, Sheet, draw, nice

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = PlotRange(NOON, NOON + timedelta(hours=1), timedelta(minutes=1))
SHEET = Sheet("it", "It", "ms", (Figure("a", "A", "one"), Figure("b", "B", "two")))


def plot(**series: dict[int, float]) -> Plot:
    """Values by minute."""
    found = {
        name: [(NOON + timedelta(minutes=at), value) for at, value in it.items()]
        for name, it in series.items()
    }
    return draw(SHEET, {"a": [], "b": []} | found, HOUR)


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 1), (0.3, 1), (1, 1), (1.01, 2), (27, 30), (41, 50), (70, 80), (100, 100), (101, 200)],
)
def test_an_axis_ends_at_a_round_number_that_is_not_below_the_highest_value(
    highest: float, top: float
) -> None:
    assert nice(highest) == top


def test_a_point_lies_where_its_time_and_its_value_are() -> None:
    line = plot(a={0: 0.0, 30: 5.0, 60: 10.0}, b={}).lines[0]
    assert line.pieces == (
        f"0.0,{HEIGHT:.1f} 0.0,{HEIGHT:.1f}",
        "300.0,60.0 300.0,60.0",
        f"{WIDTH:.1f},0.0 {WIDTH:.1f},0.0",
    )
    assert (line.latest, line.peak) == (10.0, 10.0)


def test_a_line_is_broken_where_nothing_was_measured_and_nowhere_else() -> None:
    line = plot(a={0: 1.0, 1: 1.0, 3: 1.0, 6: 1.0, 7: 1.0}).lines[0]
    assert [len(piece.split()) for piece in line.pieces] == [3, 2]


def test_both_lines_share_one_axis() -> None:
    assert plot(a={0: 3.0}, b={0: 55.0}).top == 60


def test_nothing_measured_is_an_empty_plot() -> None:
    assert plot().empty
    assert plot().rows == ()
    assert not plot(b={1: 0.0}).empty


def test_the_table_tells_the_highest_of_each_twelfth_and_leaves_out_what_was_not_measured() -> None:
    rows = plot(a={0: 1.0, 4: 7.0, 5: 2.0, 59: 4.0}, b={6: 0.0}).rows
    assert rows == (
        (NOON, (7.0, None)),
        (NOON + timedelta(minutes=5), (2.0, 0.0)),
        (NOON + timedelta(minutes=55), (4.0, None)),
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3600, "1.0 h"),
        (172_799, "48.0 h"),
        (172_800, "2 d"),
    ],
)
def test_an_age_is_said_in_its_own_unit(seconds: float, said: str) -> None:
    assert formats.age(seconds) == said


@pytest.mark.parametrize(
    "text", ["550 <a.b+c@d.test>: no", "a@b, c@d", "mailto:a@b.c", "(x@y)", "‹grace@example.test›"]
)
def test_no_address_is_left_in_an_error(text: str) -> None:
    assert "@" not in formats.error(text)
    assert formats.error(None) == ""
