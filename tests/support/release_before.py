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
    f"the release before ({COMMIT[:8]}) is not here, which is a shallow clone or none at all:"
    " `git fetch --unshallow` brings it"
)
NO_GIT = f"the release before ({COMMIT[:8]}) is taken out of the clone by git, which is not here"


def unpacked(folder: Path) -> Path:
    """Where its packages are now. Skips the test where they cannot be had; a whole clone that has
    not got them fails it.
    """
    try:
        done = _git("archive", "--format=tar", COMMIT, *TAKEN)
    except FileNotFoundError:
        pytest.skip(NO_GIT)
    if done.returncode != 0:
        if _may_lack_it():
            pytest.skip(LEFT_OUT)
        said = done.stderr.decode(errors="replace")
        pytest.fail(f"git does not find the release before, {COMMIT}: {said}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        # Asked for so, because 3.11 knows the parameter of that name from its fourth release on.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)
    return folder


def _may_lack_it() -> bool:
    if not (ROOT / ".git").exists():
        return True
    return _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def _git(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)


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
