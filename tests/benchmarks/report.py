"""docs/explanation/performance.md with its plots, and the run itself as JSON beside it."""

from collections.abc import Mapping, Sequence
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
    """Answers the page. Of benchmarks that this run did not name, what was kept there stays."""
    for plot in plots:
        write_plot(folder, plot)
    measured = {figure.bench for figure in figures}
    others, titles = _others(folder / KEPT.name, measured)
    titles |= {plot.name: plot.title for plot in plots}
    figures = [*figures, *others]
    kept_run.write(folder / KEPT.name, figures, titles)
    page = folder / PAGE.name
    page.write_text(text(figures, titles, quick=quick))
    return page


def _others(path: Path, measured: set[str]) -> tuple[list[Figure], dict[str, str]]:
    """What is kept there of other benchmarks: figures, and titles of plots by their names."""
    if not path.exists() or measured >= set(BENCHES):
        return [], {}
    kept = kept_run.read(path)
    figures = kept_run.figures_of(kept)
    return [each for each in figures if each.bench not in measured], dict(kept["plots"])


def text(figures: Sequence[Figure], plots: Mapping[str, str], *, quick: bool) -> str:
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
        sections="\n\n".join(_sections(figures, about["date"])),
        plots=_pictures(plots),
    )


def _pictures(plots: Mapping[str, str]) -> str:
    if not plots:
        return (
            "A whole run draws what it costs against busy periods, coaches, connections and pushes."
        )
    return "\n\n".join(f"![{title}]({name}.svg)" for name, title in plots.items())


def _sections(figures: Sequence[Figure], today: str) -> list[str]:
    """One for each benchmark, with the command that measures it again."""
    ordered = sorted(figures, key=lambda figure: list(BENCHES).index(figure.bench))
    sections = []
    for name, group in groupby(ordered, key=lambda figure: figure.bench):
        told = list(group)
        rows = "\n".join(map(_row, told))
        title = f"### {name}: {BENCHES[name].what}"
        command = f"`./run bench {name}`"
        if told[0].date not in ("", today):
            command += f", on {told[0].date}"
        sections.append(f"{title}\n\n{command}\n\n{HEAD}\n{rows}")
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
