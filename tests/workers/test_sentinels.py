"""How a Redis behind Sentinel is written in REDIS_URL, and what the doctor says of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
import redis
from pydantic import ValidationError

from tests.support.in_process import House
from tests.support.sentinel import NAME, watched_redis
from workers.broker import create_redis
from workers.doctor import sentinels as doctor
from workers.redis_urls import WRITE, check
from workers.sentinels import EXAMPLE, Watchers, manager_of, parse
from workers.settings import Settings


def test_names_ports_and_passwords_go_where_they_belong() -> None:
    watched = parse("sentinel://:of+servers@a,b:1,[::1]:2/main?sentinel_password=its&db=3")
    assert watched.name == "main"
    assert watched.addresses == (("a", 26379), ("b", 1), ("::1", 2))
    assert watched.servers == {"password": "of+servers", "db": 3}
    assert watched.sentinels == {"password": "its"}
    assert "of+servers" not in repr(watched)


def test_over_tls_sentinels_and_servers_are_reached_alike() -> None:
    watched = parse("sentinels://ada:pw@a/main?ssl_ca_certs=/etc/ca.pem&sentinel_username=eve")
    tls = {"ssl": True, "ssl_ca_certs": "/etc/ca.pem"}
    assert watched.servers == {"username": "ada", "password": "pw"} | tls
    assert watched.sentinels == {"username": "eve"} | tls
    client = create_redis("sentinels://a/main", timeout=1)
    assert client.connection_pool.connection_class.__name__ == "SentinelManagedSSLConnection"
    assert manager_of(client).sentinels[0].connection_pool.connection_kwargs["socket_timeout"] == 1
    client.close()


@pytest.mark.parametrize(
    "url", ["sentinel://a,b", "sentinel://a:x/main", "sentinel:///main", "sentinel://a/main/0"]
)
def test_one_that_is_written_otherwise_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(ValueError, match="write it as") as refused:
        parse(url)
    assert str(refused.value) == f"write it as {EXAMPLE}"


ONE = "write it as redis://:password@host:6379/0"


class Silent:
    def sentinel_masters(self) -> dict[str, Any]:
        raise redis.ConnectionError


class Answering:
    """Only once as many are asking as the barrier says."""

    def __init__(self, asking: Barrier) -> None:
        self.asking = asking

    def sentinel_masters(self) -> dict[str, Any]:
        self.asking.wait(60)
        found = {"is_master": True, "is_sdown": False, "is_odown": False}
        return {NAME: found | {"num-other-sentinels": 2, "ip": "127.0.0.1", "port": 7}}


def test_threads_that_ask_together_lose_no_sentinel() -> None:
    threads = 4
    gone: Any = Silent()
    well: Any = Answering(Barrier(threads))
    other: Any = Silent()
    watchers = Watchers([])  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    watchers.sentinels = [gone, well, other]
    with ThreadPoolExecutor(threads) as pool:
        told = list(pool.map(watchers.discover_master, [NAME] * threads))
    assert told == [("127.0.0.1", 7)] * threads
    # And who answered is asked first from now on.
    assert watchers.sentinels == [well, gone, other]


@pytest.mark.parametrize("scheme", ["redis://h", "sentinel://h/main"])
def test_a_time_limit_in_the_url_counts_instead_of_ours(scheme: str) -> None:
    url = f"{scheme}?socket_timeout=9"
    client = create_redis(url, timeout=1)
    reached = [client]
    if scheme.startswith("sentinel"):
        reached += manager_of(client).sentinels
    for each in reached:
        options = each.connection_pool.connection_kwargs
        assert (options["socket_timeout"], options["socket_connect_timeout"]) == (9, 1)
    client.close()


@pytest.mark.parametrize("start", ["redis://:secret@h/", "sentinel://:secret@h/main"])
@pytest.mark.parametrize(
    "more",
    [
        "?foo=secret",
        "?ssl_ca_certs=secret",
        "?ssl=false",
        "?protocol=secret",
        "?min_other_sentinels=3",
        "?force_master_ip=secret",
        "?retry=secret",
        "?retry_on_error=",
        "?sentinel_kwargs=secret",
    ],
)
def test_what_no_connection_takes_is_refused_before_one_is_opened(start: str, more: str) -> None:
    check(start)
    with pytest.raises(ValueError, match="question mark") as refused:
        check(start + more)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "redis://:se#cret@h/0",
        "rediss://:secret@h:99999/0",
        "rediss://:secret@h/0?ssl_cert_reqs=secret",
        "sentinel://:se#cret@h/main",
        "sentinel://:secret[@h/main",
        "sentinel://:secret\u2100@h/main",
        "sentinel://:secret@h:99999/main",
        "sentinels://:secret@h/main?ssl_cert_reqs=secret",
        "sentinel://:secret@h/main?db=secret",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_being_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ValidationError) as refused:
        Settings()  # type: ignore[call-arg]
    (wrong,) = [each for each in refused.value.errors() if each["loc"] == ("REDIS_URL",)]
    assert wrong["msg"] in (f"Value error, {WRITE}", f"Value error, {ONE}")


def test_the_doctor_looks_at_those_who_watch(house: House) -> None:
    services = house.runtime.services
    assert list(doctor.look(services)) == []
    # (Whoever does not answer for half a second on this machine is not to be replaced meanwhile.)
    with watched_redis(down_ms=60_000) as watched:
        settings = services.settings.model_copy(update={"redis_url": watched.url})
        client = create_redis(watched.url, timeout=5)
        served = replace(services, settings=settings, redis=client)
        (well,) = doctor.look(served)
        assert (well.detail, well.next_step) == (f"3 watch {NAME}, which has 1 replicas", "")
        watched.sentinels[0].kill()
        silent, _ = doctor.look(served)
        assert "no answer of 127.0.0.1:" in silent.detail
        other = settings.model_copy(update={"redis_url": watched.url.replace(NAME, "other")})
        unknown = list(doctor.look(replace(served, settings=other)))[-1]
        assert unknown.detail == "none knows other"
        client.close()
