"""What may ail a real Redis: how each begins, and how it ends."""

import os
import signal
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import redis

from workers.embedded.child import Child

Change = Callable[[redis.Redis, Child], object]


def freeze(_sound: redis.Redis, server: Child) -> None:
    os.kill(server.pid, signal.SIGSTOP)


def thaw(_sound: redis.Redis, server: Child) -> None:
    os.kill(server.pid, signal.SIGCONT)


def without_a_primary(sound: redis.Redis, _server: Child) -> None:
    sound.config_set("replica-serve-stale-data", "no")
    sound.replicaof("127.0.0.1", "1")


def begin_a_script(sound: redis.Redis, server: Child) -> None:
    """One that does not end by itself: after a moment Redis refuses all others."""
    sound.config_set("lua-time-limit", 10)
    other = redis.Redis.from_url(server.url).connection_pool.get_connection()
    other.send_command("EVAL", "while true do end", 0)  # type: ignore[no-untyped-call]  # theirs
    until(lambda: _is_busy(sound))


def _is_busy(sound: redis.Redis) -> bool:
    try:
        sound.ping()
    except redis.ResponseError:
        return True
    return False


def take_no_more_clients(sound: redis.Redis, _server: Child) -> None:
    sound.config_set("maxclients", 1)
    _show_all_out(sound)


def change_the_password(sound: redis.Redis, _server: Child) -> None:
    rights(sound, "resetpass", ">another")
    _show_all_out(sound)


def change_it_back(sound: redis.Redis, server: Child) -> None:
    rights(sound, f">{urlsplit(server.url).password}")


def rights(sound: redis.Redis, *rules: str) -> None:
    """Of the user that everybody is."""
    sound.execute_command("ACL", "SETUSER", "default", *rules)  # type: ignore[no-untyped-call]  # theirs


def _show_all_out(sound: redis.Redis) -> None:
    sound.client_kill_filter(_type="normal", skipme=True)


AILMENTS: dict[str, tuple[Change, Change]] = {
    "gone": (lambda _, server: server.kill(), lambda _, server: server.restart()),
    "frozen": (freeze, thaw),
    "full": (
        lambda sound, _: sound.config_set("maxmemory", 1),
        lambda sound, _: sound.config_set("maxmemory", 0),
    ),
    "read-only": (
        lambda sound, _: sound.replicaof("127.0.0.1", "1"),
        lambda sound, _: sound.replicaof("NO", "ONE"),
    ),
    "without its replicas": (
        lambda sound, _: sound.config_set("min-replicas-to-write", 1),
        lambda sound, _: sound.config_set("min-replicas-to-write", 0),
    ),
    "without its primary": (
        without_a_primary,
        lambda sound, _: sound.replicaof("NO", "ONE"),
    ),
    "busy with a script": (begin_a_script, lambda sound, _: sound.script_kill()),
    "full of clients": (
        take_no_more_clients,
        lambda sound, _: sound.config_set("maxclients", 1000),
    ),
    "of another password": (change_the_password, change_it_back),
}


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
