"""Where webhooks may go, and what signs them, as the web process hands it over."""

import base64
import secrets
from urllib.parse import urlsplit

from domain.errors import Invalid
from workers.delivery.webhook_sender import PREFIX, check_url
from workers.loopback import is_loopback
from workers.public_addresses import may_be_public
from workers.settings import Settings

SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check(url: str, settings: Settings) -> None:
    """By the rule of COACHCAL_CALLBACK_URL. Raises Invalid, with the next step.

    Whoever has a key is not whoever runs this: to this machine and its neighbours only a product
    that is on a laptop itself posts.
    """
    try:
        check_url(url)
    except ValueError as error:
        raise Invalid("url", "url_refused", f"{error}.".capitalize()) from None
    host = urlsplit(url).hostname or ""
    if not may_be_public(host) and not is_loopback(settings.public_url.host or ""):
        detail = "Send an address that is reached from outside, by its name."
        raise Invalid("url", "url_refused", detail)
