"""`./run chaos`: see tests.chaos. Ends with 1 when a promise broke, and says which, the seed and
where to look; with 3 when it cannot be run here, and says why.
"""

import argparse
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos import disks, document, report
from tests.chaos.faults import ALL
from tests.chaos.hosts import network
from tests.chaos.hosts.faults import HOSTS
from tests.chaos.hosts.network import Impossible
from tests.chaos.run import Options, Outcome, run

MOST_SHOWN = 40
WHOLE_RUN_SECONDS = 300
NOT_RUN = 3
ROOT = Path(__file__).parents[2]


def main() -> int:
    options = _options()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background job ignores it otherwise
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # and so all that was started is stopped
    disks.separate_mounts()  # before there is any thread
    _tell(
        f"seed {options.seed}, {options.seconds:.0f} s, {options.where}; logs and evidence in"
        f" {options.folder}"
    )
    try:
        if options.hosts:
            network.separate()
        outcome = run(options, _tell)
    except Impossible as why:
        with suppress(OSError):
            options.folder.rmdir()  # nothing is in it
        print(f"not run: {why}")
        return NOT_RUN
    shown = report.table(outcome.result)
    print(f"\n{shown}\n", flush=True)
    if options.report is not None:
        document.add(
            options.report,
            _line(options, outcome),
            options.where,
            _section(options, outcome, shown),
        )
    return _verdict(options, outcome)


def _verdict(options: Options, outcome: Outcome) -> int:
    violations = outcome.result.violations
    for each in violations[:MOST_SHOWN]:
        print(f"{each.promise}: {each.what}")
    if len(violations) > MOST_SHOWN:
        print(f"... and {len(violations) - MOST_SHOWN} more")
    if violations:
        print(f"{len(violations)} promises broken; see {options.folder}; again: {options.again}")
        return 1
    print(f"every promise held for {outcome.result.seconds:.0f} s; again: {options.again}")
    return 0


def _options() -> Options:
    names = [fault.name for fault in (*ALL, *HOSTS)]
    parser = argparse.ArgumentParser(prog="./run chaos", description=__doc__)
    parser.add_argument(
        "--seed", type=int, help="rolls the same faults and wishes of clients again; any if absent"
    )
    parser.add_argument("--seconds", type=float, default=300.0, help="of faults")
    parser.add_argument(
        "--times", type=int, help="each fault at least so often; 2 from 300 seconds on, else 0"
    )
    parser.add_argument("--only", nargs="+", metavar="FAULT", choices=names, help=", ".join(names))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument(
        "--hosts",
        type=int,
        choices=(0, 3),
        default=0,
        help="over so many hosts, in network namespaces, with a standby and Sentinel: other faults",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="a new folder for logs and evidence"
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="write the table into this Markdown document too",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        metavar="TIMES",
        help="allow so many times as long as is promised, on a machine that others use",
    )
    given = parser.parse_args()
    known = [fault.name for fault in (HOSTS if given.hosts else ALL)]
    only = given.only or known
    if not set(only) <= set(known):
        parser.error(f"of these faults there are here: {', '.join(known)}")
    if given.hosts and given.database != "postgresql":
        parser.error("SQLite serves one machine: leave out --hosts, or --database")
    folder = given.keep or Path(tempfile.mkdtemp(prefix="coachcal-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        parser.error(f"{folder} is not empty; name a folder that is not there yet")
    folder.chmod(0o755)  # the database's account, which is not ours, keeps its files below it
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    times = int(given.seconds >= WHOLE_RUN_SECONDS) * 2 if given.times is None else given.times
    return Options(
        seed,
        given.seconds,
        times,
        only,
        given.database,
        folder.resolve(),
        given.report,
        given.patience,
        given.hosts,
    )


def _line(options: Options, outcome: Outcome) -> tuple[str, ...]:
    """As `document.HEAD` wants it."""
    result = outcome.result
    figures = (options.seed, round(result.seconds), len(result.operations), len(result.episodes))
    slowest = max((each.recovery.seconds or math.inf for each in result.episodes), default=0.0)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        when,
        options.where,
        *map(str, figures),
        f"{slowest:.1f}",
        str(len(result.violations)),
    )


def _section(options: Options, outcome: Outcome, shown: str) -> str:
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    versions = ", ".join(
        (f"coachcal {described.stdout.strip() or 'unknown'}", *outcome.versions.values())
    )
    return f"With {versions}. Again: `{options.again}`\n\n{shown}\n"


def _tell(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
