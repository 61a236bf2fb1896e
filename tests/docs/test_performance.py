"""`./run bench`: its light parts run, it tells what it knows, and its page names what there is.

Nothing is held against a clock here: a loaded machine is no failure.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import kept_run, report, runner
from tests.benchmarks.catalogue import BENCHES, QUICK_ORDER, Bench
from tests.benchmarks.figures import (
    Figure,
    Plot,
    Spread,
    Told,
    at_most,
    ratio_at_least,
    ratio_at_most,
)
from tests.benchmarks.work import Work

LIGHT = {name: each.light for name, each in BENCHES.items() if each.light is not None}
ONE, TWO = Spread(0.9, 1.0, 1.1), Spread(1.8, 2.0, 2.2)
COMMAND = re.compile(r"`\./run bench((?: [^`\s]+)*)`")


@pytest.mark.parametrize("name", LIGHT)
def test_the_quick_form_of_what_is_light_measures(name: str) -> None:
    with Work(quick=True, kinds=("sqlite",)) as work:
        figures = [told for told in LIGHT[name](work) if isinstance(told, Figure)]
    assert any(figure.ours is not None for figure in figures)
    for figure in figures:
        assert figure.bench == name
        assert figure.verdict != "no floor" or figure.why, figure.id
        assert figure.ours is not None or figure.why, figure.id


def test_a_goal_without_a_floor_of_the_same_run_has_no_verdict() -> None:
    quick, slow = (at_most(1.5),), (ratio_at_most(1.5), at_most(9))
    assert Figure("P1 a", "ms", ONE, goals=quick).verdict == "no floor"
    assert Figure("P1 a", "ms", ONE, "b", TWO, quick).verdict == "holds"
    assert Figure("P1 a", "ms", TWO, "b", ONE, quick).verdict == "misses"
    assert Figure("P1 a", "ms", TWO, "b", ONE, slow).verdict == "misses"
    assert Figure("P1 a", "ms", TWO, "b", ONE, (ratio_at_least(2),)).verdict == "holds"
    assert Figure("P1 a", "ms", TWO, "b", ONE).verdict == "told"
    assert Figure("P1 a", "ms", why="x").verdict == "not measured"


def test_floor_and_ours_take_turns_and_the_first_turn_is_thrown_away() -> None:
    order: list[str] = []
    values = {"floor": iter([90.0, 1, 2, 3]), "ours": iter([80.0, 4, 5, 6])}

    def side(name: str) -> float:
        order.append(name)
        return next(values[name])

    with Work() as work:
        found = work.in_turn({"floor": lambda: side("floor"), "ours": lambda: side("ours")}, 3)

    assert order == ["floor", "ours"] * 4
    assert found == {"floor": Spread(1.5, 2, 2.5), "ours": Spread(4.5, 5, 5.5)}


@pytest.mark.parametrize("words", [["P99"], ["--fast"], ["P1", "--qui"]])
def test_an_unknown_name_or_option_is_refused_with_what_there_is(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        bench.parsed(words)
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "--quick" in told
    assert "P99" not in words or ", ".join(BENCHES) in told


def test_help_lists_every_name_and_measures_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        bench.parsed(["--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert all(f"  {name:<6} {each.what}" in told for name, each in BENCHES.items())


def test_what_breaks_or_comes_too_late_keeps_no_other_from_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(_work: Work) -> Iterator[Told]:
        yield Figure("P1 first", "ms", ONE)
        raise ValueError("no such thing")

    def measures(_work: Work) -> Iterator[Told]:
        yield Figure("P2 a", "ms", ONE)

    monkeypatch.setitem(BENCHES, "P1", Bench("", breaks))
    monkeypatch.setitem(BENCHES, "P2", Bench("", measures))
    told: list[Told] = []
    late: list[Told] = []
    with Work(quick=True) as work:
        runner.run(["P1", "P2"], work, told.append)
        runner.run(["P2"], work, late.append, seconds=0)

    broken = Figure("P1, the rest", "", why="it broke: ValueError: no such thing")
    assert told == [Figure("P1 first", "ms", ONE), broken, Figure("P2 a", "ms", ONE)]
    assert late == [Figure("P2", "", why="the 0 s were over")]


def test_one_that_swallows_its_end_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    swallowed: list[str] = []

    def clings(_work: Work) -> Iterator[Told]:
        try:
            Event().wait(60)
        except BaseException as error:  # noqa: BLE001 (as of a finalizer, where Python drops it)
            swallowed.append(type(error).__name__)
        try:
            Event().wait(60)
        except Exception as error:  # noqa: BLE001 (as what retries does)
            swallowed.append(type(error).__name__)
        yield Figure("P1 a", "ms", ONE)

    monkeypatch.setitem(BENCHES, "P1", Bench("", clings))
    monkeypatch.setattr(runner, "BENCH_SECONDS", 0.4)
    monkeypatch.setattr(runner, "AGAIN_SECONDS", 0.4)
    told: list[Told] = []
    with Work(quick=True) as work:
        runner.run(["P1"], work, told.append, seconds=60)

    assert told == [Figure("P1, the rest", "", why="its 0 s were over")]
    assert swallowed == ["TimeIsOver"]


def test_a_quick_run_knows_its_order() -> None:
    assert set(QUICK_ORDER) == {name for name, each in BENCHES.items() if each.in_quick}
    assert runner.chosen(["P11", "P2"], quick=False) == ["P2", "P11"]
    assert set(runner.chosen([], quick=True)) == set(BENCHES) - {"memory"}
    assert runner.chosen(["memory"], quick=False) == ["memory"]


def test_comparing_names_what_moved_beyond_its_noise(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    before = [Figure(f"P1 {name}", "ms", TWO, "b", ONE) for name in ("still", "moved")]
    kept_run.write(kept, before, {})
    slower = Spread(5.8, 6.0, 6.2)
    now = [
        Figure("P1 still", "ms", Spread(2.0, 2.2, 2.4), "b", ONE),
        Figure("P1 moved", "ms", slower, "b", ONE),
        Figure("P1 new", "ms", slower, "b", ONE),
    ]

    told = kept_run.compared(now, kept_run.read(kept)).splitlines()

    assert told[0].startswith("2 compared")
    assert told[1:] == ["  P1 moved: 2x then, 6x now (+200%)"]


def test_a_run_is_written_as_a_page_with_its_plots_and_kept_beside_it(tmp_path: Path) -> None:
    plot = Plot("performance-x", "A title", "coaches", (1, 2), {"read": [1.0, 3.0]})
    page = report.write(
        [Figure("P6 a|b", "ms", TWO, "b", ONE)], [plot], quick=False, folder=tmp_path
    )

    assert "`./run bench P6`" in page.read_text()
    assert "| a/b | 1 (b) | 2 (1.8 to 2.2) ms | 2x |  | told |" in page.read_text()
    assert (tmp_path / "performance-x.svg").read_text().startswith("<svg")
    assert kept_run.read(tmp_path / "performance.json")["figures"]["P6 a|b"]["ours"] == [
        1.8,
        2,
        2.2,
    ]


def test_what_a_run_did_not_name_stays_on_the_page_with_its_day(tmp_path: Path) -> None:
    # Given a run of two benchmarks on another day, with a plot
    plot = Plot("performance-x", "A title", "coaches", (1, 2), {"read": [1.0, 3.0]})
    goals, why = (ratio_at_least(2), at_most(9)), "it takes minutes"
    old = [
        Figure("P1 a", "us", TWO, "b", ONE, goals, date="2026-01-02"),
        Figure("P6 a", "ms", TWO, "b", ONE, date="2026-01-02"),
        Figure("P6 c", "", why=why, date="2026-01-02"),
    ]
    report.write(old, [plot], quick=False, folder=tmp_path)

    page = report.write([Figure("P1 z", "us", ONE)], [], quick=False, folder=tmp_path).read_text()

    assert "| a | 1 (b) | 2 (1.8 to 2.2) us |" not in page
    assert "| z |" in page
    assert "`./run bench P1`\n" in page
    assert "`./run bench P6`, on 2026-01-02\n" in page
    assert f"not measured: {why}" in page
    assert "![A title](performance-x.svg)" in page
    kept = kept_run.figures_of(kept_run.read(tmp_path / "performance.json"))
    assert kept[1:] == old[1:]


def test_the_page_names_every_benchmark_and_only_commands_that_there_are() -> None:
    text = report.PAGE.read_text()
    for name, each in BENCHES.items():
        assert f"### {name}: {each.what}\n\n`./run bench {name}`\n" in text
    commands = COMMAND.findall(text)
    assert len(commands) > len(BENCHES)
    for words in commands:
        bench.parsed(words.split())
    for name in re.findall(r"\]\(([\w-]+\.svg)\)", text):
        assert (report.FOLDER / name).read_text().startswith("<svg"), name
    assert kept_run.read(report.KEPT)["figures"]
