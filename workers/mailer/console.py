"""Mail as readable text on a stream: for a developer's terminal.
It prints whole mails, so it is not for production.
"""

import math
import threading
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TextIO

from workers.mailer import envelope

RULE = "-" * 72
_SHOWN = ("text/plain", "text/calendar")


class ConsoleMailer:
    """Headers, the text, and the calendar part; the page would only be tags."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(
        self, message: bytes, sender: str, recipients: Sequence[str], *, until: float = math.inf
    ) -> None:
        envelope.check(sender, recipients)
        read = message_from_bytes(message, policy=policy.SMTP)
        lines = [RULE, f"mail {sender} -> {', '.join(recipients)}", RULE]
        for name, value in read.items():
            lines.append(f"{name}: {value}")
        lines.append("")
        for part in read.walk():
            if part.get_content_type() in _SHOWN:
                lines.append(_text_of(part))
        # One mail at a time: several threads send, and lines of two mails would mix.
        with self._lock:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()

    def close(self) -> None:
        """The stream belongs to whoever gave it."""


def _text_of(part: EmailMessage) -> str:
    return str(part.get_content()).replace("\r\n", "\n")
