"""A server process that cannot outlive us, not even when we are killed with -9.

Beside each server waits a watchdog: a shell at the reading end of a pipe that only we hold open.
However we end, the pipe closes; the shell then stops the server and removes its folder.
PR_SET_PDEATHSIG would do half of this, on Linux only, and would also fire when merely the *thread*
that started the server ends. A process forked from us without exec holds the pipe too: the server
then lives until the last of them is gone.
"""

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from workers.embedded.errors import NotStartedError

START_SECONDS = 60.0
STOP_SECONDS = 10.0

# Each line names the process to stop; an empty one, none. SIGINT is a quick and clean end for both
# servers.
WATCHDOG = """
PATH=/usr/bin:/bin
server=
while read -r line; do server=$line; done
if [ -n "$server" ]; then
    kill -INT "$server"
    kill -CONT "$server"
    tries=50
    while [ $tries -gt 0 ] && kill -0 "$server"; do sleep 0.1; tries=$((tries - 1)); done
    [ $tries -gt 0 ] || kill -KILL "$server"
fi
rm -rf "$1"
"""


class Child:
    """One server, its folder (mode 0700, with its log) and its watchdog.
    Not for several threads at once.
    """

    uid: int | None = None
    """Who the server runs as; None: as we do."""
    gid: int | None = None
    groups: Sequence[int] | None = None
    url: str = ""
    """Where it answers, once somebody has started it and says so."""

    def __init__(self, name: str, inside: str | None = None) -> None:
        """`inside`: where its folder is made, else among the temporary ones."""
        self.folder = Path(mkdtemp(prefix=f"coachcal-{name}-", dir=inside))
        self._server: subprocess.Popen[bytes] | None = None
        self._start: Callable[[], None] | None = None
        self._watchdog = subprocess.Popen(  # noqa: S603 (our own words, above)
            ["/bin/sh", "-c", WATCHDOG, "coachcal-watchdog", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # A Ctrl-C in the terminal is for us; we then stop the server in our own time
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        if self._server is None:
            raise RuntimeError("the server is stopped; restart() it first")
        return self._server.pid

    def start(
        self,
        command: Sequence[str],
        ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Run the command in the folder until `ready`.
        Raises NotStartedError with what it printed.
        """
        self._start = lambda: self.start(command, ready, env)
        with (self.folder / "log").open("wb") as log:
            self._server = subprocess.Popen(  # noqa: S603 (a server that redis.py found)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=env,
                start_new_session=True,
                user=self.uid,
                group=self.gid,
                extra_groups=self.groups,
            )
        self._watch(str(self._server.pid))
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise self._failure(command[0], self._server.poll())
            time.sleep(0.005)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Signal the server and wait until it is gone; one that ignores that for 10 s is killed."""
        if self._server is None:
            return
        self._server.send_signal(how)
        # A server that somebody froze cannot end, whatever it is told.
        self._server.send_signal(signal.SIGCONT)
        try:
            self._server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None
        self._watch("")

    def kill(self) -> None:
        """kill -9."""
        self.stop(signal.SIGKILL)

    def restart(self) -> None:
        """The same command again, so on the same port."""
        self.stop()
        if self._start:
            self._start()

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.stop()
        with suppress(BrokenPipeError):
            self._pipe.close()
        self._watchdog.wait()

    def _watch(self, pid: str) -> None:
        self._pipe.write(f"{pid}\n".encode())
        self._pipe.flush()

    @property
    def _pipe(self) -> IO[bytes]:
        pipe = self._watchdog.stdin
        if pipe is None:
            raise RuntimeError("the watchdog was started without a pipe")
        return pipe

    def _failure(self, program: str, code: int | None) -> NotStartedError:
        self.kill()
        what = f"ended with {code}"
        if code is None:
            what = f"did not answer within {START_SECONDS:.0f} s"
        return NotStartedError(program, what, (self.folder / "log").read_text(errors="replace"))


def on_free_port(start: Callable[[int], None]) -> int:
    """Call `start` with a free loopback port until nobody else took it in between;
    answer the port.
    """
    # The race: between our asking for a free port and the server's binding it somebody else may
    # take it. Then it says so, and is started again on another.
    for _ in range(2):
        port = _free_port()
        try:
            start(port)
        except NotStartedError as error:
            if os.strerror(errno.EADDRINUSE) not in str(error):
                raise
        else:
            return port
    port = _free_port()
    start(port)
    return port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
