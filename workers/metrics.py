"""What processes count for Prometheus, and the exporters of those that serve no HTTP: workers and
clock, on loopback.

Workers are many processes. With PROMETHEUS_MULTIPROC_DIR set they count into files there, and a
process of its own answers for all of them; `coachcal work` and `coachcal serve` see to that.
"""

import os
import re
import tempfile
import time
from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from shutil import rmtree
from typing import Any
from wsgiref.simple_server import WSGIServer

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

log = structlog.get_logger()

LOOPBACK = "127.0.0.1"
FOLDER = "coachcal-metrics-"
NAMES_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
IN_MEMORY = "/dev/shm"  # noqa: S108 (a folder that no disk can fill; what is made there is ours alone)
ROOM = 1 << 20
"""Bytes of a file of counts, as prometheus_client begins one."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class CountJobs(Middleware):
    """Jobs by name and outcome, and how long each took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        keep_room("counter", "histogram")
        labels = ["actor", "outcome"]
        self._jobs = Counter(
            "coachcal_jobs", "Jobs by actor and outcome.", labels, registry=registry
        )
        self._seconds = Histogram(
            "coachcal_job_seconds",
            "How long jobs took.",
            ["actor"],
            buckets=SECONDS,
            registry=registry,
        )
        self.unknown = Counter(
            "coachcal_unknown_messages",
            "Wake-ups that this release cannot read.",
            ["why"],
            registry=registry,
        )
        self._began: ContextVar[float | None] = ContextVar("began", default=None)

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        self._began.set(time.monotonic())

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        outcome = "done"
        if exception is not None:
            outcome = "failed"
        self._jobs.labels(message.actor_name, outcome).inc()
        began = self._began.get()
        if began is not None:
            self._seconds.labels(message.actor_name).observe(time.monotonic() - began)


def export(port: int, *collectors: Collector) -> WSGIServer:
    """Answer scrapes at http://127.0.0.1:port/metrics in a thread."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    server, _ = start_http_server(port, LOOPBACK, registry)
    log.info("metrics_served", port=server.server_port)
    return server


def export_workers() -> None:
    """What `dramatiq --fork-function` runs:
    answers for all worker processes, until it is told to stop.
    """
    # Here, because they import this module themselves, by way of the broker.
    from workers.bootstrap import create_services
    from workers.collector import Skew
    from workers.settings import Settings

    settings = Settings.load()
    port = settings.worker_metrics_port
    registry = CollectorRegistry()
    registry.register(Skew(create_services(settings)))
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # theirs
    if port is not None:
        _, thread = start_http_server(port, LOOPBACK, registry)
        thread.join()


def keep_room(*kinds: str) -> None:
    """Take the room on the disk now that this process's counts of these kinds will need.

    Before the first of them is made; in each process by itself.
    """
    shared = os.environ.get(NAMES_FOLDER)  # noqa: TID251 (prometheus_client's own, and no setting)
    if not shared:
        return
    # The files are mapped into memory, with holes: where the disk is full once a hole is counted
    # into, the kernel ends the process (SIGBUS). No exception tells of it, and none can be caught.
    try:
        _fill(Path(shared), kinds)
    except OSError as error:
        log.warning("counts_kept_apart", error=type(error).__name__, seen="by this process only")
        own = _new_folder(IN_MEMORY)
        _fill(Path(own), kinds)
        os.environ[NAMES_FOLDER] = own  # noqa: TID251 (it looks there whenever it makes a file)


def _fill(place: Path, kinds: Sequence[str]) -> None:
    for kind in kinds:
        path = place / f"{kind}_{os.getpid()}.db"
        if path.exists():
            continue
        try:
            path.write_bytes(bytes(ROOM))
        except OSError:
            path.unlink(missing_ok=True)
            raise


def folder() -> str:
    """A new folder for the counts of this process and its children.
    What dead ones left behind is swept away.
    """
    # By the process's number in its name: a killed one never came to remove its folder. Where that
    # number is in use again, the folder stays for longer, and does no harm.
    for parent in (tempfile.gettempdir(), IN_MEMORY):
        for old in Path(parent).glob(f"{FOLDER}*"):
            owner = re.match(rf"{FOLDER}(\d+)-", old.name)
            if owner and not _alive(int(owner[1])):
                rmtree(old, ignore_errors=True)
    return _new_folder(tempfile.gettempdir())


def _new_folder(parent: str) -> str:
    return tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=parent)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True
