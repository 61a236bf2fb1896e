"""Traces by OpenTelemetry, where `coachcal[otel]` is installed and an endpoint is set: from a push
or a request to the jobs and calls that it led to.

The spans are our own: a request by its route, a job by its name, a call by its path without ids.
Instrumentation that comes ready-made would tell addresses, statements and headers. No span holds an
argument, a text or an exception's words, and nobody outside is sent a trace's id.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import dramatiq
import structlog
from dramatiq.broker import MessageProxy
from dramatiq.middleware import Middleware

Kind = Literal["SERVER", "CONSUMER", "CLIENT", "INTERNAL"]
# OpenTelemetry's protocol exporter specification, "Endpoint URLs for OTLP/HTTP".
PATH = "/v1/traces"
CARRIED = "traceparent"
SERVER_FAULT = 500


class CannotReport(RuntimeError):
    """Errors or traces cannot be sent as a setting says; the text names it, and the next step."""


def start(endpoint: str) -> None:
    """Begin to trace, to this receiver of OTLP over HTTP.
    Raises CannotReport where the extra is not installed.
    """
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise CannotReport(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set: install coachcal[otel], or unset it"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": "coachcal"}))
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def on() -> bool:
    """Whether this process traces. Without the extra nothing of it is ever loaded."""
    # Before `start` the provider is OpenTelemetry's stand-in, which takes no processors. Looked up
    # rather than imported: the extra may be missing, and who does not trace need not load it.
    trace = sys.modules.get("opentelemetry.trace")
    return trace is not None and hasattr(trace.get_tracer_provider(), "add_span_processor")


@contextmanager
def span(name: str, kind: Kind = "INTERNAL", parent: str | None = None) -> Iterator[None]:
    """A part of the trace under way, or of the one of `parent` (a traceparent of W3C's). An
    exception that passes is told by its type.
    """
    if not on():
        yield
        return
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    above = None
    if parent:
        above = TraceContextTextMapPropagator().extract({CARRIED: parent})
    # Both off: they write the exception's words into the span, and those may be a person's.
    options: dict[str, Any] = {"record_exception": False, "set_status_on_exception": False}
    tracer = trace.get_tracer("coachcal")
    with tracer.start_as_current_span(name, above, trace.SpanKind[kind], **options) as made:
        if request_id := structlog.contextvars.get_contextvars().get("request_id"):
            made.set_attribute("request_id", request_id)
        try:
            yield
        except BaseException as error:
            made.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise


def tell(
    *, name: str | None = None, status: int | None = None, request_id: str | None = None
) -> None:
    """What became known of the current span: its name, the answer's status."""
    if not on():
        return
    from opentelemetry import trace

    current = trace.get_current_span()
    if name is not None:
        current.update_name(name)
    if request_id is not None:
        current.set_attribute("request_id", request_id)
    if status is not None:
        current.set_attribute("http.response.status_code", status)
        if status >= SERVER_FAULT:
            current.set_status(trace.StatusCode.ERROR)


def carried() -> dict[str, str]:
    """What a message takes along, so that its job is a part of this trace."""
    if not on():
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    # Not `tracestate`, which a propagator may add: the broker takes no message with an option that
    # it does not know.
    if CARRIED not in carrier:
        return {}
    return {CARRIED: carrier[CARRIED]}


def requests(answer: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI application whose requests are spans; the app names them by their routes."""

    def traced(environ: Any, start_response: Any) -> Any:
        with span("request", "SERVER"):
            return answer(environ, start_response)

    return traced


class Trace(Middleware):
    """A span for each job, in the trace of what woke for it."""

    def __init__(self) -> None:
        self._job: ContextVar[AbstractContextManager[None] | None] = ContextVar("job", default=None)

    def before_process_message(self, broker: dramatiq.Broker, message: MessageProxy) -> None:
        job = span(message.actor_name, "CONSUMER", message.options.get(CARRIED))
        job.__enter__()
        self._job.set(job)

    def after_process_message(
        self,
        broker: dramatiq.Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,
        exception: BaseException | None = None,
    ) -> None:
        job = self._job.get()
        self._job.set(None)
        if job is None:
            return
        if exception is None:
            job.__exit__(None, None, None)
        else:
            job.__exit__(type(exception), exception, None)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """A worker process ends without a word to whoever waits for its exit:
        what was gathered is sent now.
        """
        if on():
            sys.modules["opentelemetry.trace"].get_tracer_provider().force_flush()
