"""A run as it is kept, as JSON, and what moved since."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which
from typing import Any

from tests.benchmarks.figures import Figure, Goal, Spread, number
from workers.embedded.redis import redis_binaries

LIBRARIES = ("flask", "gunicorn", "dramatiq", "sqlalchemy", "psycopg", "numpy", "orjson")
PEERS = ("pandas", "python-dateutil", "portion", "intervaltree", "celery", "huey", "rq", "taskiq")
LEAST_MOVE = 0.1
"""Of a ratio that was measured once: it has no quartiles that say how much it wavers."""
Kept = dict[str, Any]


def described() -> Kept:
    """The machine, the date and the versions."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} x {_processor()}, {_memory()}",
        "system": f"{platform.system()} {platform.release()}",
        "versions": {
            "Python": platform.python_version(),
            "SQLite": sqlite3.sqlite_version,
            "PostgreSQL": _first_word("postgres", "--version"),
            "Redis": _first_word(*_redis()),
            **_libraries(),
        },
    }


def _processor() -> str:
    for line in _text("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _memory() -> str:
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / 1024**2:.0f} GB"
    return "memory unknown"


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _redis() -> tuple[str, str]:
    binaries = list(redis_binaries().values())
    return str(binaries[0]) if binaries else "redis-server", "--version"


def _first_word(program: str, option: str) -> str:
    """The first number that the program says of itself."""
    found = which(program)
    if found is None:
        return "of a wheel"
    told = subprocess.run([found, option], capture_output=True, text=True, timeout=10).stdout
    for word in told.replace("v=", "").split():
        if word[:1].isdigit():
            return word
    return told.strip()


def _libraries() -> dict[str, str]:
    found = {}
    for name in (*LIBRARIES, *PEERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def to_keep(figures: Sequence[Figure], plots: Mapping[str, str]) -> Kept:
    """Figures with all that the page says of them, and the day on which each was measured; the
    titles of plots by their files' names.
    """
    about = described()
    kept = {}
    for figure in figures:
        fields = asdict(figure) | {"date": figure.date or about["date"]}
        for name in ("ours", "floor"):
            if fields[name] is not None:
                fields[name] = _triple(Spread(**fields[name]))
        kept[fields.pop("id")] = fields
    return about | {"figures": kept, "plots": dict(plots)}


def _triple(spread: Spread) -> list[float]:
    return [float(f"{value:.6g}") for value in (spread.low, spread.middle, spread.high)]


def write(path: Path, figures: Sequence[Figure], plots: Mapping[str, str]) -> None:
    path.write_text(json.dumps(to_keep(figures, plots), indent=1) + "\n")


def figures_of(kept: Kept) -> list[Figure]:
    return [_figure(name, fields) for name, fields in kept["figures"].items()]


def _figure(name: str, fields: Kept) -> Figure:
    values = dict(fields)
    for side in ("ours", "floor"):
        if values[side] is not None:
            values[side] = Spread(*values[side])
    values["goals"] = tuple(Goal(**goal) for goal in values["goals"])
    return Figure(name, **values)


def read(path: Path) -> Kept:
    """Raises OSError or ValueError for what is no kept run."""
    kept: Kept = json.loads(path.read_text())
    if not isinstance(kept, dict) or not isinstance(kept.get("figures"), dict):
        raise ValueError("it has no figures")
    return kept


def compared(figures: Sequence[Figure], kept: Kept) -> str:
    """What moved beyond its noise, as lines. Ratios are compared: the machine may be another."""
    lines = []
    seen = 0
    for figure in figures:
        fields = kept["figures"].get(figure.id)
        if fields is None:
            continue
        then = _figure(figure.id, fields)
        if then.ratio is None or figure.ratio is None:
            continue
        seen += 1
        moved = _moved(then, figure)
        if moved:
            lines.append(moved)
    told = f"{seen} compared with the run of {kept.get('date', 'no date')}, {len(lines)} moved"
    return "\n".join([told, *lines])


def _moved(then: Figure, now: Figure) -> str:
    """Empty unless the ranges in which the two ratios lie do not meet."""
    before, after = _range(then), _range(now)
    if before[0] <= after[1] and after[0] <= before[1]:
        return ""
    assert then.ratio is not None
    assert now.ratio is not None
    change = now.ratio / then.ratio - 1
    return f"  {now.id}: {number(then.ratio)}x then, {number(now.ratio)}x now ({change:+.0%})"


def _range(figure: Figure) -> tuple[float, float]:
    """Of the ratio, by the quartiles of both sides, and a tenth at least."""
    assert figure.ours is not None
    assert figure.floor is not None
    assert figure.ratio is not None
    low = figure.ours.low / figure.floor.high
    high = figure.ours.high / (figure.floor.low or figure.floor.middle)
    return min(low, figure.ratio * (1 - LEAST_MOVE)), max(high, figure.ratio * (1 + LEAST_MOVE))
