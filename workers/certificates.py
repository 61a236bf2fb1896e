"""Until when the certificate is good that a server shows, whoever signed it.

The handshake is driven by hand, so that one deadline holds for all of it, whatever the other side
does.
"""

import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from cryptography import x509

from workers.deadlines import Deadline
from workers.public_addresses import addresses_of

Opening = Literal["tls", "smtp", "postgresql"]
"""What is said before TLS begins: nothing; STARTTLS (RFC 3207); PostgreSQL's SSLRequest."""
PIECE, LONGEST_LINES = 16_384, 65_536
SSL_REQUEST = (8).to_bytes(4) + (80_877_103).to_bytes(4)
"""Source: PostgreSQL's manual, Message Formats, SSLRequest."""


class NoCertificate(Exception):
    """None could be seen; the text says why, without what the server said."""


class Nowhere(NoCertificate):
    """Nobody was asked."""


def good_until(
    host: str,
    port: int,
    opening: Opening,
    limit: Deadline,
    find: Callable[[str], list[str]] = addresses_of,
) -> datetime:
    """Aware UTC. Raises NoCertificate, by the deadline at the latest but for the resolver's own.

    `find`: the addresses of the host that may be asked, as numbers.
    """
    try:
        with _connected(find(host), port, limit) as sock:
            OPENINGS[opening](sock, limit)
            shown = _shown(sock, host, limit)
    except TimeoutError:
        raise NoCertificate("it did not answer in time") from None
    except ssl.SSLError as error:
        raise NoCertificate(f"no TLS ({error.reason or 'SSLError'})") from None
    except (OSError, UnicodeError) as error:
        raise NoCertificate(f"not reached ({type(error).__name__})") from None
    if not shown:
        raise NoCertificate("the handshake ended without one")
    try:
        return x509.load_der_x509_certificate(shown).not_valid_after_utc
    except ValueError:
        raise NoCertificate("what it shows cannot be read") from None


def _connected(addresses: list[str], port: int, limit: Deadline) -> socket.socket:
    """To the first address that answers. Raises OSError."""
    if not addresses:
        raise Nowhere("it leads to no address that may be asked")
    failure = OSError()
    for address in addresses:
        try:
            # One deadline for all of them: a name may lead to many that are dead.
            return socket.create_connection((address, port), timeout=limit.wait())
        except TimeoutError:
            raise
        except OSError as error:
            failure = error
    raise failure


def _nothing(_sock: socket.socket, _limit: Deadline) -> None:
    """TLS from the first byte."""


def _smtp(sock: socket.socket, limit: Deadline) -> None:
    _smtp_reply(sock, limit)
    for line in (b"EHLO coachcal.invalid\r\n", b"STARTTLS\r\n"):
        sock.settimeout(limit.wait())
        sock.sendall(line)
        _smtp_reply(sock, limit)


def _smtp_reply(sock: socket.socket, limit: Deadline) -> None:
    """Reads one reply to its end, and not a byte more. Raises NoCertificate for a refusal."""
    said = b""
    # The last line of a reply has a space behind its code (RFC 5321, 4.2.1).
    while not (said.endswith(b"\n") and said.splitlines()[-1][3:4] in (b" ", b"")):
        sock.settimeout(limit.wait())
        more = sock.recv(1)
        if not more or len(said) > LONGEST_LINES:
            raise NoCertificate("it hung up before TLS")
        said += more
    if not said.startswith((b"2",)):
        raise NoCertificate("it refuses STARTTLS")


def _postgresql(sock: socket.socket, limit: Deadline) -> None:
    sock.settimeout(limit.wait())
    sock.sendall(SSL_REQUEST)
    sock.settimeout(limit.wait())
    if sock.recv(1) != b"S":
        raise NoCertificate("it refuses TLS")


OPENINGS: Mapping[Opening, Callable[[socket.socket, Deadline], None]] = {
    "tls": _nothing,
    "smtp": _smtp,
    "postgresql": _postgresql,
}


def _shown(sock: socket.socket, host: str, limit: Deadline) -> bytes | None:
    # Trust is not asked here: of a certificate that is over it is the date that helps.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=host)
    ended = False
    while not ended:
        try:
            tls.do_handshake()
            ended = True
        except ssl.SSLWantReadError:
            pass
        sock.settimeout(limit.wait())
        sock.sendall(outgoing.read())
        if not ended:
            sock.settimeout(limit.wait())
            _take(sock.recv(PIECE), incoming)
    return tls.getpeercert(binary_form=True)


def _take(more: bytes, incoming: ssl.MemoryBIO) -> None:
    if more:
        incoming.write(more)
    else:
        incoming.write_eof()
