"""Settings choose the mailer, and a wrong one stops the start without showing a password."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.mail.invitations import Address
from workers.bootstrap import create_services
from workers.mailer.console import ConsoleMailer
from workers.mailer.smtp import SmtpMailer
from workers.settings import Settings

SMTP = {
    "mailer": "smtp",
    "smtp_url": "smtp://u:hunter2@mail.example",
    "mail_from": "Coaching <c@coaching.example>",
}


def settings(**changes: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": "sqlite://",
        "redis_url": "redis://127.0.0.1:1",
        "public_url": "http://127.0.0.1:9",
        "secret_keys": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "cronofy_client_id": "id",
        "cronofy_client_secrets": "secret",
    }
    return Settings(**values | changes)


@pytest.mark.parametrize(
    ("chosen", "mailer"),
    [({}, ConsoleMailer), (SMTP, SmtpMailer)],
)
def test_settings_choose_the_mailer(chosen: dict[str, Any], mailer: type) -> None:
    services = create_services(settings(**chosen))
    assert isinstance(services.mailer, mailer)
    services.mailer.close()


def test_the_organizer_is_the_sender_until_it_is_named() -> None:
    sender = settings(**SMTP).sender
    assert sender.mailbox == sender.organizer == Address("Coaching", "c@coaching.example")
    named = settings(**SMTP, mail_organizer="sessions@coaching.example").sender
    assert named.organizer == Address("", "sessions@coaching.example")
    assert named.mailbox == sender.mailbox


def test_mails_that_go_nowhere_need_no_sender() -> None:
    assert settings().sender.mailbox.email == "coachcal@localhost"


def test_one_mail_takes_less_than_half_a_lease() -> None:
    chosen = settings(lease_seconds=10)
    assert chosen.mail_deadline < chosen.lease_seconds / 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"mailer": "pigeon"}, "mailer"),
        ({**SMTP, "smtp_url": None}, "smtp_url"),
        ({**SMTP, "mail_from": None}, "mail_from"),
        ({"smtp_url": "smtp://u:hunter2@mail.example?tls=none"}, "smtp_url"),
        ({"mail_from": "nobody"}, "mail_from"),
        ({"mail_organizer": "a@x.example, b@x.example"}, "mail_organizer"),
    ],
)
def test_a_wrong_setting_is_named_and_shows_no_password(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**wrong)
    assert [problem["loc"] for problem in refused.value.errors()] == [(field,)]
    assert "hunter2" not in str(refused.value)


def test_the_password_is_not_in_the_settings_text() -> None:
    assert "hunter2" not in repr(settings(**SMTP))
