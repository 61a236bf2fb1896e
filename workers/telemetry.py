"""Errors to Sentry, where `coachcal[sentry]` is installed and a DSN is set: what broke and where,
without any data. And the beginning of traces (see `workers.tracing`).
"""

import sys
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from workers import tracing
from workers.logs import clean
from workers.settings import Settings
from workers.tracing import CannotReport


def start(settings: Settings) -> None:
    """Begin to report and to trace, where that is set. Raises CannotReport where that cannot be."""
    if settings.otlp_endpoint is not None:
        tracing.start(settings.otlp_endpoint)
    if settings.sentry_dsn is not None:
        _report_errors(settings.sentry_dsn.get_secret_value())


def _report_errors(dsn: str) -> None:
    try:
        import sentry_sdk
    except ImportError:
        raise CannotReport(
            "COACHCAL_SENTRY_DSN is set: install coachcal[sentry], or unset it"
        ) from None
    try:
        sentry_sdk.init(
            dsn,
            # They would collect requests, breadcrumbs and arguments, and with them what people
            # wrote: only what we report by name is told.
            default_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            send_default_pii=False,
            max_breadcrumbs=0,
            before_send=lambda event, _hint: clean(event),
        )
    except sentry_sdk.utils.BadDsn:
        raise CannotReport("COACHCAL_SENTRY_DSN is none: copy it from Sentry's settings") from None


def report(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Every logged exception is told, by the name of its log line. A processor of structlog's."""
    sentry: Any = sys.modules.get("sentry_sdk")
    if sentry is not None and event.get("exc_info") and sentry.is_initialized():
        with sentry.new_scope() as scope:
            scope.set_tag("event", event.get("event"))
            scope.set_tag("request_id", event.get("request_id"))
            sentry.capture_exception(_exception(event["exc_info"]))
    return event


def _exception(given: Any) -> Any:
    """What structlog may be given: the exception, the triple of sys.exc_info, or True."""
    if given is True:
        return None  # Sentry takes the one that is being handled
    if isinstance(given, tuple):
        return given[1]
    return given
