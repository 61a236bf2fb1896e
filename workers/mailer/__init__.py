"""Sending mail: what every mailer promises, and how one says that it could not.

letters.py makes a Mail of what it is about, message.py makes bytes of a Mail, and a mailer sends bytes.

    mail = letters.write(facts, choice, sender=settings.sender, now=now)
    services.mailer.send(message.serialise(mail), mail.sender.email, [mail.to.email])
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

About = Literal["address", "message", "server"]


class MailError(Exception):
    """A message that was not accepted, for all or some of its recipients.

    `permanent`: the same message to the same recipient never succeeds, do not try again.
    `about` says whose fault it is. Only "address" is a reason to withhold later mails; "server" is never permanent: a
    wrong password or a refused sender is ours to repair, and must not kill every mail in the meantime.
    `code` is the server's reply code, or a word: unreachable, timeout, cut, tls, unsupported, not_an_address.
    `refused` has the errors of single recipients; whoever is not in it got the message, unless it is empty.
    `unsure`: the message was handed over and no answer to it was seen, so it may have been accepted all the same.
    The text carries no address and nothing that the server said: both may be personal.
    """

    def __init__(
        self,
        code: str,
        *,
        permanent: bool,
        about: About,
        refused: "Mapping[str, MailError] | None" = None,
        unsure: bool = False,
    ) -> None:
        fate = "refused for good" if permanent else "not accepted this time"
        super().__init__(f"{fate}, because of the {about} ({code})")
        self.code = code
        self.permanent = permanent
        self.about = about
        self.refused = dict(refused or {})
        self.unsure = unsure


class Unfaithful(Exception):
    """A message that does not read back as what was meant: a bug, or somebody's attempt. Never sent, never to be tried
    again; a person should look.
    """


class Mailer(Protocol):
    """Safe to share between threads."""

    def send(self, message: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Hand the message over, whole, to every recipient (envelope addresses). Raises MailError."""

    def close(self) -> None:
        """Give connections back. A mail may still be sent: it opens a new one."""
