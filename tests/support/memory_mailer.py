"""Mail kept in memory, and a mailer that refuses whom it is told to."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from workers.mailer import MailError, envelope


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message that was accepted, with its envelope."""

    message: bytes = field(repr=False)
    sender: str
    recipients: tuple[str, ...]

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.message, policy=policy.SMTP)


class MemoryMailer:
    """Accepts everything, but what it was told to refuse."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[str, MailError] = {}
        self.sent: list[SentMessage] = []

    def refuse(self, address: str, error: MailError) -> None:
        """From now on, fail with this error for this recipient."""
        self._refused[address] = error

    def accept(self, address: str) -> None:
        self._refused.pop(address, None)

    def send(
        self, message: bytes, sender: str, recipients: Sequence[str], *, until: float = math.inf
    ) -> None:
        envelope.check(sender, recipients)
        refused: dict[str, MailError] = {}
        accepted = []
        with self._lock:
            # As a server does it: whoever it does not refuse gets the message.
            for address in recipients:
                if address in self._refused:
                    refused[address] = self._refused[address]
                else:
                    accepted.append(address)
            if accepted:
                self.sent.append(SentMessage(message, sender, tuple(accepted)))
        if refused:
            raise envelope.failure(refused)

    def close(self) -> None:
        """Nothing to give back."""
