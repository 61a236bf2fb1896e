"""How a Redis behind Sentinel is written in REDIS_URL, and what the doctor says of it."""

from dataclasses import replace

import pytest

from tests.support.in_process import House
from tests.support.sentinel import NAME, watched_redis
from workers.broker import create_redis
from workers.doctor import sentinels as doctor
from workers.sentinels import EXAMPLE, manager_of, parse


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


def test_the_doctor_looks_at_those_who_watch(house: House) -> None:
    services = house.runtime.services
    assert list(doctor.look(services)) == []
    with watched_redis() as watched:
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
