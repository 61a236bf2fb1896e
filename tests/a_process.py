"""A process that says what it is, or ends in one of the ways there are: for
tests.support.test_forks.
"""

import inspect
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from dramatiq import cli, worker
from prometheus_client import values

from webhooks.cli.runs import _become

NAMES = ("TMPDIR", "TZ", "PROMETHEUS_MULTIPROC_DIR", "dramatiq_worker_timeout")


def facts() -> dict[str, object]:
    return {
        "leads its group and session": os.getpgrp() == os.getsid(0) == os.getpid(),
        "folder": str(Path.cwd()),
        "words": sys.argv[1:],
        "variables": {name: os.environ.get(name) for name in NAMES},
        "temporary files": tempfile.gettempdir(),
        "time zone": time.tzname,
        "counts in": values.ValueClass.__name__,
        "idle poll": inspect.signature(vars(cli)["Worker"]).parameters["worker_timeout"].default,
        "prefetch": worker.QUEUE_PREFETCH,
        "input": sys.stdin.read(),
    }


def main(way: str) -> None:
    if way == "becomes":
        more = {"dramatiq_queue_prefetch": "7", "PROMETHEUS_MULTIPROC_DIR": tempfile.gettempdir()}
        _become("tests.a_process", "facts", **more)
    if way == "facts":
        print(json.dumps(facts()))
    if way == "exit":
        sys.exit(3)
    if way == "sentence":
        sys.exit("a sentence")
    if way == "error":
        raise ValueError("an error")
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
