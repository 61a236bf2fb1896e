"""What workers count, and the exporters: on loopback, in few series, and nothing left
lying about.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import dramatiq
import pytest
import requests
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from prometheus_client import CollectorRegistry, generate_latest

from tests.support import exposition
from tests.support.in_process import House
from workers import metrics
from workers.broker import create_broker, create_redis
from workers.collector import Figures
from workers.metrics import CountJobs


def test_jobs_are_counted_by_name_and_outcome_and_timed() -> None:
    # Given a worker with a job that is done, and one that fails
    registry = CollectorRegistry()
    broker = StubBroker(middleware=[CountJobs(registry)])

    @dramatiq.actor(broker=broker, queue_name="any")
    def well() -> None:
        pass

    @dramatiq.actor(broker=broker, queue_name="any")
    def ill() -> None:
        raise ValueError

    worker = Worker(broker, worker_timeout=20, worker_threads=1)
    worker.start()
    # When they ran
    for actor in (well, well, ill):
        actor.send()
    broker.join("any", fail_fast=False)
    worker.stop()
    # Then they are told apart
    text = generate_latest(registry).decode()
    assert exposition.value(text, "coachcal_jobs_total", actor="well", outcome="done") == 2
    assert exposition.value(text, "coachcal_jobs_total", actor="ill", outcome="failed") == 1
    assert exposition.value(text, "coachcal_jobs_total", actor="ill", outcome="done") is None
    assert exposition.value(text, "coachcal_job_seconds_count", actor="well") == 2


def test_the_workers_broker_counts(redis_url: str) -> None:
    broker = create_broker(create_redis(redis_url, timeout=1))
    assert any(isinstance(each, CountJobs) for each in broker.middleware)
    broker.close()


def test_an_exporter_is_reached_from_this_machine_only(house: House) -> None:
    with metrics.export(0, Figures(house.runtime.services)) as server:
        address, port = server.server_address[:2]
        assert address == "127.0.0.1"
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        server.shutdown()
    assert exposition.value(text, "coachcal_database_up") == 1
    assert exposition.value(text, "coachcal_redis_up") == 1


def test_what_dead_processes_left_behind_is_swept_away_and_the_living_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, kept = (
        tmp_path / f"coachcal-metrics-{gone.pid}-abc",
        tmp_path / f"coachcal-metrics-{os.getppid()}-abc",
    )
    for folder in (left, kept, tmp_path / "coachcal-metrics-mine", tmp_path / "other"):
        folder.mkdir()
        (folder / "counter_1.db").touch()
    made = Path(metrics.folder())
    assert made.name.startswith(f"coachcal-metrics-{os.getpid()}-")
    assert made.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [made.name, kept.name, "coachcal-metrics-mine", "other"]
    )
