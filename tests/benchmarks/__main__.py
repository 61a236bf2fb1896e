"""`./run bench [NAME ...]`: measure what is named, or all, each beside its floor and its goal."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import kept_run, report, runner
from tests.benchmarks.catalogue import BENCHES
from tests.benchmarks.figures import Figure, Plot, Told
from tests.benchmarks.work import Work, say


def main(words: Sequence[str]) -> int:
    asked = parsed(words)
    seconds = runner.QUICK_SECONDS if asked.quick else None
    figures, plots = measured(asked.names, quick=asked.quick, seconds=seconds)
    print(f"\n{runner.summary(figures)}")
    if asked.compare is not None:
        print("\n" + kept_run.compared(figures, kept_run.read(asked.compare)))
    if asked.report:
        print(f"wrote {report.write(figures, plots, quick=asked.quick)}")
    return 0


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Ends the process with a sentence and the list where a name or an option is unknown."""
    named = "\n".join(f"  {name:<6} {bench.what}" for name, bench in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="./run bench",
        usage="./run bench [--quick] [--report] [--compare FILE] [NAME ...]",
        description="Measure what is named, or all, each beside its floor and its goal.",
        epilog=f"names:\n{named}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="see below; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="less of everything, within 90 s in all"
    )
    parser.add_argument(
        "--report", action="store_true", help=f"write {report.PAGE.relative_to(report.ROOT)}"
    )
    parser.add_argument(
        "--compare",
        metavar="FILE",
        type=Path,
        help=f"name what moved since a kept run, such as {report.KEPT.relative_to(report.ROOT)}",
    )
    asked = parser.parse_args(words)
    for name in asked.names:
        if name not in BENCHES:
            parser.error(f"there is no benchmark {name}; there are {', '.join(BENCHES)}")
    if asked.compare is not None:
        try:
            kept_run.read(asked.compare)
        except (OSError, ValueError, KeyError) as error:
            parser.error(f"{asked.compare} is not a kept run: {error}")
    return asked


def measured(
    names: Sequence[str], *, quick: bool, seconds: float | None
) -> tuple[list[Figure], list[Plot]]:
    """Each line is printed as it comes."""
    figures: list[Figure] = []
    plots: list[Plot] = []
    print(runner.heading())

    def tell(told: Told) -> None:
        if isinstance(told, Plot):
            plots.append(told)
            return
        figures.append(told)
        say("")
        print(runner.line(told), flush=True)

    with Work(quick=quick, tell=say) as work:
        runner.run(runner.chosen(names, quick=quick), work, tell, seconds=seconds)
    return figures, plots


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
