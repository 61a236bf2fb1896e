"""Disks that are full: the database's, and the one that Redis saves to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from redis.exceptions import ResponseError

from tests.chaos.faults.base import Fault, Turn
from tests.chaos.faults.redis import asked
from tests.chaos.scene import Scene

SAVE_SECONDS = 5.0


@contextmanager
def database_full(turn: Turn) -> Iterator[None]:
    """A PostgreSQL that gave up meanwhile is started again once there is room."""
    disk = turn.scene.disks["data"]
    disk.fill()
    yield
    disk.free()
    turn.scene.database.heal()


@contextmanager
def redis_cannot_save(turn: Turn) -> Iterator[None]:
    """It then refuses every write (MISCONF)."""
    disk = turn.scene.disks["redis"]
    disk.fill()
    with asked(turn) as client:
        client.config_set("save", "1 1")
        with suppress(ResponseError):  # the product's own writes may have made it refuse already
            client.set("chaos", "1")
        end = time.monotonic() + SAVE_SECONDS
        while (
            client.info("persistence")["rdb_last_bgsave_status"] == "ok" and time.monotonic() < end
        ):
            time.sleep(0.1)
        yield
        disk.free()
        client.config_set("save", "")


def _on(name: str) -> Callable[[Scene], str | None]:
    def lacks(scene: Scene) -> str | None:
        return None if name in scene.disks else "no small disk here: only root may mount one"

    return lacks


DISKS = (
    Fault("disk full", "F3", 2.5, frozenset({"database"}), database_full, _on("data")),
    Fault("redis disk full", "F3", 2.0, frozenset({"redis"}), redis_cannot_save, _on("redis")),
)
