"""The release before, as processes of its own: its packages come from this clone, from the commit
that `tests/release_before` names. It runs on the libraries of this release.
"""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest

from webhooks.demo.processes import Process, Starter

ROOT = Path(__file__).parents[2]
COMMIT, SCHEMA = (ROOT / "tests" / "release_before").read_text().split()
"""Of the release before: its commit, and the newest of its migrations."""
TAKEN = ("domain", "storage", "workers", "webhooks", "pyproject.toml")
LEFT_OUT = (
    f"the release before ({COMMIT[:8]}) is not in this clone, which is shallow or no clone at all:"
    " `git fetch --unshallow` brings it"
)


def unpacked(folder: Path) -> Path:
    """Where its packages are now. Skips the test where the clone has not got them."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", COMMIT, *TAKEN]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(LEFT_OUT)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def make_schema(folder: Path, url: str) -> None:
    """In an empty database, by its own migrations."""
    says = (
        "import sys; from storage import migrations; from storage.schema.database import create;"
        " migrations.migrate(create(sys.argv[1]))"
    )
    command = [sys.executable, "-P", "-c", says, url]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(folder)}, check=True)


def starter(folder: Path) -> Starter:
    """Starts `python -m` of what was unpacked there."""

    def start(arguments: Sequence[str], env: Mapping[str, str], log: IO[bytes]) -> Process:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", *arguments],
            env={**env, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    return start
