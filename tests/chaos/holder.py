"""Somebody who locks what others want and then stops moving: a frozen machine in the middle of a
transaction.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg


@contextlib.contextmanager
def held(url: str, coach_id: str) -> Iterator[None]:
    """The coach's row (of SQLite: the file) is locked by a process that is frozen, until the block
    ends.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.holder", url, coach_id],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "held\n", "nothing could be locked"
        os.kill(child.pid, signal.SIGSTOP)
        yield
    finally:
        child.kill()
        child.communicate()


def main(url: str, coach_id: str) -> None:
    if url.startswith("sqlite"):
        opened = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)
        opened.execute("BEGIN IMMEDIATE")
    else:
        row = psycopg.connect(url)
        row.execute("SELECT id FROM coaches WHERE id = %s FOR UPDATE", (coach_id,))
    print("held", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
