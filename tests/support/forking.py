"""A process that forks itself for whoever asks at its socket."""

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

LARGEST = 200_000
"""Octets of a request: a command line and an environment."""


def serve(asked: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Answer until whoever asks has gone. Returns only in a fork: its work, and its files."""
    children: set[int] = set()
    while True:
        message, files, *_ = socket.recv_fds(asked, LARGEST, 3)
        if not message:
            _end(children)
        request = json.loads(message)
        if "wait" in request:
            answer = _wait(request["wait"], children)
        else:
            answer = _fork()
            if answer == 0:
                asked.close()
                return request, files
            children.add(answer)
            for file in files:
                os.close(file)
        asked.send(json.dumps(answer).encode())


def _fork() -> int:
    """As os.fork. The child leads a group of its own once the parent goes on: a signal finds it."""
    begun, begins = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
    else:
        os.close(begins)
        os.read(begun, 1)  # until the child has closed its end
        os.close(begun)
        return pid
    os.close(begun)
    os.close(begins)
    return 0


def _wait(pid: int, children: set[int]) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    children.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _end(children: set[int]) -> NoReturn:
    for child in children:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    sys.exit()
