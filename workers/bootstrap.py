"""The composition root: the only place that constructs things. Settings -> Runtime."""

import sys
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore

import dramatiq
import redis

from storage.schema import database
from storage.schema.vault import Vault
from workers import logs, telemetry
from workers.actors import Actors, declare_actors
from workers.breaker import RedisBreaker
from workers.broker import WEB_TIMEOUT, WORKER_TIMEOUT, create_broker, create_redis
from workers.budget import Budget
from workers.cronofy.client import Cronofy
from workers.cronofy.origins import ORIGINS
from workers.delivery.webhook_lanes import Lanes
from workers.delivery.webhook_receivers import Receivers
from workers.delivery.webhook_sender import Receiver
from workers.loopback import is_loopback
from workers.mailer import Mailer
from workers.mailer.console import ConsoleMailer
from workers.mailer.server import MailServer
from workers.mailer.smtp import SmtpMailer
from workers.once import Once
from workers.services import Services
from workers.settings import Settings
from workers.skew import ProductClock, reference
from workers.staleness import Staleness
from workers.waiting import WaitsForNeighbours


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    services: Services
    broker: dramatiq.Broker
    actors: Actors

    def close(self) -> None:
        # The broker first: it asks the Redis client that is closed below.
        self.broker.close()
        self.services.cronofy.close()
        self.services.mailer.close()
        if self.services.receiver is not None:
            self.services.receiver.close()
        self.services.receivers.close()
        self.services.breaker.close()
        self.services.redis.close()
        self.services.database.close()


def bootstrap(
    settings: Settings,
    *,
    services: Services | None = None,
    broker: dramatiq.Broker | None = None,
    redis_timeout: float = WEB_TIMEOUT,
    use: database.Use = "web",
) -> Runtime:
    """Wire everything once per process (after forking). Connects to nothing yet.

    `use`: who asks the database, which says how long it waits."""
    services = services or create_services(settings, redis_timeout=redis_timeout, use=use)
    broker = broker or create_broker(
        services.redis, services.breaker, services.clock, services.database
    )
    return Runtime(settings, services, broker, declare_actors(broker, services))


def create_services(
    settings: Settings, *, redis_timeout: float = WEB_TIMEOUT, use: database.Use = "web"
) -> Services:
    client = create_redis(settings.redis_url, timeout=redis_timeout)
    # One breaker for all who ask this Redis: the first who fails spares the others the wait.
    breaker = RedisBreaker(client)
    opened = _database(settings, use)
    # The offset is for the demo and tests. It shifts what the product decides by, and no lease:
    # those compare the database's clock.
    offset = timedelta(seconds=settings.clock_offset_seconds)
    clock = ProductClock(reference(opened, client, breaker), offset=offset)

    vault = Vault([key.get_secret_value() for key in settings.secret_keys])
    # Of a worker's threads: others read pushes while the platform or the mail server hangs.
    half = max(1, settings.worker_threads // 2)
    lanes = Lanes(half)
    # On a laptop the platform may be on it, too.
    outside = not is_loopback(settings.public_url.host or "")
    return Services(
        settings=settings,
        database=opened,
        vault=vault,
        cronofy=_cronofy(settings, client, breaker),
        redis=client,
        breaker=breaker,
        once=Once(),
        mailer=_mailer(settings),
        mail_turns=BoundedSemaphore(half),
        receiver=_receiver(settings, lanes),
        receivers=Receivers(vault, settings.callback_deadline, lanes, outside),
        clock=clock,
        staleness=Staleness(opened, settings.least_stale_after),
        waiting=WaitsForNeighbours(),
        now=clock.now,
    )


def _database(settings: Settings, use: database.Use) -> database.Database:
    """In a web process two threads are kept from waiting for it for long:
    somebody has to answer `/healthz`.
    """
    # A connection for each thread: one fewer, and a thread would wait for another's transaction.
    threads = max(settings.web_threads, settings.worker_threads)
    long_waits = None
    if use == "web":
        long_waits = max(1, settings.web_threads - 2)
    return database.create(settings.database_url, pool_size=threads, use=use, long_waits=long_waits)


def _cronofy(settings: Settings, client: redis.Redis, breaker: RedisBreaker) -> Cronofy:
    # Each data centre has accounts, clients and tokens of its own, and two hosts: one for programs
    # and one for browsers. A sandbox is one host for both.
    centre = ORIGINS[settings.cronofy_data_center]
    return Cronofy(
        settings.cronofy_origin or centre.api,
        settings.cronofy_origin or centre.app,
        settings.cronofy_client_id,
        settings.cronofy_client_secrets[0].get_secret_value(),
        Budget(
            client,
            breaker,
            per_second=settings.rate_per_second,
            per_minute=settings.rate_per_minute,
        ),
    )


def _mailer(settings: Settings) -> Mailer:
    if settings.mailer == "console" or settings.smtp_url is None:
        return ConsoleMailer(sys.stdout)
    greeting = settings.sender.mailbox.email.rpartition("@")[2]
    server = MailServer.parse(settings.smtp_url.get_secret_value())
    return SmtpMailer(server, greeting=greeting, deadline=settings.mail_deadline)


def _receiver(settings: Settings, lanes: Lanes) -> Receiver | None:
    if settings.callback_url is None or settings.callback_secret is None:
        return None
    secrets = [secret.get_secret_value() for secret in settings.callback_secret]
    return Receiver(
        settings.callback_url, secrets, deadline=settings.callback_deadline, lanes=lanes
    )


def start() -> None:
    """What each dramatiq process runs first: `dramatiq workers.bootstrap:start`."""
    settings = Settings.load()
    telemetry.start(settings)
    logs.configure(settings.log_level, telemetry.report)
    runtime = bootstrap(settings, redis_timeout=WORKER_TIMEOUT, use="worker")
    dramatiq.set_broker(runtime.broker)
