"""The page of scale says what its command measures: small fleets of the same model, for days."""

import re
from pathlib import Path

from tests.benchmarks.bench_scale import SIZES, measured
from tests.benchmarks.fleet_model import Model

FOLDER = Path(__file__).parents[2] / "docs" / "explanation"
PAGE = FOLDER / "scale.md"


def test_nobody_in_a_fleet_that_is_too_large_waits_longer_than_was_computed() -> None:
    row = measured(8_000, Model(8_000).run(2, lambda _: None))
    assert row.bound > 120  # minutes: there are too few calls
    assert row.share <= 1
    # And it is the budget that makes them wait: it is used up to a few calls
    assert row.oldest > 0.9 * row.bound


def test_a_small_fleet_is_read_within_the_hour_as_it_is_promised() -> None:
    row = measured(500, Model(500).run(1, lambda _: None))
    assert row.bound == 60
    assert row.oldest <= 60


def test_the_page_has_a_row_for_each_size_and_its_plots() -> None:
    text = PAGE.read_text()
    for size in SIZES:
        assert f"| {size:,} | " in text
    for name in re.findall(r"\]\(([\w-]+\.svg)\)", text):
        assert (FOLDER / name).read_text().startswith("<svg"), name
