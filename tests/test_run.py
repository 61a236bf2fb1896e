"""`./run` makes the environment once, makes it again when it must, and survives being killed or
started twice.

Its uv is a stand-in that makes a small environment and writes down how it was called; the real one
needs the network.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webhooks.cli import runs
from webhooks.cli.mails import BROWSERS

RUN = Path(__file__).parents[1] / "run"
UV = """#!/bin/sh
echo "$*" >>"$CALLS"
env >"$CALLS.env"
case "$1 $2" in
"python find") exit 1 ;;
"venv "*)
    for folder; do :; done
    mkdir -p "$folder/bin" "$folder/lib/python%(version)s"
    ln -s "%(python)s" "$folder/bin/python"
    echo "VIRTUAL_ENV='$folder'" >"$folder/bin/activate"
    ;;
"pip sync")
    sleep "${SLOWLY:-0}"
    echo "${SAYS:-}" >&2
    if [ -n "${LARGE:-}" ]; then dd if=/dev/zero of=.venv/large bs=1024 count="$LARGE"; fi
    case "$*" in *dev.txt) cp "$CALLS.program" .venv/bin/pytest ;; esac
    exit "${FAILURE:-0}"
    ;;
esac
"""
PROGRAM = """#!/bin/sh
echo "pytest in $PWD: $*"
"""
PRODUCT = """import os, sys
print("coachcal in", os.getcwd(), *sys.argv[1:])
"""


class Project:
    """A copy of ./run with a product of one file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("requirements", "webhooks", "bin", "home"):
            (folder / name).mkdir(parents=True)
        shutil.copy(RUN, folder / "run")
        for name in ("run", "dev"):
            (folder / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
        (folder / "webhooks" / "__main__.py").write_text(PRODUCT)
        self.calls_file = folder / "calls"
        (folder / "calls.program").write_text(PROGRAM)
        (folder / "calls.program").chmod(0o755)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        (folder / "bin" / "uv").write_text(UV % {"version": version, "python": sys.executable})
        (folder / "bin" / "uv").chmod(0o755)
        (folder / "bin" / "python3").symlink_to(sys.executable)

    def start(self, *arguments: str, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.folder / "run"), *arguments],
            cwd=cwd or self.folder,
            env={
                "PATH": f"{self.folder}/bin:/usr/bin:/bin",
                "HOME": f"{self.folder}/home",
                "CALLS": str(self.calls_file),
                **env,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, code: int = 0, **env: str) -> str:
        process = self.start(*arguments, cwd=cwd, **env)
        out, told = process.communicate()
        assert process.returncode == code, told
        return out + told

    def calls(self, *words: str) -> int:
        """How often uv was called with these words, since the last time."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        self.calls_file.unlink(missing_ok=True)
        return sum(
            line.startswith(words[0]) and all(word in line for word in words) for line in lines
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "a project")


def test_alone_it_lists_the_commands_and_makes_nothing(project: Project) -> None:
    told = project.run(code=2)
    assert all(
        f"\n  {command}" in told
        for command in ("demo", "coachcal", "test", "check", "bench", "docs", "lock")
    )
    assert not (project.folder / ".venv").exists()


def test_the_product_gets_its_arguments_and_the_caller_s_folder(
    project: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "webhooks").mkdir(parents=True)
    (elsewhere / "webhooks" / "__main__.py").write_text("raise SystemExit('not this one')")

    assert f"coachcal in {elsewhere} evaluate ../x y" in project.run(
        "coachcal", "evaluate", "../x y", cwd=elsewhere
    )
    assert f"coachcal in {elsewhere} demo --once" in project.run("demo", "--once", cwd=elsewhere)


def test_it_installs_once(project: Project) -> None:
    project.run("demo")
    assert project.calls("pip sync", "--require-hashes", "requirements/run.txt") == 1
    project.run("demo")
    assert project.calls("pip sync") == 0


def test_the_tools_are_added_to_the_same_environment_and_a_demo_leaves_them(
    project: Project,
) -> None:
    project.run("demo")
    assert f"pytest in {project.folder}: -k x" in project.run("pytest", "-k", "x")
    project.calls("")
    project.run("demo")
    project.run("pytest")
    assert project.calls("pip sync") == 0


def test_a_changed_lock_is_installed(project: Project) -> None:
    project.run("pytest")
    project.calls("")
    (project.folder / "requirements" / "dev.txt").write_text("dev==2\n")
    project.run("demo")  # a demo too: the tools are here, so theirs is the lock that counts
    assert project.calls("pip sync", "dev.txt") == 1
    assert project.calls("venv") == 0


@pytest.mark.parametrize("damage", ["moved", "python gone", "other python"])
def test_an_environment_that_cannot_work_is_made_anew(
    project: Project, tmp_path: Path, damage: str
) -> None:
    project.run("pytest")
    project.calls("")
    venv = project.folder / ".venv"
    if damage == "moved":
        (venv / "bin" / "activate").write_text("VIRTUAL_ENV='/where/it/was/.venv'")
        (venv / ".coachcal").unlink()
    elif damage == "python gone":
        (venv / "bin" / "python").unlink()
    else:
        (venv / "lib").rename(venv / "lib-of-another-version")
    project.run("pytest")
    assert project.calls("venv") == 1


def test_two_at_once_install_once(project: Project) -> None:
    both = [project.start("pytest", SLOWLY="3") for _ in range(2)]
    told = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert "waiting for another ./run" in told[0][1] + told[1][1]
    assert project.calls("pip sync") == 1


def test_after_a_kill_in_the_middle_it_begins_again(project: Project) -> None:
    process = project.start("pytest", SLOWLY="60")
    stamp = project.folder / ".venv" / ".coachcal"
    while not (stamp.exists() and stamp.read_text()):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    project.calls("")

    project.run("pytest")

    assert project.calls("venv") == 1
    assert not os.path.lexists(project.folder / ".venv.lock")


def test_a_failed_installation_says_what_to_do_and_is_tried_again(project: Project) -> None:
    assert "run the same command again" in project.run("demo", code=1, FAILURE="2")
    project.calls("")
    project.run("demo")
    assert project.calls("pip sync") == 1


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        ("error: tcp connect error", "with the network back, run the same command again"),
        ("Caused by: No space left on device (os error 28)", "the disk is full"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("Disk quota exceeded (os error 122)", "the disk is full"),
        (
            "failed to create file `x`: Permission denied (os error 13)",
            "cannot write what it names",
        ),
    ],
)
def test_a_failed_installation_tells_its_true_cause(
    project: Project, said: str, next_step: str
) -> None:
    told = project.run("demo", code=1, FAILURE="2", SAYS=said)
    assert said in told
    assert next_step in told.splitlines()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk takes the right to mount one")
@pytest.mark.parametrize("options", ["size=512k", "size=40m,nr_inodes=13"])
def test_a_full_disk_is_told_and_with_room_again_all_goes_on(tmp_path: Path, options: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk]).returncode:
        pytest.skip("a small disk takes the right to mount one")
    try:
        project = Project(disk / "a project")
        told = project.run("demo", code=1, LARGE="1024")
        assert "the disk is full" in told.splitlines()[-1]
        assert "network" not in told
        subprocess.run(["mount", "-o", "remount,size=80m,nr_inodes=200", disk], check=True)
        assert "coachcal in" in project.run("demo")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_unknown_command_is_named(project: Project) -> None:
    assert "no command or program 'tset'" in project.run("tset", code=1)


def test_without_python_it_says_what_to_install(project: Project) -> None:
    (project.folder / "bin" / "python3").unlink()
    for program in (
        "sh",
        "cat",
        "cksum",
        "dirname",
        "sed",
        "tr",
        "ln",
        "rm",
        "id",
        "grep",
        "sleep",
        "readlink",
    ):
        (project.folder / "bin" / program).symlink_to(str(shutil.which(program)))
    told = project.run("demo", code=1, PATH=str(project.folder / "bin"))
    assert "no Python 3.11 to 3.14 found; install one" in told


def test_pip_s_mirror_serves_uv_too(project: Project) -> None:
    project.run(
        "demo",
        PIP_INDEX_URL="https://mirror.example/simple",
        PIP_EXTRA_INDEX_URL="https://one.example/simple https://two.example/simple",
        PIP_CERT="/etc/company.pem",
    )
    told = Path(f"{project.calls_file}.env").read_text().splitlines()
    assert "UV_INDEX_URL=https://mirror.example/simple" in told
    assert "UV_EXTRA_INDEX_URL=https://one.example/simple https://two.example/simple" in told
    assert "SSL_CERT_FILE=/etc/company.pem" in told


def test_what_it_has_from_the_product_is_the_same_there() -> None:
    script = RUN.read_text()
    assert f"for browser in {' '.join(BROWSERS)}; do" in script
    given = " ".join(f"{name}={value}" for name, value in runs.GIVE_BACK.items())
    assert f"export {given}\n" in script
