"""Mails on their way into the demo's post box, and its pages as they are read."""

import re
import smtplib
from urllib.parse import urlsplit

import requests

from tests.domain.letters import NOW, SENDER
from webhooks.demo.postbox import Postbox
from webhooks.demo.postbox_letters import Letter
from workers.mailer import letters

OURS = letters.preview("booked", "en", None, sender=SENDER, now=NOW)
ME, YOU = "me@example.com", "you@example.com"


def client(postbox: Postbox) -> smtplib.SMTP:
    parts = urlsplit(postbox.smtp_url)
    return smtplib.SMTP(
        parts.hostname or "", parts.port or 0, local_hostname="localhost", timeout=60
    )


def send(postbox: Postbox, message: bytes, *recipients: str) -> Letter:
    """What the box made of it."""
    with client(postbox) as smtp:
        smtp.sendmail(ME, recipients or (YOU,), re.sub(rb"\r?\n", b"\r\n", message))
    return postbox.messages()[-1]


def get(postbox: Postbox, path: str = "/") -> requests.Response:
    response = requests.get(postbox.url + path, timeout=60)
    assert response.status_code == 200, response.text
    return response
