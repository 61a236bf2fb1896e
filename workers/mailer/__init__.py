"""Sending mail: what every mailer promises, and how one says that it could not.

letters.py makes a Mail of what it is about, message.py makes bytes of a Mail, and a mailer sends
bytes.

    mail = letters.write(facts, choice, sender=settings.sender, now=now)
    services.mailer.send(message.serialise(mail), mail.sender.email, [mail.to.email])
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

About = Literal["address", "message", "server"]


class MailError(Exception):
    """A message that was not accepted, for all or some of its recipients.

    `permanent`: the same message to the same recipient never succeeds, do not try again. `about`
      says whose trouble it is: of this address, of this message, or of the whole mailer ("server"),
      which is never permanent: a wrong password or a refused sender is ours to repair, and must not
      kill every mail meanwhile. `code` is the server's reply code, or a word: connection refused,
      unreachable, timeout, cut, tls, unsupported, not_an_address, no_smtputf8.
    `enhanced`: its enhanced status code (RFC 3463), such as 5.1.1. `reply`: what it said, without
      addresses; empty when nobody said anything. `refused` has the errors of single recipients;
      whoever is not in it got the message, unless it is empty.
    `unsure`: the message was handed over and no answer to it was seen, so it may have been accepted
      all the same.
    `sentence`: the error's text where a code would say too little to a person.
    The error's text carries no address and nothing that the server said: both may be personal.
    """

    def __init__(
        self,
        code: str,
        *,
        permanent: bool,
        about: About,
        refused: "Mapping[str, MailError] | None" = None,
        unsure: bool = False,
        enhanced: str | None = None,
        reply: str = "",
        sentence: str = "",
    ) -> None:
        if not sentence:
            # Codes and words of ours alone: what a server says may hold whose mailbox it speaks of.
            fate = "not accepted this time"
            if permanent:
                fate = "refused for good"
            codes = " ".join(filter(None, (code, enhanced)))
            sentence = f"{fate}, because of the {about} ({codes})"
        super().__init__(sentence)
        self.code = code
        self.enhanced = enhanced
        self.reply = reply
        self.permanent = permanent
        self.about = about
        self.refused = dict(refused or {})
        self.unsure = unsure

    @property
    def no_mailbox(self) -> bool:
        """Whether the server said that the mailbox does not exist:
        the one reason to write to nobody there.
        """
        # Without a reply nobody said so: it was our own check of the address, which may be
        # mistaken.
        return self.permanent and self.about == "address" and bool(self.reply)


class Unfaithful(Exception):
    """A message that does not read back as what was meant: a bug, or somebody's attempt. Never
    sent, never to be tried again; a person should look.
    """


class Mailer(Protocol):
    """Safe to share between threads."""

    def send(
        self, message: bytes, sender: str, recipients: Sequence[str], *, until: float = math.inf
    ) -> None:
        """Hand the message over, whole, to every recipient (envelope addresses). `until`: when it
        has to be over, by time.monotonic; nothing is handed over later. Raises MailError.
        """

    def close(self) -> None:
        """Give connections back. A mail may still be sent: it opens a new one."""
