"""SMTP_URL: what it may say, and that nothing is sent in the clear by mistake."""

import pytest

from workers.mailer.server import MailServer


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("mail.example", 587, "starttls")),
        ("smtps://mail.example", MailServer("mail.example", 465, "tls")),
        ("smtp://mail.example?tls=tls", MailServer("mail.example", 465, "tls")),
        ("smtp://mail.example:2525?tls=none", MailServer("mail.example", 2525, "none")),
        (
            "smtp://u%40x:p%2F%3A@mail.example:25/",
            MailServer("mail.example", 25, "starttls", "u@x", "p/:"),
        ),
        ("smtp://u:p@127.0.0.1:2525?tls=none", MailServer("127.0.0.1", 2525, "none", "u", "p")),
        ("smtp://[::1]:25?tls=none", MailServer("::1", 25, "none")),
    ],
)
def test_a_server_is_read_from_its_url(url: str, server: MailServer) -> None:
    assert MailServer.parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.example:25", "https://mail.example", "smtp://", "smtp://mail.example?tls=maybe",
        "smtp://mail.example?verify=no", "smtp://u:hunter2@mail.example?tls=none", "smtp://mail.example/x",
        "smtp://mail.example:port", "smtp://u:hunter2@mail.example:99999",
    ],
)  # fmt: skip
def test_anything_else_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        MailServer.parse(url)
    assert "hunter2" not in str(refused.value)


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(MailServer.parse("smtp://u:hunter2@mail.example"))
