"""The wheel, installed elsewhere, works in a folder whose own modules are called as ours are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.deployed import ROOMS
from webhooks.version import version

ROOT = Path(__file__).parents[1]
HOSTILE = "raise SystemExit('this module is of the caller, and not ours')\n"


def uv() -> str:
    """`./run` needed one to make the environment that the tests run in."""
    fetched = sorted(map(str, (ROOT / ".tools").glob("uv-*")))
    found = shutil.which("uv") or (fetched and fetched[-1])
    assert found, "neither uv on PATH nor one of ./run's in .tools/"
    return found


def run(*command: str, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages, as site-packages is."""
    folder = tmp_path_factory.mktemp("installed")
    source = tmp_path_factory.mktemp("source")
    for name in (*ROOMS, "docs/ops", "deploy/wheel"):
        shutil.copytree(
            ROOT / name, source / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    run(
        uv(),
        "build",
        "-q",
        "--offline",
        "--python",
        sys.executable,
        "--wheel",
        "-o",
        str(folder / "dist"),
        cwd=source,
    )
    [wheel] = (folder / "dist").glob("*.whl")
    run(
        uv(),
        "pip",
        "install",
        "-q",
        "--offline",
        "--python",
        sys.executable,
        "--no-deps",
        "--target",
        str(folder),
        str(wheel),
        cwd=source,
    )
    return folder


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder that nothing may be imported from."""
    for name in (*ROOMS, "dramatiq", "queue"):
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    return tmp_path


def coachcal(installed: Path, cwd: Path, *arguments: str) -> str:
    script = str(installed / "bin" / "coachcal")
    return run(sys.executable, script, *arguments, cwd=cwd, PYTHONPATH=str(installed))


def test_the_whole_story_works_from_the_wheel_in_any_folder(installed: Path, hostile: Path) -> None:
    """The demo starts sandbox, web, worker and clock, each as a command of its own."""
    assert "The whole story came out right" in coachcal(installed, hostile, "demo", "--once")


def test_the_wheel_knows_its_version_and_brings_what_ops_needs(
    installed: Path, hostile: Path
) -> None:
    assert coachcal(installed, hostile, "--version") == f"coachcal, version {version()}\n"
    there = installed / "share" / "coachcal" / "ops"
    assert sorted(path.name for path in there.iterdir()) == sorted(
        path.name for path in (ROOT / "docs" / "ops").iterdir()
    )


def test_every_command_is_in_the_wheel(installed: Path, hostile: Path) -> None:
    code = (
        "from tests_commands import names\n"
        "from click.testing import CliRunner\n"
        "from webhooks.cli import main\n"
        "for name in names:\n"
        "    done = CliRunner().invoke(main, [*name.split(), '--help'])\n"
        "    assert done.exit_code == 0, done.output\n"
        "print(len(names))\n"
    )
    from tests.webhooks.cli.dead_ends import COMMANDS

    (installed / "tests_commands.py").write_text(f"names = {list(COMMANDS)!r}\n")
    told = run(sys.executable, "-P", "-c", code, cwd=hostile, PYTHONPATH=str(installed))
    assert int(told) == len(COMMANDS)
