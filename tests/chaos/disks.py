"""Small disks that can be filled: a tmpfs each, in a mount namespace of ours, gone with us however
we end.

Only root may mount. Without that the faults that need it are left out, and the table says so.
"""

import contextlib
import ctypes
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

CLONE_NEWNS = 0x00020000
LOT = b"\0" * 65_536


class Disk:
    """A folder that ends up full when told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(LOT)

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    @contextlib.contextmanager
    def home(self) -> Iterator[None]:
        """Servers that are started in this block keep their folders here."""
        before = tempfile.tempdir
        tempfile.tempdir = str(self.folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


def separate_mounts() -> bool:
    """What we and our children mount from now on is ours alone. False: it may not. No thread may
    run yet.
    """
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    return _ran("mount", "--make-rprivate", "/")


def small(folder: Path, megabytes: int) -> Disk | None:
    """A disk of that size at this new folder; None where it cannot be mounted."""
    folder.mkdir(mode=0o755)
    mounted = _ran(
        "mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=1777", "tmpfs", str(folder)
    )
    return Disk(folder) if mounted else None


def _ran(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
