"""Mail over SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS, AUTH, and one connection per thread
that is used again.

One send has one deadline, whatever the server does: smtplib's own time-out begins anew with each
byte of a reply, so that a server which trickles would hold a worker past its lease.
"""

import io
import math
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from workers.deadlines import BoundedReader, Deadline, write_all
from workers.mailer import MailError, envelope
from workers.mailer.replies import Stage, disconnected, refusal
from workers.mailer.server import MailServer

REUSED_FOR_SECONDS = 30.0
"""Servers close idle connections after some minutes; a new one costs less than finding out."""
ALIVE_WITHIN_SECONDS = 2.0
"""In which a kept connection has to answer. One that the network forgot never does, and a new one
needs the rest of the mail's time.
"""
REUSED_FOR_MAILS = 100
SENDER = "MAIL FROM"
"""What the code of an error begins with that is about the sender."""
NO_SMTPUTF8 = (
    "the address has letters beyond ASCII before its @, and the mail server does not take such"
    " (it lacks SMTPUTF8, RFC 6531): have the address corrected, or use a server that has it and"
    " requeue this mail"
)


class SmtpMailer:
    """Safe to share between threads. `deadline` is in seconds, for one whole send."""

    def __init__(
        self,
        server: MailServer,
        *,
        greeting: str,
        deadline: float,
        context: ssl.SSLContext | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._greeting = greeting
        self._deadline = deadline
        self._context = context or ssl.create_default_context()
        self._monotonic = monotonic
        self._own = threading.local()
        self._connections: set[_Connection] = set()

    def send(
        self, message: bytes, sender: str, recipients: Sequence[str], *, until: float = math.inf
    ) -> None:
        """Hand the message over.
        Raises MailError; after one, nothing is known of the connection, so it is closed.
        """
        envelope.check(sender, recipients)
        end = min(self._monotonic() + self._deadline, until)
        limit = Deadline(end, self._monotonic)
        try:
            connection = self._connection(limit)
            refused = connection.deliver(message, sender, recipients)
        except MailError:
            # In the middle of a transaction, of which the server may remember the half.
            self._drop()
            raise
        except (smtplib.SMTPException, OSError, ValueError) as error:
            to = {"sender": sender, "recipient": recipients[0]}
            failure = disconnected(error, late=limit.passed, handed_over=self._handed_over(), **to)
            self._drop()
        else:
            if not refused:
                return
            failure = envelope.failure(refused)
        # Out here, so that the library's error, which holds addresses, is not chained to it
        raise failure

    def look(self, sender: str) -> None:
        """All of a send but its recipients and its message: nothing is sent. Raises MailError."""
        limit = Deadline(self._monotonic() + self._deadline, self._monotonic)
        try:
            connection = self._connection(limit)
            code, _ = connection.mail(sender)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            failure = disconnected(error, late=limit.passed)
        else:
            if is_done(code):
                return
            failure = MailError(f"{SENDER}: {code}", permanent=False, about="server")
        finally:
            self._drop()
        raise failure  # out here, as in `send`

    def close(self) -> None:
        for connection in list(self._connections):
            connection.close()

    def _connection(self, limit: Deadline) -> "_Connection":
        """This thread's connection, if the server still listens to it, else a new one."""
        kept: _Connection | None = getattr(self._own, "connection", None)
        if kept is not None and kept.is_fresh(limit):
            return kept
        self._drop()
        made = _Connection(self._server, self._greeting, self._context, limit)
        self._own.connection = made
        self._connections.add(made)
        made.open()
        return made

    def _handed_over(self) -> bool:
        kept: _Connection | None = getattr(self._own, "connection", None)
        return kept is not None and kept.handed_over

    def _drop(self) -> None:
        kept: _Connection | None = getattr(self._own, "connection", None)
        if kept is not None:
            kept.close()
            self._connections.discard(kept)
            self._own.connection = None


class _Connection(smtplib.SMTP):
    """One connection, each wait on it cut to what is left of the limit."""

    def __init__(
        self, server: MailServer, greeting: str, context: ssl.SSLContext, limit: Deadline
    ) -> None:
        super().__init__(local_hostname=greeting)
        self._server = server
        self._host = server.host  # smtplib checks the certificate against it
        self._context = context
        self._limit = limit
        self._used_at = limit.now()
        self._mails = 0
        self.handed_over = False

    def open(self) -> None:
        """Greet, encrypt, log in. Raises MailError about the server for each that it refuses."""
        code, _ = self.connect(self._server.host, self._server.port)
        _expect(is_done(code), code)
        _expect(is_done(self.ehlo()[0]), "ehlo")
        if self._server.tls == "starttls":
            _expect(self.has_extn("starttls"), "tls")
            self.starttls(context=self._context)
            _expect(is_done(self.ehlo()[0]), "ehlo")
        if self._server.user:
            self.login(self._server.user, self._server.password or "")

    def is_fresh(self, limit: Deadline) -> bool:
        """Whether the server still answers; from now on it has until `limit`."""
        idle = limit.now() - self._used_at
        if self.sock is None or self._mails >= REUSED_FOR_MAILS or idle > REUSED_FOR_SECONDS:
            return False
        # The race: the server closes an idle connection while we begin to use it, or the network
        # forgets it and tells nobody. RSET finds out before anything of the mail is said, where it
        # is still known that nothing was taken.
        patience = min(limit.wait(), ALIVE_WITHIN_SECONDS)
        self._limit = Deadline(limit.now() + patience, limit.now)
        with suppress(smtplib.SMTPException, OSError):
            alive = is_done(self.rset()[0])
            self._limit = limit
            return alive
        return False

    def deliver(
        self, message: bytes, sender: str, recipients: Sequence[str]
    ) -> dict[str, MailError]:
        """One transaction.
        Returns the recipients that were refused, when at least one was not; raises MailError.
        """
        self._used_at = self._limit.now()
        self._mails += 1
        self.handed_over = False
        stage: Stage = "MAIL"
        options = self._utf8(message, sender, *recipients)
        if self.has_extn("size"):
            # RFC 1870: a server that knows the size refuses now, rather than after it has all of
            # it.
            stage = "MAIL SIZE"
            options = (*options, f"size={len(message)}")
        code, said = self.mail(sender, options)
        if not is_done(code):
            raise refusal(code, said, stage, sender=sender)
        refused = {}
        for recipient in recipients:
            code, said = self.rcpt(recipient)
            if not is_done(code):
                refused[recipient] = refusal(code, said, "RCPT", sender=sender, recipient=recipient)
        if len(refused) < len(recipients):
            # Before the message, not after it: a server that dies while it answers may have it.
            self.handed_over = True
            code, said = self.data(message)
            if not is_done(code):
                raise refusal(code, said, "DATA", sender=sender, recipient=recipients[0])
        return refused

    def _utf8(self, message: bytes, *addresses: str) -> tuple[str, ...]:
        """What MAIL says before letters beyond ASCII may follow (RFC 6531).
        Raises MailError where they may not.
        """
        if message.isascii() and all(address.isascii() for address in addresses):
            return ()
        if not self.has_extn("smtputf8"):
            raise MailError("no_smtputf8", permanent=True, about="address", sentence=NO_SMTPUTF8)
        return ("SMTPUTF8", "BODY=8BITMIME")

    def getreply(self) -> tuple[int, bytes]:
        # smtplib would make a file of the socket here, whose time-out begins anew with each byte.
        if self.file is None and self.sock is not None:
            raw = self.sock.makefile("rb", buffering=0)
            self.file = io.BufferedReader(BoundedReader(raw, self.sock, self._current))
        return super().getreply()

    def send(self, s: "bytes | str") -> None:  # type: ignore[override]  # typeshed says any buffer
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection was closed")
        if isinstance(s, str):
            s = s.encode(self.command_encoding)
        try:
            write_all(self.sock, s, self._limit)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected("the connection was cut") from error

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), self._limit.wait())
        plain.settimeout(self._limit.wait())
        if self._server.tls == "tls":
            return self._context.wrap_socket(plain, server_hostname=host)
        return plain

    def _current(self) -> Deadline:
        return self._limit


def is_done(code: int) -> bool:
    """A reply is read by its first digit (RFC 5321, 4.3.2). Read by more of it, a mail that was
    taken with another 2yz than 250 would be sent again and again.
    """
    return 200 <= code <= 299


def _expect(fine: bool, code: int | str) -> None:  # noqa: FBT001 (it reads as a sentence: expect this)
    if not fine:
        raise MailError(str(code), permanent=False, about="server")
