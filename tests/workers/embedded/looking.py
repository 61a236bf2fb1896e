"""What these tests look at: ports, processes, modes of folders; and the small programs they use."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit


def is_listening(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
    except OSError:
        return False
    return True


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within a minute; how soon is no part of the promise."""
    for _ in range(1200):
        if holds():
            return True
        time.sleep(0.05)
    return False


def modes(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of a folder, of all folders above it and of all that is in it."""
    found = {}
    for path in (*folder.parents, folder, *folder.rglob("*")):
        status = path.lstat()
        found[path] = (status.st_mode, status.st_uid, status.st_gid)
    return found


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def user_of_servers() -> int:
    """PostgreSQL's: nobody when we are root, else ourselves."""
    import pwd

    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
