"""The product's processes without their seconds of imports: forked from one that has imported all.

A fork is a process of its own in all that tests do to it: own session and group, own environment,
folder and files, own exit code, a zombie until it is waited for. `exec` of Python runs the module
that it names in the same process. What reads the environment while it is imported cannot be had
so; such a process is started as its command line.

One parent for each test process. It has no thread, and ends, with all that it forked, when the
test process does.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module, reload
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Lock
from typing import IO, Any, NoReturn

from dramatiq import cli, worker
from prometheus_client import values

from tests.support.forking import LARGEST, serve
from webhooks.demo import processes
from webhooks.demo.processes import Process

IMPORTED = (
    "alembic.command",
    "dramatiq.cli",
    "gunicorn.app.wsgiapp",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "storage.migrations",
    "webhooks.app",
    "webhooks.cli",
    "webhooks.demo.show",
    "webhooks.front.worker",
    "webhooks.sentences",
    "webhooks.http.server_log",
    "workers.bootstrap",
    "workers.clock",
    "workers.cronofy.sandbox.server",
    "workers.doctor",
)
STARTERS = frozenset({"demo", "tests.chaos"})
"""What starts processes of the product: forked, it becomes the parent of those."""
READ_BY_IMPORTS = (
    "COACHCAL_SENTRY_DSN",
    "FORWARDED_ALLOW_IPS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "STEPPED_CLOCK",
    "WEB_CONCURRENCY",
)
ROOT = Path(__file__).parents[2]
STEPPED = ROOT / "tests" / "stepped" / "sitecustomize.py"
POLL_SECONDS = 0.005


class Executed(BaseException):
    """A fork has called `exec`; the top of its stack goes on from here.

    No Exception: nobody is to catch it.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__(arguments)
        self.arguments = arguments
        self.environment = environment


class Fork:
    """As much of `subprocess.Popen` as is asked of a process."""

    def __init__(self, parent: "Parent", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._lock = Lock()

    def poll(self) -> int | None:
        # Who watches a process asks while another waits for it. Its code is told once: whoever came
        # second would ask for a process that is gone, of which the parent would die.
        with self._lock:
            if self.returncode is None:
                self.returncode = self._parent.ask({"wait": self.pid})
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0.0)
            time.sleep(POLL_SECONDS)
        return code


class Parent:
    """The process that forks, as those see it for whom it does. Any thread may ask.

    `process`: it, where it is ours to wait for.
    """

    def __init__(
        self,
        asked: socket.socket,
        process: "subprocess.Popen[bytes] | None" = None,
    ) -> None:
        self._asked = asked
        self._process = process
        self._lock = Lock()

    def ask(self, request: Mapping[str, Any], files: Sequence[int] = ()) -> Any:
        with self._lock:
            socket.send_fds(self._asked, [json.dumps(request).encode()], files)
            answer = self._asked.recv(LARGEST)
        assert answer, "the parent of the product's processes has ended"
        return json.loads(answer)

    def fork(self, arguments: Sequence[str], env: Mapping[str, str], files: Sequence[int]) -> Fork:
        """`files`: its standard input, output and error."""
        request = {"run": list(arguments), "env": dict(env), "cwd": str(Path.cwd())}
        return Fork(self, self.ask(request, files))

    def start(self, arguments: Sequence[str], env: Mapping[str, str], log: IO[bytes]) -> Fork:
        """`python -m arguments` in this whole environment, with its output in `log`."""
        with Path(os.devnull).open("rb") as nothing:
            return self.fork(arguments, env, [nothing.fileno(), log.fileno(), log.fileno()])

    def close(self) -> None:
        """It ends what still runs, and itself."""
        self._asked.close()
        if self._process is not None:
            self._process.wait()


@cache
def parent() -> Parent:
    """This test process's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks", str(theirs.fileno())],
            cwd=ROOT,
            # A library's threads would not survive a fork.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    begun = Parent(ours, process)
    atexit.register(begun.close)
    return begun


def process(arguments: Sequence[str], env: Mapping[str, str], log: IO[bytes]) -> Process:
    """`python -m arguments` in this whole environment, with its output in `log`."""
    if any(env.get(name) != os.environ.get(name) for name in READ_BY_IMPORTS):
        return processes.true_process(arguments, env, log)
    return parent().start(arguments, env, log)


def run(
    *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 60.0
) -> "subprocess.CompletedProcess[str]":
    """`python -m arguments` until it ends, as `subprocess.run` does it, with what it printed.

    Raises subprocess.TimeoutExpired; it is killed then.
    """
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as said,
        Path(os.devnull).open() as nothing,
    ):
        files = [nothing.fileno(), out.fileno(), said.fileno()]
        forked = parent().fork(arguments, os.environ if env is None else env, files)
        try:
            code = forked.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(forked.pid, signal.SIGKILL)
            forked.wait()
            raise
        out.seek(0)
        said.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), said.read())


def become(request: dict[str, Any], files: Sequence[int]) -> None:
    """Go on as the process that was asked for; ends as that does."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.execve = _execute  # type: ignore[assignment]  # theirs takes more kinds of words
    if STARTERS.intersection(request["run"]):
        request = _beside_a_parent(request)
    if "STEPPED_CLOCK" in request["env"]:
        _step_clock(request["env"])
    arguments, environment = request["run"], request["env"]
    while True:
        _set(environment)
        module, *sys.argv[1:] = arguments
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except Executed as executed:
            arguments, environment = executed.arguments, executed.environment
        else:
            return


def _beside_a_parent(request: dict[str, Any]) -> dict[str, Any]:
    """What this process is to do: as asked; and, in what it starts later, to become that.

    The parent of those is made now, before there is any thread.
    """
    asks, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() != 0:
        asked.close()
        beside = Parent(asks)
        processes.true_process = beside.start
        return request
    asks.close()
    request, files = serve(asked)
    become(request, files)
    sys.exit()


def _step_clock(environment: Mapping[str, str]) -> None:
    """As Python does at its start, where PYTHONPATH says so."""
    os.environ["STEPPED_CLOCK"] = environment["STEPPED_CLOCK"]
    spec = spec_from_file_location("stepped", STEPPED)
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))


def _set(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None  # which it keeps, once it has looked at TMPDIR
    # prometheus_client chooses when it is imported where it counts; nothing was counted yet.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]  # theirs
    # dramatiq reads then how long its threads are idle, and how many messages they fetch.
    cli.Worker = reload(worker).Worker  # type: ignore[attr-defined]  # an import of theirs


def _execute(program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    python, safe_path, option, *rest = arguments
    assert program == python == sys.executable
    assert (safe_path, option) == ("-P", "-m")
    raise Executed(rest, environment)


def main(number: int) -> None:
    for name in IMPORTED:
        import_module(name)
    gc.collect()
    gc.freeze()  # or each fork's first collection would write to, and so copy, all of it
    become(*serve(socket.socket(fileno=number)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
