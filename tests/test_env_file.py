"""`.env` is read by every command, and says the same to a shell, a Procfile runner and Docker."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from dotenv import dotenv_values
from honcho.environ import parse as honcho_parse  # type: ignore[import-untyped]  # it has no types

from tests.support.databases import copy_of
from tests.support.ports import free_port
from tests.webhooks.cli.dead_ends import GOOD, is_a_sentence
from webhooks.cli import main
from workers.settings import Settings, variable

ROOT = Path(__file__).parents[1]
BARE = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
START_SECONDS = 60.0


def example() -> str:
    """The template with each line switched on, and what is empty filled in."""
    text = re.sub(r"^# ([A-Z_]+=)", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    filled = {"SECRET_KEYS": GOOD["COACHCAL_SECRET_KEYS"], "CRONOFY_CLIENT_ID": "cid"}
    filled |= {"SENTRY_DSN": "https://key@errors.example.test/1", "OIDC_CLIENT_SECRET": "secret"}
    filled |= {"CRONOFY_CLIENT_SECRETS": "new,old", "CALLBACK_SECRET": "whsec_" + "A" * 32}
    for name, value in filled.items():
        text = text.replace(f"COACHCAL_{name}=\n", f"COACHCAL_{name}={value}\n")
    return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(example())
    return tmp_path


def as_a_shell_reads(folder: Path) -> dict[str, str]:
    done = subprocess.run(
        ["sh", "-ec", "set -a; . ./.env; env -0"],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


def test_the_template_says_the_same_to_a_shell_a_runner_and_us(folder: Path) -> None:
    ours = dotenv_values(folder / ".env")
    assert {variable(name) for name in Settings.model_fields} <= set(ours)
    shell = as_a_shell_reads(folder)
    assert {name: shell.get(name, "") for name in ours} == ours
    assert honcho_parse(example()) == ours


def test_the_template_is_accepted_as_it_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_a_shell_reads(folder).items():
        monkeypatch.setenv(name, value)
    assert Settings.load().sender.mailbox.email == "coaching@example.test"


@pytest.mark.parametrize("name", ["file.db", "outside.db"])
def test_a_command_reads_the_file_of_its_folder_and_what_is_set_wins(
    tmp_path: Path, name: str
) -> None:
    lines = [f"{key}={value}" for key, value in GOOD.items()]
    (tmp_path / ".env").write_text("\n".join([*lines, "DATABASE_URL=sqlite:///file.db"]))
    outside = {"DATABASE_URL": "sqlite:///outside.db"} if name == "outside.db" else {}
    done = subprocess.run(
        [sys.executable, "-m", "webhooks", "migrate"],
        cwd=tmp_path,
        env=BARE | outside,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.db")) == [name]


@pytest.mark.parametrize("content", [b"PORT=\xff\xfe", b"PORT=80\x0000"], ids=["latin", "nul"])
def test_a_file_that_is_no_text_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHON_DOTENV_DISABLED")
    monkeypatch.delenv("PORT", raising=False)
    done = CliRunner().invoke(main, ["queues"])
    assert done.exit_code == 1
    is_a_sentence(done.stderr, ".env in this folder")


@contextmanager
def honcho(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    runner = [
        sys.executable,
        "-m",
        "honcho",
        "-f",
        str(ROOT / "Procfile"),
        "-d",
        str(folder),
        "start",
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            runner,
            cwd=folder,
            env=BARE | {"PATH": path},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_the_procfile_runs_under_honcho_on_the_port_of_the_file(
    tmp_path: Path, sqlite_template: Path, redis_url: str
) -> None:
    """And goes on: no line of it ends by itself, for a runner ends all with the first that does."""
    port = free_port()
    url = copy_of(sqlite_template, tmp_path / "db.sqlite")
    wanted = GOOD | {"DATABASE_URL": url, "REDIS_URL": redis_url, "PORT": str(port)}
    wanted |= {
        f"COACHCAL_{name}": "1" for name in ("WEB_PROCESSES", "WORKER_PROCESSES", "WORKER_THREADS")
    }
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in wanted.items()))
    with honcho(tmp_path) as process:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        log = (tmp_path / "log").read_text()
        assert "release" not in log
        assert process.poll() is None
    assert process.returncode is not None


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=30).json()["status"] == "ready":
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")
