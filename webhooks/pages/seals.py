"""What a form of ours says that nobody else can write: that a time was open when it was made."""

import hmac

from flask import request

from webhooks.http.context import runtime
from webhooks.http.page_sessions import guest, signer


def shown_open(start: int) -> str:
    """A field that says that this guest was shown this time as open."""
    return str(signer(runtime().settings, "open").dumps([guest().csrf, start]))


def was_shown_open(start: int) -> bool:
    """Only whoever saw a time open hears that somebody took it: to others that would be why it is
    closed.
    """
    return hmac.compare_digest(request.form.get("open", "").encode(), shown_open(start).encode())
