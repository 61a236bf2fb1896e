"""The real processes: what all of them count is told in one place each, and one request id leads
from push to mail.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from storage.rows import api_keys
from tests.support import exposition, processes
from tests.support.databases import Kind
from tests.support.ports import free_port
from tests.support.processes import Town
from tests.support.waits import until
from workers.cronofy import signature

HOUR = timedelta(hours=1)


@pytest.fixture
def running(
    tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str
) -> Iterator[Town]:
    """Two web processes, two worker processes and a clock, each with its /metrics."""
    with processes.raised(tmp_path, fresh_database("postgresql"), redis_url) as raised:
        raised.environment |= {
            "COACHCAL_WEB_PROCESSES": "2",
            "COACHCAL_WORKER_PROCESSES": "2",
            "COACHCAL_INTERNAL_PORT": str(free_port()),
            "COACHCAL_WORKER_METRICS_PORT": str(free_port()),
            "COACHCAL_CLOCK_METRICS_PORT": str(free_port()),
            "TMPDIR": str(tmp_path),
        }
        for name in ("web", "worker", "clock"):
            raised.start(name)
        for name in ("worker", "clock"):
            processes.until_served(raised.processes, address(raised, name))
        yield raised


def address(running: Town, process: str) -> str:
    name = "INTERNAL" if process == "web" else f"{process.upper()}_METRICS"
    port = running.environment[f"COACHCAL_{name}_PORT"]
    return f"http://127.0.0.1:{port}/metrics"


def scrape(running: Town, process: str) -> str:
    return requests.get(address(running, process), timeout=60).text


def test_each_kind_of_process_tells_what_all_of_its_processes_counted(running: Town) -> None:
    seat, _ = running.connect()
    running.control.add_event(
        seat.calendars[0], running.a_free_time(), running.a_free_time() + HOUR
    )
    # Each of many requests goes to either web process, on a connection of its own; either answers
    # for both
    for _ in range(20):
        requests.get(f"{running.api.origin}/healthz", timeout=60)
    told = {
        exposition.value(
            scrape(running, "web"), "coachcal_requests_total", route="/healthz", status="200"
        )
    }
    told |= {
        exposition.value(
            scrape(running, "web"), "coachcal_requests_total", route="/healthz", status="200"
        )
    }
    assert told == {20.0}

    def refreshed() -> bool:
        done = {"actor": "refresh_freebusy", "outcome": "done"}
        return (
            exposition.value(scrape(running, "worker"), "coachcal_jobs_total", **done) or 0
        ) >= 2

    until(refreshed)
    # And the clock tells the figures of the whole, as the web does
    clock = scrape(running, "clock")
    assert exposition.value(clock, "coachcal_coaches", state="unconnected") == 0
    assert exposition.names(clock) <= exposition.names(scrape(running, "web"))
    until(
        lambda: (
            exposition.value(scrape(running, "clock"), "coachcal_clock_late_seconds", name="roll")
            == 0
        )
    )


def test_one_request_id_leads_from_a_push_to_its_read_and_from_a_booking_to_its_mail(
    running: Town,
) -> None:
    _, connection = running.connect()
    with running.database.write() as tx:
        key = api_keys.create_key(tx, "books", ("bookings:write",), now=datetime.now(UTC))
    # When a push and a booking come, each with an id
    raw = (
        b'{"notification":{"type":"change","changes_since":"2026-06-01T07:59:00Z"},'
        b'"channel":{"channel_id":"c"}}'
    )
    signed = {
        signature.HEADER: signature.sign(raw, [running.sandbox.client_secret]),
        "Content-Type": "application/json",
    }
    url = running.control.wait_for_deliveries(1)[0]["callback_url"]
    pushed = requests.post(url, raw, headers=signed | {"X-Request-ID": "push-1"}, timeout=60)
    assert pushed.status_code == 204
    body = {
        "coach_id": "ada",
        "start": running.a_free_time().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration": 60,
        "participant": {
            "id": "grace",
            "name": "Grace",
            "email": "grace@example.test",
            "zone": "UTC",
        },
        "context": {"programme_name": "New Leaders"},
    }
    headers = {
        "Authorization": f"Bearer {key}",
        "Idempotency-Key": str(uuid4()),
        "X-Request-ID": "book-1",
    }
    booked = requests.post(
        f"{running.api.origin}/v1/bookings", json=body, headers=headers, timeout=60
    )
    assert booked.status_code == 201, booked.text
    # Then the lines of what they led to carry it, in the workers' log
    until(lambda: ("refreshed", connection) in _lines(running, "push-1"))
    until(lambda: {about for _, about in _lines(running, "book-1")} >= {"mail", "calendar"})


def _lines(running: Town, request_id: str) -> list[tuple[str, str]]:
    """What happened under an id, and to what."""
    text = running.processes.log("worker").read_text()
    whole = text.rpartition("\n")[0].splitlines()  # the last one may still be written
    parsed = [json.loads(line) for line in whole if line.startswith("{")]
    found = [line for line in parsed if line.get("request_id") == request_id]
    return [(line["event"], str(line.get("connection") or line.get("kind"))) for line in found]
