"""Where the mail server is: smtp://user:password@host:port?tls=starttls|tls|none"""

from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from workers.loopback import is_loopback

Tls = Literal["starttls", "tls", "none"]
PORTS: dict[Tls, int] = {"starttls": 587, "tls": 465, "none": 25}
USUAL: dict[str, Tls] = {"smtp": "starttls", "smtps": "tls"}
"""By scheme, where the URL does not say."""


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "MailServer":
        """Raises ValueError with the next step; the text never holds the password.

        Without `tls`, smtp:// means STARTTLS, and smtps:// TLS from the first byte: nothing is ever
        sent in the clear because somebody forgot a word, or because somebody in between took
        STARTTLS out of the server's offer.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        tls = options.pop("tls", USUAL.get(parts.scheme, "starttls"))
        more = parts.path.strip("/") or parts.fragment
        if parts.scheme not in USUAL or not parts.hostname or more:
            raise ValueError("write it as smtp://user:password@host:587?tls=starttls")
        if options or tls not in get_args(Tls):
            raise ValueError(f"its only option is tls, one of {', '.join(get_args(Tls))}")
        known = cast(Tls, tls)
        # A password may hold what ends a part of a URL: it comes percent-encoded.
        user = unquote(parts.username or "") or None
        password = unquote(parts.password or "") or None
        # On loopback nobody listens but root; anywhere else the password would be read on the way.
        if user and tls == "none" and not is_loopback(parts.hostname):
            raise ValueError(
                "a password needs tls=starttls or tls=tls, unless the server is on this machine"
            )
        return cls(parts.hostname, parts.port or PORTS[known], known, user, password)
