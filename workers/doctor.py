"""The checks of `coachcal doctor`: each says what it looked at, and for a failure the next step."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import redis.exceptions

from storage import accounts, connections, migrations, standbys
from storage.outages import Unavailable, kind_of
from workers import tokens
from workers.broker import SkewedClock, check_skew
from workers.cronofy.errors import CronofyError, InvalidClient
from workers.receiver import NoAnswer
from workers.services import Services

OLDEST_DEBT_SECONDS = 60
CHANNELS_LOOKED_AT = 20
AUDIT_OVERDUE_HOURS = 48


@dataclass(frozen=True, slots=True)
class Finding:
    """All is well when `next_step` is empty."""

    check: str
    detail: str
    next_step: str = ""


def examine(services: Services) -> Iterator[Finding]:
    """Each check in turn; one that fails never hides the others, but nothing is asked of a database that is away."""
    database = list(_database(services))
    yield from database
    yield from _redis(services)
    yield from _cronofy(services)
    yield from _callbacks(services)
    if not any(finding.next_step for finding in database):
        yield from _standbys(services)
        yield _backlog(services)
        yield from _channels(services)
        yield _audit(services)


def _database(services: Services) -> Iterator[Finding]:
    try:
        with services.database.read():
            yield Finding("database", f"{services.database.engine.dialect.name} answers")
    except Unavailable as error:
        yield Finding("database", kind_of(error).replace("_", "-"), "start it, or correct DATABASE_URL")
        return
    current = migrations.is_current(services.database)
    yield Finding(
        "schema", "up to date" if current else "another release's", "" if current else "run: coachcal migrate"
    )


def _standbys(services: Services) -> Iterator[Finding]:
    """What a fail-over may lose. Nothing to say where nobody follows."""
    with services.database.read() as tx:
        found = standbys.following(tx)
    if not found.there:
        return
    late = (
        "name one in synchronous_standby_names (with synchronous_commit=on), or accept that a fail-over loses the lag"
    )
    if found.unseen:
        late = "cannot see how they follow: GRANT pg_monitor to our role, and look again"
    detail = f"{found.there} follow, {found.synchronous} of them synchronously"
    yield Finding("standby", detail, "" if found.synchronous else late)


def _redis(services: Services) -> Iterator[Finding]:
    try:
        skew = check_skew(services.redis)
    except SkewedClock as error:
        yield Finding("redis", str(error), "synchronise both clocks (NTP), then start the workers again")
    except (redis.exceptions.RedisError, OSError) as error:
        yield Finding("redis", type(error).__name__, "start it, or correct REDIS_URL; pushes are kept meanwhile")
    else:
        yield Finding("redis", f"answers, clock {skew:+.1f} s off ours")


def _cronofy(services: Services) -> Iterator[Finding]:
    try:
        services.cronofy.ping()
    except InvalidClient:
        yield Finding(
            "cronofy",
            "refuses the client id and secret",
            "compare COACHCAL_CRONOFY_CLIENT_ID, _CLIENT_SECRETS and _DATA_CENTER with Cronofy's dashboard",
        )
    except CronofyError as error:
        yield Finding("cronofy", str(error), "check that this machine reaches the data centre over https")
    else:
        yield Finding("cronofy", "accepts the client id and secret")


def _callbacks(services: Services) -> Iterator[Finding]:
    """Any answer will do but a server's own failure: what takes a POST may refuse to be looked at."""
    if services.receiver is None:
        return
    try:
        status = services.receiver.look()
    except NoAnswer as error:
        next_step = "correct COACHCAL_CALLBACK_URL, or see to its name, its port and its certificate"
        yield Finding("callbacks", str(error), f"{next_step}; what is owed is kept meanwhile")
        return
    ill = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    yield Finding("callbacks", f"the platform answers ({status} to a HEAD)", "ask the platform's ops" if ill else "")


def _backlog(services: Services) -> Finding:
    with services.database.read() as tx:
        owed = connections.backlog(tx)
    late = owed.oldest_seconds > OLDEST_DEBT_SECONDS
    detail = f"{owed.dirty} connections owed a read, the oldest for {owed.oldest_seconds:.0f} s"
    return Finding(
        "backlog", detail, "are worker and clock running? see: coachcal work, coachcal clock" if late else ""
    )


def _channels(services: Services) -> Iterator[Finding]:
    with services.database.read() as tx:
        opened = accounts.open_channels(tx, limit=CHANNELS_LOOKED_AT)
    for connection_id, channel_id in opened:
        try:
            listed = tokens.authorised(services, connection_id, services.cronofy.channels)
        except CronofyError as error:
            yield Finding(f"channel of {connection_id}", str(error), "have the coach connect this calendar again")
            continue
        if channel_id not in {channel.id for channel in listed}:
            yield Finding(f"channel of {connection_id}", "closed at Cronofy", "run: coachcal channels audit")
    yield Finding("channels", f"{len(opened)} looked at")


def _audit(services: Services) -> Finding:
    with services.database.read() as tx:
        oldest = accounts.oldest_audit(tx)
    if oldest is None:
        return Finding("audit", "no channel is open")
    hours = (services.now() - oldest) / timedelta(hours=1)
    late = "is clock running? see: coachcal clock; or now: coachcal channels audit"
    return Finding("audit", f"each channel compared within {hours:.0f} h", late if hours > AUDIT_OVERDUE_HOURS else "")
