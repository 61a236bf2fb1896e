"""However the process that started a server ends, the server and its folder go with it."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.embedded.looking import eventually, is_listening, script
from workers.embedded.child import Child, on_free_port
from workers.embedded.errors import NotStartedError

ROOT = Path(__file__).parents[3]
PARENT = """
import json, os, signal, sys
from tests.support.postgres import postgres_server
from workers.embedded.redis import redis_server
with redis_server() as redis, postgres_server() as postgres:
    print(json.dumps({str(server.folder): server.url for server in (redis, postgres)}), flush=True)
    exec(sys.argv[1])
"""
ENDS = {
    "kill -9": "os.kill(os.getpid(), signal.SIGKILL)",
    "kill -9 of its whole process group": "os.killpg(0, signal.SIGKILL)",
    "kill -9 while a server is frozen": (
        "os.kill(redis.pid, signal.SIGSTOP); os.kill(os.getpid(), signal.SIGKILL)"
    ),
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "an exception": "raise RuntimeError('the demo has a bug')",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_servers_and_their_folders_go_with_the_process_that_started_them(end: str) -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, end],
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert parent.returncode != 0
    servers = json.loads(parent.stdout)
    assert len(servers) == 2
    for folder, url in servers.items():
        assert eventually(lambda url=url: not is_listening(url)), url  # type: ignore[misc]  # bound on purpose
        assert eventually(lambda folder=folder: not Path(folder).exists()), folder  # type: ignore[misc]  # the same


def test_a_control_c_in_the_terminal_reaches_us_only(tmp_path: Path) -> None:
    """The terminal signals its foreground process group; a server in it would be gone before we say
    goodbye.
    """
    child = Child("test")
    child.start([str(script(tmp_path / "server", "exec sleep 60"))], ready=lambda: True)
    assert os.getpgid(child.pid) != os.getpgid(0)
    child.close()


def test_what_a_server_prints_is_in_its_folder_which_only_its_user_reads(tmp_path: Path) -> None:
    child = Child("test")
    log = child.folder / "log"
    child.start(
        [str(script(tmp_path / "server", "echo hello; exec sleep 60"))],
        ready=lambda: log.read_text() == "hello\n",
    )
    assert child.folder.stat().st_mode & 0o777 == 0o700
    child.close()
    assert not child.folder.exists()


def test_a_port_that_somebody_took_in_between_is_exchanged_for_another() -> None:
    tried = []

    def start(port: int) -> None:
        tried.append(port)
        if len(tried) == 1:
            raise NotStartedError(
                "server", "ended with 1", f"bind: {os.strerror(errno.EADDRINUSE)}"
            )

    assert on_free_port(start) == tried[1]


def test_any_other_failure_is_not_tried_again() -> None:
    tried = []

    def start(port: int) -> None:
        tried.append(port)
        raise NotStartedError("server", "ended with 1", "no space left")

    with pytest.raises(NotStartedError, match="no space left"):
        on_free_port(start)
    assert len(tried) == 1
