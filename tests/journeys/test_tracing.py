"""One trace from a push to its slots and from a booking to its mail, at a real receiver; and no
secret in any of it.
"""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from storage.rows import api_keys
from storage.transactions import coach_settings
from tests.support import people, processes
from tests.support.ports import free_port
from tests.support.processes import Town

PUSH = "POST /webhooks/cronofy/<channel_token>"
TITLE = "A canary title"


@dataclass
class Collector:
    """Whoever takes OTLP over HTTP."""

    origin: str
    spans: list[Span] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def take(self, path: str, raw: bytes) -> None:
        self.paths.add(path)
        self.bodies.append(raw)
        for resource in ExportTraceServiceRequest.FromString(raw).resource_spans:
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    def trace_of(self, name: str) -> list[Span]:
        """All spans of the newest trace that has one of this name."""
        wanted = next((span.trace_id for span in reversed(self.spans) if span.name == name), None)
        return [span for span in self.spans if span.trace_id == wanted]

    def count(self, trace: str, name: str) -> int:
        """How many spans of this name that trace has."""
        return [span.name for span in self.trace_of(trace)].count(name)

    def is_whole(self, trace: str, *names: str) -> bool:
        """Whether that trace has these spans, and all that they are parts of."""
        spans = self.trace_of(trace)
        known = {b"", *(span.span_id for span in spans)}
        return {span.name for span in spans}.issuperset(names) and all(
            span.parent_span_id in known for span in spans
        )

    def wait(self, wanted: Callable[[], bool], seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < end, sorted({span.name for span in self.spans})
            time.sleep(0.05)


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            found.take(
                self.path,
                gzip.decompress(raw) if self.headers.get("Content-Encoding") == "gzip" else raw,
            )
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    found = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def running(
    tmp_path: Path, database_url: str, redis_url: str, collector: Collector
) -> Iterator[Town]:
    more = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.origin, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    mail = {
        "COACHCAL_MAILER": "smtp",
        "COACHCAL_SMTP_URL": f"smtp://127.0.0.1:{free_port()}?tls=none",
        "COACHCAL_MAIL_FROM": "Coaching <coaching@example.test>",
    }
    with processes.raised(tmp_path, database_url, redis_url, **more, **mail) as raised:
        for name in ("web", "worker"):
            raised.start(name)
        yield raised


def names(spans: list[Span]) -> dict[bytes, str]:
    return {span.span_id: span.name for span in spans}


def above(spans: list[Span], name: str) -> str | None:
    """The name of the span that the last of this name is a part of."""
    one = [span for span in spans if span.name == name][-1]
    return names(spans).get(one.parent_span_id)


def test_a_push_and_its_read_and_its_slots_are_one_trace_and_so_are_a_booking_and_its_mail(
    running: Town, collector: Collector
) -> None:
    # Given a coach with a calendar, and nobody at the mail server
    seat, _ = running.connect()
    # The race: the push that came of connecting, unanswered for 5 s, comes again after the event's,
    # and is the newest trace, with no read in it.
    running.until_accepted(1)
    # When an event is made, and Cronofy pushes
    free = running.a_free_time()
    running.control.add_event(seat.calendars[0], free, free + timedelta(hours=1), summary=TITLE)
    running.wait(lambda found: free.isoformat().replace("+00:00", "Z") not in found["starts"])
    # (a span is sent when it ends, so the outer ones come last)
    parts = ("refresh_freebusy", "GET /v1/free_busy", "store slots")
    collector.wait(lambda: collector.is_whole(PUSH, *parts))
    # Then all that follows is one trace
    trace = collector.trace_of(PUSH)
    assert above(trace, PUSH) is None
    assert above(trace, "refresh_freebusy") == PUSH
    assert above(trace, "GET /v1/free_busy") == "refresh_freebusy"
    assert above(trace, "store slots") == "refresh_freebusy"
    assert (
        len(
            {attribute.value.string_value for span in trace for attribute in span.attributes} - {""}
        )
        == 1
    )
    # And a booking that is refused by the mail server is one, with its failure
    key = book(running)
    collector.wait(lambda: collector.count("POST /v1/bookings", "deliver_mail") == 2)
    trace = collector.trace_of("POST /v1/bookings")
    assert above(trace, "deliver_mail") == "POST /v1/bookings"
    assert above(trace, "SMTP send") == "deliver_mail"
    failed = next(span for span in trace if span.name == "SMTP send")
    assert (failed.status.code, failed.status.message, len(failed.events)) == (2, "MailError", 0)
    # And no secret, no name, no address and no title is anywhere in it
    requests.get(f"{running.api.origin}/book?canary=canary", timeout=60)
    collector.wait(lambda: "GET /book" in {span.name for span in collector.spans})
    everything = b"".join(collector.bodies).lower()
    token = running.control.wait_for_deliveries(1)[0]["callback_url"].rpartition("/")[2]
    for secret in (
        seat.access_token,
        seat.refresh_token,
        seat.sub,
        seat.calendars[0],
        token,
        key,
        "canary",
        "grace",
    ):
        assert secret.lower().encode() not in everything, secret
    assert b"select" not in everything
    assert {attribute.key for span in collector.spans for attribute in span.attributes} == {
        "request_id",
        "http.response.status_code",
    }
    assert collector.paths == {"/v1/traces"}


def book(running: Town) -> str:
    """Somebody books over the API. The key that they used."""
    now = running.a_free_time()
    with running.database.write() as tx:
        coach_settings.put_coach(tx, "ada", lambda _: people.MAILED, expected=None, now=now)
        key = api_keys.create_key(tx, "platform", ("bookings:write",), now=now)
    who = {
        "id": "grace",
        "name": "Grace Hopper",
        "email": "grace@example.test",
        "zone": "Europe/London",
    }
    body = {"coach_id": "ada", "start": now.isoformat(), "duration": 60, "participant": who}
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "1"}
    answer = requests.post(
        f"{running.api.origin}/v1/bookings", json=body, headers=headers, timeout=60
    )
    assert answer.status_code == 201, answer.text
    return key
