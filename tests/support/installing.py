"""What tests of other people's programs install, where they can: a test without them is left out,
and says why.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

QUICK = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


def install(what: str, *command: str, folder: Path) -> None:
    """Or skip, and say why."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what} could not be installed: it took more than 100 s")
    if done.returncode:
        pytest.skip(f"{what} could not be installed: {done.stderr.strip()[-400:]}")


def from_npm(config: pytest.Config, what: str, files: Path) -> Path:
    """A folder with all that the lock file in `files` names, kept between runs. `what`: its name
    and version.
    """
    name = what.rpartition("-")[0]
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip(f"{name} needs node and npm on PATH; the product does not")
    folder = Path(config.cache.mkdir(what))
    if not (folder / "node_modules" / ".package-lock.json").exists():
        for each in ("package.json", "package-lock.json"):
            shutil.copy(files / each, folder)
        install(name, "npm", "ci", *QUICK, folder=folder)
    return folder
