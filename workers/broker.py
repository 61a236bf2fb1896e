"""The broker and its middleware, in order.
Redis may vanish at any time: messages are wake-ups, rows are the jobs.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

import dramatiq
import redis
import structlog
from dramatiq.broker import Consumer
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DecodeError
from dramatiq.middleware import Callbacks, ShutdownNotifications
from prometheus_client import CollectorRegistry
from redis.backoff import NoBackoff
from redis.retry import Retry

from storage.schema.database import Database
from workers import redis_urls, tracing
from workers.breaker import FAILURES, RedisBreaker, of_one_key
from workers.fetched import Fetched
from workers.manned import Manned
from workers.metrics import CountJobs
from workers.middleware import Ground, Narrate
from workers.once import Once
from workers.queue_poll import QueuePoll
from workers.skew import ProductClock
from workers.tracing import Trace

log = structlog.get_logger()

# A push is answered within Cronofy's 5 s even while Redis hangs.
WEB_TIMEOUT = 0.25
WORKER_TIMEOUT = 3.0
DEAD_FOR_MS = 3_600_000
BUSY_POLL_MS = 20
"""How long dramatiq sleeps while all that may be fetched ahead is fetched."""
OPTIONS = frozenset({"redis_message_id", "request_id", tracing.CARRIED})


def create_redis(url: str, *, timeout: float) -> redis.Redis:
    """A client that never retries by itself: redis-py's ten retries hold a caller for a minute."""
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 30,
    }
    return redis_urls.create(url, **options)


class Broker(RedisBroker):
    """Dramatiq's, but for Redis being away, which is no error here: then nothing is fetched, and
    nobody waits. Nor is it while the clock is off, or the database is out of our reach: other
    machines may have a right one, or reach it.
    """

    def __init__(
        self,
        client: redis.Redis,
        breaker: RedisBreaker,
        ground: Ground,
        counted: CountJobs,
        **options: Any,
    ) -> None:
        super().__init__(client=client, **options)  # type: ignore[no-untyped-call]  # dramatiq leaves it untyped
        self._breaker = breaker
        self._ground = ground
        self.counted = counted
        self._fetched = Fetched()
        self._once = Once()
        self._manned = Manned(client, breaker)
        self._poll = QueuePoll(client, breaker, ground, self.namespace)
        self.add_middleware(self._poll)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = BUSY_POLL_MS) -> Consumer:
        """Dramatiq's worker would have it sleep as long as its threads wait for work."""
        return super().consume(queue_name, prefetch, min(timeout, BUSY_POLL_MS))

    def enqueue_all(self, messages: Sequence[dramatiq.Message[Any]]) -> bool:
        """Send these in one call. False: Redis did not take them, or is being left alone."""
        if not messages:
            return True
        if self._breaker.open:
            return False
        # Dramatiq's own `enqueue` asks Redis once for each message, and raises what it raises.
        sent, queues = [], set()
        for message in messages:
            sent.append(message.copy(options={"redis_message_id": str(uuid4())}))
            queues.add(message.queue_name)
        for message in sent:
            self.emit_before("enqueue", message, None)
        try:
            self._write(sent)
        except FAILURES as error:
            self._bear(error, *queues)
            return False
        for message in sent:
            self.emit_after("enqueue", message, None)
        return True

    def _write(self, messages: Sequence[dramatiq.Message[Any]]) -> None:
        """As `enqueue` of dramatiq's script does it:
        the text into the queue's hash, then its id into the list.
        """
        texts: dict[str, dict[str, bytes]] = defaultdict(dict)
        for message in messages:
            texts[message.queue_name][message.options["redis_message_id"]] = message.encode()
        # The race: a worker that fetches an id whose text is not there yet can do nothing with it.
        # In one transaction, no worker ever finds the one without the other.
        with self.client.pipeline(transaction=True) as pipeline:
            for queue, by_id in texts.items():
                flat: list[str | bytes] = []
                for redis_id, text in by_id.items():
                    flat += (redis_id, text)
                pipeline.hset(f"{self.namespace}:{queue}.msgs", items=flat)
                pipeline.rpush(f"{self.namespace}:{queue}", *by_id)
            pipeline.execute()

    def do_fetch(self, queue_name: str, most: int) -> list[bytes]:
        """What waits in a queue, or comes within a moment; nothing while Redis is away:
        that is waited for, and told by the breaker.
        """
        # Each queue of dramatiq's has one for what is delayed, and a thread that looks into it all
        # the time. We delay nothing.
        if queue_name in self.delay_queues:
            self._poll.rest()
            return []
        self._poll.wait(queue_name)
        if not self._ground.firm:
            return []
        self._manned.say(queue_name)
        if self._fetched.is_unsure(queue_name):
            self._put_back(queue_name)
        while found := self._dispatch("fetch")(queue_name, most):
            known = []
            for text in found:
                # Dramatiq's script answers None for an id whose text is gone.
                redis_id = text and self._readable(queue_name, text)
                if redis_id:
                    self._fetched.hold(queue_name, redis_id)
                    known.append(text)
            if known:
                self._poll.call(queue_name)
                return known
            # Nothing but garbage: an empty answer would have dramatiq sleep, while good messages
            # wait behind it.
        return []

    def _put_back(self, queue: str) -> None:
        """Into the queue again with what Redis counts as fetched by us, and we do not have."""
        if self._breaker.open:
            return
        try:
            ours = f"{self.namespace}:__acks__.{self.broker_id}.{queue}"
            counted: Any = self.client.smembers(ours)
        except FAILURES as error:
            self._bear(error, queue)
            return
        lost = self._fetched.settle(queue, counted)
        if lost:
            # One that a thread of ours acknowledges in this moment is not counted any more: Redis
            # puts back only what it counts.
            self._dispatch("requeue")(queue, *lost)
            log.info("wake_ups_put_back", queue=queue, count=len(lost))

    def _readable(self, queue_name: str, text: bytes) -> str | None:
        """Redis' id of a wake-up as `workers.actors` makes them; None: it is none.
        Any other could end a thread of dramatiq's.
        """
        try:
            message = dramatiq.Message[None].decode(text)
            redis_id = message.options["redis_message_id"]
            whole = isinstance(redis_id, str) and _is_ours(message, queue_name)
        except (DecodeError, TypeError, KeyError, AttributeError):
            self._report_unknown("garbage", queue_name)
            return None
        if whole and message.actor_name in self.actors:
            return str(redis_id)
        # Kept among dramatiq's dead letters for an hour. Its row, if there is one, is woken for
        # again by whoever knows.
        self._dispatch("nack")(queue_name, str(redis_id))
        if whole:
            self._report_unknown("job", str(message.actor_name)[:64])
        else:
            self._report_unknown("garbage", queue_name)
        return None

    def _report_unknown(self, why: str, name: str) -> None:
        self.counted.unknown.labels(why).inc()
        if self._once.first(why, name):
            log.warning("unknown_message", why=why, name=name)

    def _dispatch(self, command: str) -> Callable[..., Any]:
        send: Callable[..., Any] = super()._dispatch(command)  # type: ignore[no-untyped-call]  # as above
        # A message that was not sent must fail where it is sent from.
        if command == "enqueue":
            return send
        return partial(self._patiently, command, send)

    def _patiently(
        self, command: str, send: Callable[..., Any], queue: str, *arguments: Any
    ) -> Any:
        """What cannot be acknowledged now is put back once Redis is there, and finds its row done;
        or taken over by others, once this worker is gone.
        """
        if command != "fetch":
            # Whatever comes of the call: we have these no more.
            self._fetched.let_go(queue, arguments)
        try:
            if not self._breaker.open:
                return send(queue, *arguments)
        except FAILURES as error:
            self._bear(error, queue)
        self._fetched.doubt(queue)
        return None

    def _bear(self, error: Exception, *queues: str) -> None:
        """Redis is left alone, or, where only a key of these queues is to blame,
        that is put out of their way.
        """
        if not of_one_key(error):
            self._breaker.failed(error)
            return
        try:
            for queue in queues:
                self._set_aside(queue)
        except FAILURES as worse:
            self._breaker.failed(worse)

    def _set_aside(self, queue: str) -> None:
        """Somebody wrote something else under our names: it would stop this queue for good.
        Nothing is thrown away.
        """
        root = f"{self.namespace}:{queue}"
        kinds = {
            root: b"list",
            f"{root}.msgs": b"hash",
            f"{root}.XQ": b"zset",
            f"{root}.XQ.msgs": b"hash",
        }
        kinds |= {f"{self.namespace}:__heartbeats__": b"zset"}
        for name, kind in kinds.items():
            # An error says that some key is of the wrong type, and never which one.
            if self.client.type(name) not in (kind, b"none"):
                self.client.rename(name, f"{name}.set_aside")
                self._report_unknown("garbage", name)


def create_broker(
    client: redis.Redis,
    breaker: RedisBreaker | None = None,
    clock: ProductClock | None = None,
    database: Database | None = None,
) -> Broker:
    """No Retries, no delays, no results: the row knows when it is due, and the sweeper wakes it
    again.

    `heartbeat_timeout` is how soon the messages of a killed worker are taken over; checking at
    every fetch (`maintenance_chance`) is affordable because Redis is ours alone.
    """
    ground = Ground(clock or ProductClock(lambda: None), database)
    # A registry of its own: the global one would raise for the second broker of a process.
    counted = CountJobs(CollectorRegistry())
    return Broker(
        client,
        breaker or RedisBreaker(client),
        ground,
        counted,
        namespace="coachcal",
        dead_message_ttl=DEAD_FOR_MS,
        middleware=[
            ground,
            ShutdownNotifications(),
            Callbacks(),
            Narrate(),
            Trace(),
            counted,
        ],
        heartbeat_timeout=30_000,
        maintenance_chance=1_000_000,
    )


def _is_ours(message: dramatiq.Message[Any], queue_name: str) -> bool:
    """A string for a job's one argument,
    and nothing that would have dramatiq do more than to call it.
    """
    arguments = list(message.args)
    plain = len(arguments) == 1 and isinstance(arguments[0], str) and message.kwargs == {}
    named = isinstance(message.actor_name, str) and isinstance(message.message_id, str)
    return plain and named and message.queue_name == queue_name and set(message.options) <= OPTIONS
