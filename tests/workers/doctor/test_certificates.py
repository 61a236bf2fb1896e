"""The doctor tells for how long the certificates of our neighbours are good, and waits for none of
them for long.
"""

import json
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import server_context, showing
from tests.support.in_process import House
from tests.workers.doctor.kit import found
from webhooks.cli import looks
from workers import certificates
from workers.broker import create_redis
from workers.certificates import NoCertificate, Nowhere, Opening
from workers.deadlines import Deadline
from workers.doctor import certificates as checks
from workers.doctor.finding import Finding
from workers.mailer.server import MailServer
from workers.mailer.smtp import SmtpMailer
from workers.sentinels import manager_of
from workers.services import Services

DAY = timedelta(days=1)


class Knowing:
    """A sentinel that knows one server."""

    def __init__(self, port: int) -> None:
        self.port = port

    def sentinel_masters(self) -> dict[str, Any]:
        found = {"is_master": True, "is_sdown": False, "is_odown": False}
        return {"main": found | {"num-other-sentinels": 2, "ip": "127.0.0.1", "port": self.port}}

    def close(self) -> None:
        """Nothing is open."""


def limit(seconds: float = 30) -> Deadline:
    return Deadline(time.monotonic() + seconds, time.monotonic)


def good_for(house: House, folder: Path, span: timedelta) -> ssl.SSLContext:
    now = house.runtime.services.corrected_now()
    return server_context(folder, until=now + span + timedelta(minutes=1))


def with_callbacks(services: Services, port: int) -> Services:
    """The platform is called back at a server on this machine."""
    url = f"https://127.0.0.1:{port}/secret-path"
    return replace(services, settings=services.settings.model_copy(update={"callback_url": url}))


@pytest.mark.parametrize(
    ("days", "warns", "fails"),
    [
        (15, False, False),
        (14, False, False),
        (13, True, False),
        (0, True, False),
        (-1, False, True),
    ],
)
def test_it_warns_in_the_last_days_and_fails_when_it_is_over(
    house: House, tmp_path: Path, days: int, warns: bool, fails: bool
) -> None:
    with showing(good_for(house, tmp_path, days * DAY)) as port:
        services = with_callbacks(house.runtime.services, port)
        (told,) = found(services, "certificates")
    assert (told.warns, told.fails) == (warns, fails)
    assert (told.next_step != "") == (warns or fails)
    assert f"callbacks (127.0.0.1:{port})" in told.detail
    assert "secret-path" not in told.detail
    words = f"{days} days left"
    if fails:
        words = "over since"
    assert words in told.detail


def test_each_address_of_a_name_is_tried_until_one_answers(tmp_path: Path) -> None:
    until = datetime.fromisoformat("2031-02-03T04:05:06+00:00")
    asked: list[str] = []

    def find(host: str) -> list[str]:
        asked.append(host)
        return ["::1", "127.0.0.1"]  # nobody is at the first

    with showing(server_context(tmp_path, until=until)) as port:
        seen = certificates.good_until("two.example", port, "tls", limit(), find)
    assert (seen, asked) == (until, ["two.example"])


def test_nobody_looks_where_nobody_may_be_asked() -> None:
    with pytest.raises(Nowhere):
        certificates.good_until("inside.example", 443, "tls", limit(), lambda _: [])


def says(*replies: bytes) -> Callable[[socket.socket], None]:
    """A server's words before TLS: the first one, then one for each thing it hears."""

    def talk(sock: socket.socket) -> None:
        for number, reply in enumerate(replies):
            if number:
                sock.recv(1_000)
            sock.sendall(reply)

    return talk


def takes_tls(reply: bytes) -> Callable[[socket.socket], None]:
    """PostgreSQL's word for it, or against it."""

    def talk(sock: socket.socket) -> None:
        assert sock.recv(8) == certificates.SSL_REQUEST
        sock.sendall(reply)

    return talk


GREETS = (b"220-mail\r\n220 here\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"220 go\r\n")


@pytest.mark.parametrize(
    ("opening", "talk"),
    [
        ("tls", says()),
        ("smtp", says(*GREETS)),
        ("postgresql", takes_tls(b"S")),
    ],
)
def test_a_date_is_seen_behind_each_opening(
    tmp_path: Path, opening: Opening, talk: Callable[[socket.socket], None]
) -> None:
    until = datetime.fromisoformat("2031-02-03T04:05:06+00:00")
    with showing(server_context(tmp_path, until=until), talk) as port:
        assert certificates.good_until("127.0.0.1", port, opening, limit()) == until


@pytest.mark.parametrize(
    ("opening", "talk", "why"),
    [
        ("smtp", says(b"554 no\r\n"), "refuses STARTTLS"),
        ("smtp", says(b"220 here\r\n", b"250 mail\r\n", b"502 what\r\n"), "refuses STARTTLS"),
        ("postgresql", takes_tls(b"N"), "refuses TLS"),
        ("tls", says(b"220 here\r\n"), "no TLS"),
    ],
    ids=["greeting", "starttls", "postgresql", "no tls"],
)
def test_a_server_without_tls_is_told_as_one(
    tmp_path: Path, opening: Opening, talk: Callable[[socket.socket], None], why: str
) -> None:
    until = datetime.fromisoformat("2031-02-03T04:05:06+00:00")
    with (
        showing(server_context(tmp_path, until=until), talk) as port,
        pytest.raises(NoCertificate, match=why),
    ):
        certificates.good_until("127.0.0.1", port, opening, limit())


@pytest.mark.parametrize("opening", ["tls", "smtp", "postgresql"])
def test_a_server_that_trickles_or_is_silent_is_not_waited_for_longer(opening: Opening) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(NoCertificate, match="in time"):
            certificates.good_until("127.0.0.1", port, opening, limit(0.3))
    assert time.monotonic() - began < 10


def test_nobody_there_is_told_with_the_next_step(house: House) -> None:
    with socket.socket() as unserved:
        unserved.bind(("127.0.0.1", 0))
        services = with_callbacks(house.runtime.services, unserved.getsockname()[1])
        (told,) = found(services, "certificates")
    assert told.fails
    assert "ConnectionRefusedError" in told.detail


def test_the_mail_server_is_looked_at_as_mails_reach_it(house: House, tmp_path: Path) -> None:
    services = house.runtime.services
    with showing(good_for(house, tmp_path, 5 * DAY), says(*GREETS)) as port:
        url = f"smtp://127.0.0.1:{port}"
        mailer = SmtpMailer(MailServer.parse(url), greeting="coaching.example", deadline=60)
        update = {"smtp_url": type(services.settings.secret_keys[0])(url)}
        settings = services.settings.model_copy(update=update)
        told = list(checks.look(replace(services, mailer=mailer, settings=settings)))
        mailer.close()
    assert [(each.warns, each.detail[:11]) for each in told] == [(True, "mail server")]


def test_each_sentinel_is_looked_at_and_the_server_that_takes_writes(
    house: House, tmp_path: Path
) -> None:
    services = house.runtime.services
    with (
        showing(good_for(house, tmp_path, 5 * DAY)) as one,
        showing(good_for(house, tmp_path, 30 * DAY)) as primary,
    ):
        # With more than one host, one of them [::1], urlsplit reads no URL.
        url = f"sentinels://127.0.0.1:{one},[::1]:1/main"
        settings = services.settings.model_copy(update={"redis_url": url})
        client = create_redis(url, timeout=5)
        watched = replace(services, settings=settings, redis=client)
        unknown = list(checks.look(watched))
        manager_of(client).sentinels = [Knowing(primary)]  # type: ignore[list-item]
        told = list(checks.look(watched))
        client.close()
    assert [each.detail.partition(":")[0] for each in unknown] == [
        "sentinel (127.0.0.1",
        "sentinel (",
    ]
    assert [(each.detail.partition(" ")[0], each.warns, each.fails) for each in told] == [
        ("sentinel", True, False),
        ("sentinel", False, True),
        ("Redis", False, False),
    ]
    assert f"(127.0.0.1:{primary}): 30 days left" in told[2].detail
    plain = settings.model_copy(update={"redis_url": url.replace("sentinels", "sentinel")})
    assert list(checks.look(replace(watched, settings=plain))) == []


def test_where_nobody_shows_one_nothing_is_said(house: House) -> None:
    assert found(house.runtime.services, "certificates") == []


def test_a_warning_is_told_as_one_and_is_no_failure() -> None:
    warned = Finding("certificates", "Redis (r:6379): 3 days left", "renew it", warns=True)
    assert json.loads(looks._found(warned, as_json=True))["ok"] is True
    assert "WARN" in looks._found(warned, as_json=False)
    assert "next: renew it" in looks._found(warned, as_json=False)
    assert not warned.fails
