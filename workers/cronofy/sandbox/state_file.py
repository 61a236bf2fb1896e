"""The file in which a sandbox keeps its state: one JSON document, always whole, for one sandbox at
a time.
"""

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import IO, Any

import structlog

from workers.cronofy.sandbox import saved_world
from workers.cronofy.sandbox.errors import ControlError
from workers.cronofy.sandbox.world import World

log = structlog.get_logger()

VERSION = 1
LARGEST = 64 * 1024 * 1024
# What changes between two calls (a push was taken, a channel closed) is written this often.
SECONDS = 1.0
LAST_SECONDS = 10.0
"""The last write gets so long: a disk that hangs holds nobody's end up for ever."""


class UnusableState(Exception):
    """The file cannot be this sandbox's state; the message says what to do."""


class StateFile:
    """Read once, at the start; written by `keep`. Raises UnusableState where another sandbox has
    it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last = b""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = _locked(path)

    def load(self, world: World) -> bool:
        """Whether there was a state; the world, new so far, has it then. Raises UnusableState."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return False
        try:
            _restore(world, content)
        except ValueError as error:
            self.stop()
            raise UnusableState(f"{self.path} {error}: name another file") from error
        return True

    def keep(self, world: World) -> None:
        """Write the state, if it is another one than was written last.
        Raises ControlError 507 when it cannot be; the file stays as it was.
        """
        with world.lock:
            # The race: a call that is still at work when its sandbox stops. The file may be another
            # sandbox's by now; nobody hears the answer.
            if self._stopped.is_set():
                raise ControlError(f"{self.path} is no longer written: the sandbox stops", 507)
            saved = {"version": VERSION, **saved_world.save(world)}
            # As ASCII: half of a surrogate pair, which JSON lets through, has no UTF-8.
            content = json.dumps(saved, separators=(",", ":")).encode("ascii")
            if content == self._last:
                return
            if len(content) > LARGEST:
                raise ControlError(f"{self.path} would be larger than 64 MB: delete events", 507)
            try:
                write_whole(self.path, content)
            except OSError as error:
                raise ControlError(
                    f"{self.path} cannot be written: {error.strerror}", 507
                ) from error
            self._last = content

    def start(self, world: World) -> None:
        """Write it from now on also when nobody calls."""
        thread = threading.Thread(
            target=self._work, args=(world,), name="sandbox-state", daemon=True
        )
        thread.start()
        self._thread = thread

    def stop(self) -> None:
        """Leave the file to another sandbox."""
        self._stopped.set()
        if self._thread is None:
            self._lock.close()
        else:
            self._thread.join(LAST_SECONDS)

    def _work(self, world: World) -> None:
        self._keep_on(world)
        # The race: stopped while somebody writes. Another sandbox that had the file by then would
        # find its own state written over; so the lock goes after the last write, however late.
        with world.lock:
            self._lock.close()

    def _keep_on(self, world: World) -> None:
        while not self._stopped.wait(SECONDS):
            try:
                self.keep(world)
            except ControlError:
                # Whoever calls next is told; here nobody listens.
                continue
            except Exception:  # whatever it is, what changes later is to be kept again
                log.exception("sandbox_state_not_kept")


def _restore(world: World, content: bytes) -> None:
    """Raises ValueError that says what the file is instead."""
    try:
        saved: dict[str, Any] = json.loads(content)
        version = saved.pop("version")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError("is no state of a sandbox") from error
    if version != VERSION:
        raise ValueError(f"has version {version}, and this sandbox reads {VERSION}")
    try:
        saved_world.restore(world, saved)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError("is no state of a sandbox") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write beside, then rename: nobody reads half of it. It holds secrets: for the owner only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        # A rename may reach the disk before what was written does.
        os.fsync(file.fileno())
    beside.replace(path)


def _locked(path: Path) -> IO[bytes]:
    """The race: two sandboxes, each of which would overwrite what the other has written. The system
    lets go of the lock whatever way its holder ends.
    """
    try:
        lock = path.with_name(f".{path.name}.lock").open("wb")
    except OSError as error:
        raise UnusableState(f"{path} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise UnusableState(f"another sandbox uses {path}: name another file") from error
    return lock
