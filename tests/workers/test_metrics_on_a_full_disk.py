"""Counts lie in files that are mapped into memory. A disk that fills up ends no process by them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workers import metrics

ONE_COUNT = """
from prometheus_client import CollectorRegistry
from workers.metrics import CountJobs, keep_room

counted = CountJobs(CollectorRegistry())
keep_room("counter")
counted.unknown.labels("garbage").inc()
print(__import__("os").environ["PROMETHEUS_MULTIPROC_DIR"])
"""


def count_into(place: Path) -> Path:
    """Where a process counted that was told to count there."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(place)}
    counting = subprocess.run(
        [sys.executable, "-c", ONE_COUNT],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return Path(counting.stdout.splitlines()[-1])


def sizes(place: Path) -> list[tuple[str, int, bool]]:
    """The kind of each file, its bytes, and whether it has holes."""
    found = []
    for path in sorted(place.iterdir()):
        there = path.stat()
        holes = there.st_blocks * 512 < there.st_size
        found.append((path.name.partition("_")[0], there.st_size, holes))
    return found


def test_a_process_that_counts_has_taken_the_room_for_it(tmp_path: Path) -> None:
    assert count_into(tmp_path) == tmp_path
    assert sizes(tmp_path) == [
        ("counter", metrics.ROOM, False),
        ("histogram", metrics.ROOM, False),
    ]


@pytest.mark.skipif(
    not Path(metrics.IN_MEMORY).is_dir(), reason="this system has no files in memory"
)
def test_where_there_is_no_room_a_process_counts_for_itself(tmp_path: Path) -> None:
    own = count_into(tmp_path / "that is not there")
    try:
        assert own.parent == Path(metrics.IN_MEMORY)
        assert [size for _, size, _ in sizes(own)] == [metrics.ROOM, metrics.ROOM]
    finally:
        shutil.rmtree(own)
