"""The checks of `coachcal doctor`: each says what it looked at, and for a failure the next step."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from storage import migrations
from storage.rows import channels as channel_rows
from storage.rows import refresh_jobs
from storage.schema import poolers, standbys
from storage.schema.causes import Cause, cause
from storage.schema.database import Unavailable
from storage.schema.vault import Sealed
from workers.breaker import FAILURES, probe
from workers.cronofy.errors import CronofyError, InvalidClient
from workers.delivery.webhook_sender import NoAnswer
from workers.doctor import (
    certificates,
    connections,
    contradictions,
    disks,
    fleets,
    mail,
    memory,
    provider,
    sealed,
    sentinels,
)
from workers.doctor.finding import Finding
from workers.jobs import channel_audit, channels, tokens
from workers.logs import clean
from workers.services import Services
from workers.skew import LIMIT

OLDEST_DEBT_SECONDS = 60
CHANNELS_LOOKED_AT = 20
MORE_SERVERS = (
    "set its pool_mode to transaction, and its default_pool_size to the transactions that it is to"
    " let through at once"
)
MEND_CHANNELS = "run: coachcal channels audit"
SCHEMAS = {
    "current": ("up to date", ""),
    "none": ("there is none", "run: coachcal migrate"),
    "older": ("an older release's", "run: coachcal migrate"),
    "newer": ("a newer release's", "go on with that release; this one works meanwhile"),
    "away": ("not seen: the database went away", "run: coachcal doctor"),
}
READABLE = (SCHEMAS["current"][0], SCHEMAS["newer"][0])


def _database(services: Services) -> Iterator[Finding]:
    with services.database.read():
        yield Finding("database", f"{services.database.engine.dialect.name} answers")
    yield Finding("schema", *SCHEMAS[migrations.standing(services.database)])
    yield from _standbys(services)


def _writes(services: Services) -> Iterator[Finding]:
    migrations.try_writing(services.database)
    yield Finding("writes", "the database takes them")


def _standbys(services: Services) -> Iterator[Finding]:
    """What a fail-over may lose. Nothing to say where nobody follows."""
    with services.database.read() as tx:
        found = standbys.following(tx)
    if not found.there:
        return
    next_step = (
        "name one in synchronous_standby_names, with synchronous_commit=on, or accept that a"
        " fail-over loses the lag"
    )
    if found.unseen:
        next_step = "cannot see how they follow: GRANT pg_monitor to our role, and look again"
    # With one that follows synchronously nothing that was acknowledged is lost in a fail-over.
    detail = f"{found.there} follow, {found.synchronous} of them synchronously"
    yield _judged("standby", detail, next_step, ill=not found.synchronous)


def _pooler(services: Services) -> Iterator[Finding]:
    """Nothing to say where there is none, or where the database says nothing: that is told."""
    try:
        keeps = poolers.keeps_for(services.database)
    except Unavailable:
        return
    if keeps == "one":
        # The checks that follow ask for one connection each: it may be had in a moment.
        services.database.wait(poolers.SECONDS)
        yield Finding("pooler", "has no server for a second transaction", MORE_SERVERS)
    elif keeps == "connection":
        yield Finding("pooler", "keeps a server for each of our connections", MORE_SERVERS)
    elif keeps == "transaction":
        yield Finding("pooler", "gives a server to each transaction")


def _redis(services: Services) -> Iterator[Finding]:
    try:
        probe(services.redis)
    except FAILURES as error:
        yield Finding(
            "redis",
            type(error).__name__,
            "start it, or correct REDIS_URL; pushes are kept meanwhile",
        )
    else:
        yield Finding("redis", "answers, and takes wake-ups")


def _clock(services: Services) -> Iterator[Finding]:
    # Looked at first: it asks the database, where nobody did lately.
    off = services.clock.off()
    detail = f"this machine's is {services.clock.ahead():+.1f} s off the database's"
    next_step = (
        f"synchronise both (NTP): beyond {LIMIT:.0f} s nothing is done here; it goes on by itself"
    )
    yield _judged("clock", detail, next_step, ill=off)


def _cronofy(services: Services) -> Iterator[Finding]:
    try:
        services.cronofy.ping()
    except InvalidClient:
        # Each data centre has clients of its own, and says of another's that it knows no such one.
        yield Finding(
            "cronofy",
            "refuses the client id and secret",
            "compare COACHCAL_CRONOFY_CLIENT_ID, _CLIENT_SECRETS and _DATA_CENTER with Cronofy's"
            " dashboard",
        )
    except CronofyError as error:
        yield Finding(
            "cronofy", str(error), "check that this machine reaches the data centre over https"
        )
    else:
        yield Finding("cronofy", "accepts the client id and secret")


def _callbacks(services: Services) -> Iterator[Finding]:
    """Any answer will do but a server's own failure:
    what takes a POST may refuse to be looked at.
    """
    if services.receiver is None:
        return
    try:
        status = services.receiver.look()
    except NoAnswer as error:
        next_step = (
            "correct COACHCAL_CALLBACK_URL, or see to its name, its port and its certificate"
        )
        yield Finding("callbacks", str(error), f"{next_step}; what is owed is kept meanwhile")
        return
    # RFC 9110, 15.6.2: a server that knows no HEAD says so by a 5xx, and is well.
    failing = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    yield _judged(
        "callbacks",
        f"the platform answers ({status} to a HEAD)",
        "ask the platform's ops",
        ill=failing,
    )


def _backlog(services: Services) -> Iterator[Finding]:
    with services.database.read() as tx:
        owed = refresh_jobs.backlog(tx)
    detail = f"{owed.dirty} connections owed a read, the oldest for {owed.oldest_seconds:.0f} s"
    yield _judged(
        "backlog",
        detail,
        "are worker and clock running? see: coachcal work, coachcal clock",
        ill=owed.oldest_seconds > OLDEST_DEBT_SECONDS,
    )


def _channels(services: Services) -> Iterator[Finding]:
    # Some of them only: each costs a call of the budget that the workers live on.
    with services.database.read() as tx:
        opened = channel_rows.open_channels(tx, limit=CHANNELS_LOOKED_AT)
    for connection_id, channel_id in opened:
        try:
            listed = tokens.authorised(services, connection_id, services.cronofy.channels)
        except (CronofyError, Sealed) as error:
            yield Finding(
                f"channel of {connection_id}",
                str(error),
                "have the coach connect this calendar again",
            )
            continue
        # Cronofy closes a channel whose pushes failed for a day, and tells nobody: only what is
        # missing from this list says so.
        addresses = {channel.id: channel.callback_url for channel in listed}
        if channel_id not in addresses:
            yield Finding(f"channel of {connection_id}", "closed at Cronofy", MEND_CHANNELS)
        elif not addresses[channel_id].startswith(channels.root(services)):
            elsewhere = urlsplit(addresses[channel_id])  # its path is a secret
            detail = (
                f"pushes to {elsewhere.scheme}://{elsewhere.netloc}, not to COACHCAL_PUBLIC_URL"
            )
            yield Finding(f"channel of {connection_id}", detail, MEND_CHANNELS)
    yield Finding("channels", f"{len(opened)} looked at")


def _audit(services: Services) -> Iterator[Finding]:
    with services.database.read() as tx:
        oldest = channel_rows.oldest_audit(tx)
    if oldest is None:
        yield Finding("audit", "no channel is open")
        return
    age = services.corrected_now() - oldest
    yield _judged(
        "audit",
        f"each channel compared within {age / timedelta(hours=1):.0f} h",
        "is clock running? see: coachcal clock; or now: coachcal channels audit",
        ill=age > channel_audit.OVERDUE,
    )


def _judged(check: str, detail: str, next_step: str, *, ill: bool) -> Finding:
    """The next step is for whoever finds it ill."""
    if not ill:
        return Finding(check, detail)
    return Finding(check, detail, next_step)


Check = Callable[[Services], Iterator[Finding]]

NEIGHBOURS: dict[str, Check] = {
    "settings": contradictions.look,
    "pooler": _pooler,
    "connections": connections.look,
    "redis": _redis,
    "redis memory": memory.look,
    "sentinels": sentinels.look,
    "clock": _clock,
    "cronofy": _cronofy,
    "callbacks": _callbacks,
    "mail": mail.look,
    "login provider": provider.look,
    "certificates": certificates.look,
    "disk": disks.look,
}
ROWS: dict[str, Check] = {
    "writes": _writes,
    "secrets": sealed.look,
    "workers": fleets.look,
    "backlog": _backlog,
    "channels": _channels,
    "audit": _audit,
}
"""Those that read tables."""


def examine(services: Services) -> Iterator[Finding]:
    """Each check in turn; one that fails never hides another.
    Tables are read where there are any.
    """
    checks = dict(NEIGHBOURS)
    for finding in _guarded("database", _database, services):
        if finding.check == "schema" and finding.detail in READABLE:
            checks |= ROWS
        yield finding
    for name, check in checks.items():
        yield from _guarded(name, check, services)


def _guarded(name: str, check: Check, services: Services) -> Iterator[Finding]:
    """What it finds, and after that what it died of."""
    try:
        yield from check(services)
    except Exception as error:  # noqa: BLE001 (the other checks are made all the same)
        # Its first line, struck out like a line of the log: the others quote statements and hosts.
        line = clean(str(error).partition("\n")[0])
        odd = Cause(
            f"{type(error).__name__}: {line}", "mend what it says, then run: coachcal doctor"
        )
        found = cause(error) or odd
        yield Finding(name, f"could not be looked at: {found.matter}", found.next_step)
