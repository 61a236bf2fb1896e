"""A mail server on a real socket that does as it is told: refuses, waits, hangs up before or after
its 250.
"""

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server
from typing import Any, AnyStr

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.ports import free_port

HOST = "127.0.0.1"
Script = Callable[["Server"], Any]


class Server(SMTP):
    """aiosmtpd's, which also can hang up right after a reply, and counts who comes."""

    hang_up_after: bytes | None = None

    async def push(self, status: AnyStr) -> None:
        await super().push(status)
        said = status if isinstance(status, bytes) else status.encode()
        if self.hang_up_after is not None and said.startswith(self.hang_up_after):
            self.hang_up_after = None
            self._wire().close()

    def hang_up(self) -> None:
        self._wire().abort()

    def _wire(self) -> asyncio.Transport:
        assert isinstance(self.transport, asyncio.Transport)
        return self.transport


@dataclass
class Postman:
    """`sender`, `recipients` and `messages` are scripts: address or b"" -> a reply,
    None for 250.
    """

    port: int = field(default_factory=free_port)
    sender: dict[str, str] = field(default_factory=dict)
    recipients: dict[str, str] = field(default_factory=dict)
    on_data: Script | None = None
    taken: list[Envelope] = field(default_factory=list)
    connections: list[Session] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self,
        server: Server,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        if session not in self.connections:
            self.connections.append(session)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender.get(address, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.recipients.get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self.on_data(server) if self.on_data else None
        if asyncio.iscoroutine(reply):
            reply = await reply
        if reply is None or reply.startswith("250"):
            self.taken.append(envelope)
        return reply or "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


class _Controller(Controller):
    def factory(self) -> Server:
        return Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def running(postman: Postman | None = None, **options: Any) -> Iterator[Postman]:
    postman = postman or Postman()
    controller = _Controller(postman, hostname=HOST, port=postman.port, ready_timeout=60, **options)
    controller.start()
    # Starting it made a connection of its own, to see that it answers; that one said no EHLO.
    try:
        yield postman
    finally:
        controller.stop()


@contextmanager
def raw(talk: Callable[[Any], None]) -> Iterator[int]:
    """A port whose first caller is handed to `talk`, as a socket."""
    listening = create_server((HOST, 0))

    def answer() -> None:
        caller, _ = listening.accept()
        with caller:
            try:
                talk(caller)
            except OSError:
                return  # the mailer hung up, as it should

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with listening:
        yield listening.getsockname()[1]
        thread.join(timeout=10)


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context and a client's that trusts it, for 127.0.0.1 only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "postman")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "postman.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + built.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))
