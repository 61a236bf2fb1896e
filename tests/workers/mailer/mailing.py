"""A mail sent to a server that replies as it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.workers.mailer.postman import HOST
from workers.mailer import MailError
from workers.mailer.server import MailServer, Tls
from workers.mailer.smtp import SmtpMailer

MESSAGE = b"Subject: x\r\n\r\nhello\r\n"


@contextmanager
def mailing(
    port: int,
    tls: Tls = "none",
    *,
    login: tuple[str, str] | None = None,
    deadline: float = 60,
    **options: Any,
) -> Iterator[SmtpMailer]:
    server = MailServer(HOST, port, tls, *(login or ()))
    mailer = SmtpMailer(server, greeting="coaching.example", deadline=deadline, **options)
    try:
        yield mailer
    finally:
        mailer.close()


def send(
    mailer: SmtpMailer, to: str = "grace@example.com", sender: str = "mail@coaching.example"
) -> None:
    mailer.send(MESSAGE, sender, [to])


def failure(mailer: SmtpMailer, **options: Any) -> tuple[str, bool, str]:
    with pytest.raises(MailError) as failed:
        send(mailer, **options)
    assert failed.value.__cause__ is failed.value.__context__ is None, (
        "the library's errors hold addresses"
    )
    return failed.value.code, failed.value.permanent, failed.value.about
