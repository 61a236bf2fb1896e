"""docs/explanation/performance.md with its plots, and the run itself as JSON beside it."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from string import Template

from tests.benchmarks import kept_run, line_plots
from tests.benchmarks.catalogue import BENCHES
from tests.benchmarks.figures import Figure, Plot, number
from tests.benchmarks.runner import goals

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "explanation"
PAGE = FOLDER / "performance.md"
KEPT = FOLDER / "performance.json"
TEMPLATE = Path(__file__).parent / "performance.md.template"
HEAD = "| What | Floor | Ours | Ratio | Goal | |\n| --- | --- | --- | --- | --- | --- |"


def write(
    figures: Sequence[Figure], plots: Sequence[Plot], *, quick: bool, folder: Path = FOLDER
) -> Path:
    """Answers the page."""
    for plot in plots:
        write_plot(folder, plot)
    kept_run.write(folder / KEPT.name, figures)
    page = folder / PAGE.name
    page.write_text(text(figures, plots, quick=quick))
    return page


def text(figures: Sequence[Figure], plots: Sequence[Plot], *, quick: bool) -> str:
    about = kept_run.described()
    versions = ", ".join(f"{name} {told}" for name, told in about["versions"].items())
    template = Template(TEMPLATE.read_text())
    kind = "a whole run"
    if quick:
        kind = "a quick run, with less of everything: hold nothing by it, and run it whole"
    return template.substitute(
        date=about["date"],
        kind=kind,
        machine=about["machine"],
        system=about["system"],
        versions=versions,
        sections="\n\n".join(_sections(figures)),
        plots=_pictures(plots),
    )


def _pictures(plots: Sequence[Plot]) -> str:
    if not plots:
        return (
            "A whole run draws what it costs against busy periods, coaches, connections and pushes."
        )
    return "\n\n".join(f"![{plot.title}]({plot.name}.svg)" for plot in plots)


def _sections(figures: Sequence[Figure]) -> list[str]:
    """One for each benchmark, with the command that measures it again."""
    ordered = sorted(figures, key=lambda figure: list(BENCHES).index(figure.bench))
    sections = []
    for name, group in groupby(ordered, key=lambda figure: figure.bench):
        rows = "\n".join(_row(figure) for figure in group)
        title = f"### {name}: {BENCHES[name].what}"
        sections.append(f"{title}\n\n`./run bench {name}`\n\n{HEAD}\n{rows}")
    return sections


def _row(figure: Figure) -> str:
    name = figure.id.partition(" ")[2] or figure.id
    if figure.ours is None:
        cells = [name, "", "", "", "", f"not measured: {figure.why}"]
    else:
        cells = [name, _floor(figure), f"{_spread(figure)} {figure.unit}", "", goals(figure), ""]
        if figure.ratio is not None:
            cells[3] = f"{number(figure.ratio)}x"
        cells[5] = figure.verdict
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _floor(figure: Figure) -> str:
    if figure.floor is None:
        return figure.why
    return f"{number(figure.floor.middle)} ({figure.beside})"


def _spread(figure: Figure) -> str:
    """The median, and the quartiles where there was more than one turn."""
    assert figure.ours is not None
    ours = figure.ours
    if ours.low == ours.high:
        return number(ours.middle)
    return f"{number(ours.middle)} ({number(ours.low)} to {number(ours.high)})"


def write_plot(folder: Path, plot: Plot) -> None:
    most = max(max(values) for values in plot.lines.values())
    at = ", ".join(number(value) for value in plot.at)
    line_plots.write(
        folder / f"{plot.name}.svg",
        plot.title,
        plot.lines,
        across=f"{plot.across}: {at}",
        top=_rounded(most),
    )


def _rounded(value: float) -> float:
    """The next of 1, 2, 4 or 8 times a power of ten, for a scale that is easily read."""
    scale = 1e-6
    while True:
        for factor in (1, 2, 4, 8):
            if factor * scale >= value:
                return factor * scale
        scale *= 10
