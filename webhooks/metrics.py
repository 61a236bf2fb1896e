"""/metrics for Prometheus: what this app counted, and what database and queues say now. No ids: few series, no people.

With PROMETHEUS_MULTIPROC_DIR set, every web process counts into files there and any of them answers for all.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from storage import connections
from storage.database import Unavailable
from workers import queues
from workers.services import Services


class Metrics:
    """The counters of one app, in a registry of its own."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._registry = CollectorRegistry()
        self.pushes = Counter("coachcal_pushes", "Pushes by outcome.", ["outcome"], registry=self._registry)
        self.requests = Counter(
            "coachcal_requests", "Requests by route and status.", ["route", "status"], registry=self._registry
        )

    def exposition(self) -> bytes:
        counted = CollectorRegistry()
        try:
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # theirs
        except ValueError:  # PROMETHEUS_MULTIPROC_DIR is not set: this process counts for itself
            counted = self._registry
        now = CollectorRegistry()
        now.register(Standing(self._services))
        return bytes(generate_latest(counted)) + bytes(generate_latest(now))


class Standing(Collector):
    """What is owed and waiting at this moment, asked for when scraped. What is away has no value, and an `up` of 0."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        yield from self._owed()
        yield from self._waiting()

    def _owed(self) -> Iterator[Metric]:
        try:
            with self._services.database.read() as tx:
                owed = connections.backlog(tx)
        except Unavailable:
            yield GaugeMetricFamily("coachcal_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("coachcal_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("coachcal_connections_owed", "Connections that are owed a read.", owed.dirty)
        yield GaugeMetricFamily(
            "coachcal_oldest_debt_seconds", "For how long the oldest has been owed.", owed.oldest_seconds
        )

    def _waiting(self) -> Iterator[Metric]:
        depths = queues.depths(self._services)
        yield GaugeMetricFamily("coachcal_redis_up", "Whether Redis answers.", 0 if depths is None else 1)
        waiting = GaugeMetricFamily("coachcal_queue_depth", "Wake-ups waiting in a queue.", labels=["queue"])
        for queue, depth in (depths or {}).items():
            waiting.add_metric([queue], depth)
        yield waiting
