"""The figures of the whole, for Prometheus: what is owed and waiting now, asked of database and
Redis when scraped.

Every process would tell the same, so web and clock serve them, and workers do not. What is away has
no value, and an `up` of 0.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.freshness import State
from domain.reconciling import Pace
from domain.webhook_endpoints import STATES
from storage.reports import changed_events, coach_states, fleet, metrics, overlaps, samples
from storage.reports import webhook_endpoints as endpoint_reports
from storage.rows import (
    acknowledgements,
    channels,
    pauses,
    refresh_jobs,
    unknown_rows,
    webhook_endpoints,
)
from storage.rows.refresh_jobs import Backlog
from storage.schema.database import Tx, Unavailable
from storage.slots import slot_sets
from workers import queues
from workers.actors import QUEUES
from workers.clock import JOBS, SWEEP
from workers.services import Services

QUEUE_OF = {"mail": "mails", "calendar": "calendars", "callback": "callbacks"}
KINDS = tuple(QUEUE_OF)
# The clock makes a sample of each every minute in which a push came to be seen.
QUANTILES = {name: str(percent / 100) for name, percent in samples.PERCENTILES.items()}
SAMPLES_COUNT_FOR = timedelta(minutes=5)


class Figures(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        try:
            with self._services.database.read() as tx:
                owed = refresh_jobs.backlog(tx)
                found = [
                    *self._reads(tx, owed),
                    *self._fleet(tx),
                    *self._outbox(tx),
                    *self._endpoints(tx),
                    *self._coaches(tx),
                    *self._clock(tx),
                    self._strange(tx),
                    self._duties(tx, owed),
                ]
        except Unavailable:
            # No figure at all rather than a zero: a zero would say that nothing is owed.
            found = []
        yield gauge("database_up", "Whether the database answers.", float(bool(found)))
        yield from found
        yield from self._depths()
        yield from Skew(self._services).collect()

    def _reads(self, tx: Tx, owed: Backlog) -> Iterator[Metric]:
        now = self._services.corrected_now()
        audited = channels.oldest_audit(tx)
        unaudited = 0.0
        if audited is not None:
            unaudited = (now - audited).total_seconds()
        waited = metrics.latest(tx, QUANTILES, since=now - SAMPLES_COUNT_FOR)
        yield gauge("connections_owed", "Connections that are owed a read.", owed.dirty)
        yield gauge(
            "oldest_debt_seconds", "For how long the oldest has been owed.", owed.oldest_seconds
        )
        yield gauge(
            "missed_pushes", "Changes found that no push had announced.", metrics.missed_pushes(tx)
        )
        yield gauge(
            "oldest_audit_seconds",
            "Since the audit of the channel that waits longest for one.",
            unaudited,
        )
        visible = GaugeMetricFamily(
            "coachcal_push_visible_seconds",
            "From a push to its slots, over a minute.",
            labels=["quantile"],
        )
        for name, ms in waited.items():
            visible.add_metric([QUANTILES[name]], ms / 1000)
        yield visible

    def _fleet(self, tx: Tx) -> Iterator[Metric]:
        since = self._services.corrected_now() - SAMPLES_COUNT_FOR
        counted = fleet.latest(tx, since=since) or {}
        paces = {}
        for pace in Pace:
            paces[pace.name.lower()] = float(counted.get(pace, 0))
        yield family("fleet", "Connections by how often they change.", "pace", paces)
        promised = timedelta(minutes=self._services.settings.reconcile_minutes)
        longest = fleet.longest_turn(self._services.database) or promised
        yield gauge(
            "reconcile_longest_seconds",
            "Within how long each calendar is read without a push.",
            longest.total_seconds(),
        )
        yield gauge("reconcile_stretch", "How many times the promise that is.", longest / promised)

    def _outbox(self, tx: Tx) -> Iterator[Metric]:
        now = self._services.corrected_now()
        rows = GaugeMetricFamily("coachcal_outbox", "Rows of the outbox.", labels=["kind", "state"])
        dead: dict[str, float] = dict.fromkeys(KINDS, 0)
        for kind, state, count in metrics.outbox_rows(tx, now=now):
            rows.add_metric([kind, state], count)
            if state == "dead":
                dead[kind] = count
        known = acknowledgements.find_all(tx, now=now).values()
        since = metrics.oldest_due(tx, now=now, but=known)
        untold = dict.fromkeys(KINDS, 0.0) | metrics.dead_letters(tx, but=known)
        oldest = {}
        for kind in dead:
            oldest[kind] = (now - since.get(kind, now)).total_seconds()
        yield rows
        yield family(
            "outbox_oldest_seconds", "For how long the oldest row has been due.", "kind", oldest
        )
        yield family("dead_letters", "Rows that will never go unless somebody acts.", "kind", dead)
        yield family(
            "dead_letters_unacknowledged",
            "Those of them that nobody answers for.",
            "kind",
            untold,
        )
        paused: dict[str, float] = dict.fromkeys((*pauses.KINDS, "company", "endpoint"), 0.0)
        for pause in pauses.find_all(tx):
            paused[pause.what] += 1
        for endpoint in webhook_endpoints.find_all(tx):
            paused["endpoint"] += endpoint.state == "paused"
        yield family("paused", "What ops paused, until somebody resumes it.", "what", paused)
        waiting = metrics.waiting_mails(tx, but=known)
        yield gauge(
            "mails_held", "Mails that wait for their text to be corrected.", waiting["text"]
        )
        yield gauge("mails_withheld", "Mails to mailboxes that do not exist.", waiting["address"])
        yield gauge(
            "mails_in_trouble",
            "Mails that the mail server does not take from us.",
            waiting["mailer"],
        )

    def _endpoints(self, tx: Tx) -> Iterator[Metric]:
        now = self._services.corrected_now()
        endpoints: dict[str, float] = dict.fromkeys(STATES, 0)
        for endpoint in webhook_endpoints.find_all(tx):
            endpoints[endpoint.state] += 1
        yield family("webhook_endpoints", "Webhook endpoints by state.", "state", endpoints)
        yield family(
            "webhook_endpoint_failing_seconds",
            "For how long nothing was taken at an endpoint that is on; 0: it is well.",
            "endpoint",
            endpoint_reports.failing_seconds(tx, now=now),
        )

    def _coaches(self, tx: Tx) -> Iterator[Metric]:
        now, stale_after = self._services.corrected_now(), self._services.stale_after()
        # Each state has a figure, also one that nobody is in: an alert cannot watch what is absent.
        states: dict[str, float] = dict.fromkeys(get_args(State), 0)
        for state, count in coach_states.counts(tx, now=now, stale_after=stale_after).items():
            states[state] = count
        yield gauge(
            "sessions_wall_moved",
            "Coming sessions with another local time.",
            metrics.moved_clocks(tx, now=now),
        )
        yield family("coaches", "Coaches by the state of their calendars.", "state", states)
        yield gauge(
            "sessions_in_conflict",
            "Coming sessions under an event.",
            metrics.conflicts(tx, now=now),
        )
        yield gauge(
            "sessions_without_link",
            "Coming sessions whose links do not come.",
            metrics.linkless(tx, now=now),
        )
        yield gauge(
            "participants_overlapping",
            "Coming sessions of one participant at one time that nobody forced.",
            overlaps.count_unforced(tx, now=now),
        )
        unsettled = changed_events.unsettled(tx, now=now)
        oldest = 0.0
        if unsettled.since is not None:
            oldest = (now - unsettled.since).total_seconds()
        yield gauge("events_unsettled", "Sessions whose event a coach changed.", unsettled.count)
        yield gauge(
            "oldest_unsettled_seconds", "For how long the oldest of them has been so.", oldest
        )

    def _clock(self, tx: Tx) -> Iterator[Metric]:
        names = [job.name for job in JOBS]
        # The sweep takes no turns, so it is never late; but it may fail.
        late = metrics.clock_late(tx, names)
        failures = metrics.clock_failures(tx, [SWEEP.name, *names])
        yield family(
            "clock_late_seconds", "For how long each periodic job has been due.", "name", late
        )
        yield family(
            "clock_failures",
            "How often each periodic job raised since it went well.",
            "name",
            failures,
        )

    def _strange(self, tx: Tx) -> Metric:
        # During an upgrade, or after a step back, a newer release may have written them.
        counts: dict[str, float] = {"outbox": 0, "connections": 0}
        for (table, _), count in unknown_rows.rows(tx).items():
            counts[table] += count
        return family(
            "unknown_rows",
            "Rows that this release does not know, and leaves alone.",
            "table",
            counts,
        )

    def _duties(self, tx: Tx, owed: Backlog) -> Metric:
        now = self._services.corrected_now()
        since = metrics.oldest_due(tx, now=now)
        oldest = {
            "freebusy": owed.oldest_seconds,
            "slots": slot_sets.roll_late(tx, now=now),
        }
        for kind, queue in QUEUE_OF.items():
            oldest[queue] = (now - since.get(kind, now)).total_seconds()
        return family(
            "queue_oldest_seconds",
            "For how long the oldest row has been due that workers of a queue take.",
            "queue",
            oldest,
        )

    def _depths(self) -> Iterator[Metric]:
        depths = queues.depths(self._services)
        yield gauge("redis_up", "Whether Redis answers.", float(depths is not None))
        yield family("queue_depth", "Wake-ups waiting in a queue.", "queue", depths or {})
        unmanned = queues.unmanned(self._services)
        manned = {}
        if unmanned is not None:
            manned = {queue: float(queue not in unmanned) for queue in QUEUES}
        yield family("queue_manned", "Whether any worker takes from a queue.", "queue", manned)


class Skew(Collector):
    """Of the machine that is asked: workers elsewhere have a clock of their own."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        self._services.clock.off()  # looks, if nobody did lately
        off = abs(self._services.clock.ahead())
        yield gauge(
            "clock_skew_seconds", "How far this machine's clock is off the database's.", off
        )


def gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"coachcal_{name}", meaning, value)


def family(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    found = GaugeMetricFamily(f"coachcal_{name}", meaning, labels=[label])
    for key, value in values.items():
        found.add_metric([key], value)
    return found
