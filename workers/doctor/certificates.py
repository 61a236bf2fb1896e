"""For how long the certificates are good that others show us: Cronofy's, the mail server's, the
platform's, PostgreSQL's and Redis's.

Only the date is looked at here: whether we trust who shows it, the other checks say.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from storage.rows import webhook_endpoints
from storage.schema.outages import Unavailable
from workers import certificates, sentinels
from workers.breaker import FAILURES
from workers.certificates import NoCertificate, Nowhere, Opening
from workers.cronofy.origins import ORIGINS
from workers.deadlines import Deadline
from workers.doctor.finding import Finding
from workers.mailer.server import MailServer
from workers.mailer.smtp import SmtpMailer
from workers.public_addresses import addresses_of, public_addresses_of
from workers.sentinels import SentinelUrl
from workers.services import Services

WARN_DAYS = 14
EACH_SECONDS, ALL_SECONDS = 5.0, 30.0
CHECK = "certificates"
RENEW = "have it renewed by whoever runs that server"


@dataclass(frozen=True, slots=True)
class Peer:
    """`opening`: what is said before TLS begins. `find`: the addresses of the host that may be
    asked; where there is none, nobody looks.
    """

    what: str
    host: str
    port: int
    opening: Opening = "tls"
    find: Callable[[str], list[str]] = addresses_of


def look(services: Services) -> Iterator[Finding]:
    """Nothing where nobody shows us any."""
    end = Deadline(time.monotonic() + ALL_SECONDS, time.monotonic)
    seen: set[tuple[str, int]] = set()
    for peer in _peers(services):
        if (peer.host, peer.port) in seen:
            continue
        seen.add((peer.host, peer.port))
        if end.passed:
            detail = f"not all were looked at in {ALL_SECONDS:.0f} s"
            yield Finding(CHECK, detail, "run again: coachcal doctor")
            return
        # Names are looked up here, and not as the peers are listed: that may take long, too.
        with suppress(Nowhere):
            yield _judged(peer, services.corrected_now())


def _judged(peer: Peer, now: datetime) -> Finding:
    """Raises Nowhere."""
    name = f"{peer.what} ({peer.host}:{peer.port})"
    limit = Deadline(time.monotonic() + EACH_SECONDS, time.monotonic)
    try:
        until = certificates.good_until(peer.host, peer.port, peer.opening, limit, peer.find)
    except Nowhere:
        raise
    except NoCertificate as error:
        return Finding(CHECK, f"{name} shows none: {error}", "see to its host, port and TLS")
    days = (until - now).days
    day = f"{until.astimezone(UTC):%Y-%m-%d}"
    if until <= now:
        return Finding(CHECK, f"{name}: over since {day}", RENEW)
    detail = f"{name}: {days} days left, until {day}"
    if days < WARN_DAYS:
        return Finding(CHECK, detail, f"{RENEW} before {day}", warns=True)
    return Finding(CHECK, detail)


def _peers(services: Services) -> Iterator[Peer]:
    settings = services.settings
    centre = ORIGINS[settings.cronofy_data_center]
    for origin in (settings.cronofy_origin or centre.api, settings.cronofy_origin or centre.app):
        yield from _at("Cronofy", origin)
    if isinstance(services.mailer, SmtpMailer) and settings.smtp_url is not None:
        yield from _mail(MailServer.parse(settings.smtp_url.get_secret_value()))
    if settings.callback_url is not None:
        yield from _at("callbacks", settings.callback_url)
    if settings.oidc_issuer is not None:
        yield from _at("login provider", settings.oidc_issuer)
    yield from _database(services)
    yield from _redis(services)
    yield from _endpoints(services)


def _at(what: str, url: str) -> Iterator[Peer]:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        yield Peer(what, parts.hostname, parts.port or 443)


def _mail(server: MailServer) -> Iterator[Peer]:
    if server.tls == "tls":
        yield Peer("mail server", server.host, server.port)
    elif server.tls == "starttls":
        yield Peer("mail server", server.host, server.port, "smtp")


def _redis(services: Services) -> Iterator[Peer]:
    url = services.settings.redis_url
    # Not by urlsplit, which takes one host only.
    if sentinels.is_watched(url):
        yield from _watched_redis(services, sentinels.parse(url))
        return
    parts = urlsplit(url)
    if parts.scheme == "rediss" and parts.hostname:
        yield Peer("Redis", parts.hostname, parts.port or 6379)


def _watched_redis(services: Services, watched: SentinelUrl) -> Iterator[Peer]:
    """Each sentinel, and the server that takes writes."""
    if not watched.over_tls:
        return
    for host, port in watched.addresses:
        yield Peer("sentinel", host, port)
    try:
        primary = sentinels.manager_of(services.redis).discover_master(watched.name)
    except FAILURES:
        return  # the check of sentinels says so
    yield Peer("Redis", *primary)


def _database(services: Services) -> Iterator[Peer]:
    """Of several hosts the one that we are connected to."""
    if services.database.engine.dialect.name != "postgresql":
        return
    try:
        with services.database.read() as tx:
            driver = tx.connection.driver_connection
    except Unavailable:
        return  # its own check says so
    if driver is not None and driver.pgconn.ssl_in_use:
        yield Peer("database", driver.info.host, driver.info.port, "postgresql")


def _endpoints(services: Services) -> Iterator[Peer]:
    """Each webhook endpoint that is on. Where it may not be posted to, nobody looks either."""
    try:
        with services.database.read() as tx:
            found = webhook_endpoints.find_all(tx)
    except Unavailable:
        return
    for endpoint in found:
        for peer in _at("webhook endpoint", endpoint.url):
            if endpoint.state == "on":
                yield replace(peer, find=public_addresses_of)
