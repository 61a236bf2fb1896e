"""/metrics for Prometheus: what this app counted, and the figures of the whole. No ids: few series,
no people.

With PROMETHEUS_MULTIPROC_DIR set (`coachcal serve` sets it), every web process counts into files
there and any of them answers for all.
"""

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from workers.collector import Figures
from workers.metrics import keep_room
from workers.services import Services


class Metrics:
    """The counters of one app, in a registry of its own."""

    def __init__(self, services: Services) -> None:
        keep_room("counter")
        self._services = services
        self._registry = CollectorRegistry()
        self.pushes = Counter(
            "coachcal_pushes", "Pushes by outcome.", ["outcome"], registry=self._registry
        )
        self.requests = Counter(
            "coachcal_requests",
            "Requests by route and status.",
            ["route", "status"],
            registry=self._registry,
        )
        self.refusals = Counter(
            "coachcal_refusals", "Refusals by code.", ["code"], registry=self._registry
        )
        self.unread = Counter(
            "coachcal_unread",
            "Requests refused before any view saw them, by kind.",
            ["kind"],
            registry=self._registry,
        )
        self.limited = Counter(
            "coachcal_limited",
            "Requests over a limit, by its kind.",
            ["kind"],
            registry=self._registry,
        )

    def exposition(self) -> bytes:
        now = CollectorRegistry()
        now.register(Figures(self._services))
        return bytes(generate_latest(self.counted())) + bytes(generate_latest(now))

    def counted(self) -> CollectorRegistry:
        """What this process counted, or all of them when they count into files."""
        counted = CollectorRegistry()
        try:
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # theirs
        except ValueError:  # PROMETHEUS_MULTIPROC_DIR is not set: this process counts for itself
            return self._registry
        return counted
