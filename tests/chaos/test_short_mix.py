"""A short mix of the faults that hurt most, on PostgreSQL: `./run chaos` plays all of them, for
longer.
"""

import os
from pathlib import Path

import pytest

from tests.chaos.report import read_rows
from tests.support import forks

MIX = (
    "kill web",
    "kill worker",
    "kill redis",
    "crash database",
    "database read-only",
    "cut replies",
    "mail hangs up",
)


# On a machine that others use it takes minutes to start and end so many processes.
@pytest.mark.timeout(900)
def test_every_promise_holds_through_a_short_mix_of_faults(tmp_path: Path) -> None:
    # How fast all is well again is measured by `./run chaos`, on a machine that nobody else uses.
    options = ["--seed=1", "--seconds=0", "--times=1", "--patience=6", f"--keep={tmp_path}/run"]
    own = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL")
    }
    done = forks.run("tests.chaos", *options, "--only", *MIX, env=own, seconds=880)
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    # Each came, and clients were at work meanwhile.
    rows = read_rows(done.stdout)
    assert {name: int(rows[name][3]) > 0 for name in MIX} == dict.fromkeys(MIX, True)
    assert int(rows["all"][4]) > 100
