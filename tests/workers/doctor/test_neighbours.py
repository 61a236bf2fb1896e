"""The doctor's checks of Redis, the mail server and the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from storage.schema.database import create
from tests.support.in_process import House
from tests.workers.doctor.kit import found, only
from tests.workers.mailer.postman import Postman, running
from workers.doctor import disks
from workers.mailer.server import MailServer, Tls
from workers.mailer.smtp import SmtpMailer

# -- Redis -------------------------------------------------------------------------------


@contextmanager
def redis_set(url: str, **options: str) -> Iterator[None]:
    """These settings of Redis's, put back afterwards."""
    with Redis.from_url(url, decode_responses=True) as client:
        was = {name: client.config_get(name)[name] for name in options}
        try:
            for name, value in options.items():
                client.config_set(name, value)
            yield
        finally:
            for name, value in was.items():
                client.config_set(name, value)


def test_a_redis_that_forgets_is_told(house: House, redis_url: str) -> None:
    assert only(house.runtime.services, "redis memory").next_step == ""
    with redis_set(redis_url, **{"maxmemory-policy": "allkeys-lru"}):
        assert "noeviction" in only(house.runtime.services, "redis memory").next_step


def test_a_redis_that_is_full_is_told(house: House, redis_url: str) -> None:
    with redis_set(redis_url, maxmemory="1000"):
        assert "maxmemory" in only(house.runtime.services, "redis memory").next_step
        assert only(house.runtime.services, "redis writes").detail == "it is full"


def test_a_redis_that_may_only_be_read_is_told(house: House, redis_url: str) -> None:
    assert found(house.runtime.services, "redis writes") == []
    with Redis.from_url(redis_url) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "9")
        try:
            assert "primary" in only(house.runtime.services, "redis writes").next_step
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")


# -- mail --------------------------------------------------------------------------------


def told_of_mail(
    house: House, port: int, tls: Tls = "none", login: tuple[str, str] | None = None
) -> tuple[str, str]:
    server = MailServer("127.0.0.1", port, tls, *(login or ()))
    mailer = SmtpMailer(server, greeting="coaching.example", deadline=60)
    finding = only(replace(house.runtime.services, mailer=mailer), "mail")
    mailer.close()
    return finding.detail, finding.next_step


def test_a_mail_server_that_takes_us_is_well_and_is_sent_nothing(house: House) -> None:
    with running() as postman:
        assert told_of_mail(house, postman.port) == (
            "the server takes the login and the sender",
            "",
        )
    assert postman.taken == []
    assert len(postman.connections) == 1


def test_what_a_mail_server_refuses_is_told_with_the_setting(house: House) -> None:
    sender = house.runtime.settings.sender.mailbox.email
    refusing = Postman(sender={sender: "550 5.1.8 not you"})
    with running(refusing):
        detail, next_step = told_of_mail(house, refusing.port)
        assert "MAIL FROM: 550" in detail
        assert "COACHCAL_MAIL_FROM" in next_step
        # And one without STARTTLS
        assert "tls=" in told_of_mail(house, refusing.port, "starttls")[1]
    guarded = Postman()
    with running(guarded, authenticator=guarded.authenticate, auth_require_tls=False):
        assert "user and password" in told_of_mail(house, guarded.port, login=("user", "wrong"))[1]
        assert told_of_mail(house, guarded.port, login=("user", "right"))[1] == ""
    assert "host and port" in told_of_mail(house, guarded.port)[1]


# -- disks -------------------------------------------------------------------------------


def test_a_disk_that_is_nearly_full_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "DATABASE_ROOM", 1 << 60)
    assert "DATABASE_URL" in only(house.runtime.services, "disk of the database").next_step
    assert not only(house.runtime.services, "temporary folder").next_step
    monkeypatch.setattr(disks, "TEMPORARY_ROOM", 1 << 60)
    assert "TMPDIR" in only(house.runtime.services, "temporary folder").next_step


def test_a_folder_that_cannot_be_written_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/none")
    assert "TMPDIR" in only(house.runtime.services, "temporary folder").next_step


def test_a_sqlite_in_memory_has_no_disk(house: House, tmp_path: Path) -> None:
    memory = replace(house.runtime.services, database=create("sqlite://"))
    assert found(memory, "disk of the database") == []
    memory.database.close()
