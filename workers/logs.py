"""JSON log lines on stderr, with secrets struck out:
nothing that a log line carries can open a calendar.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# What our own secrets look like, wherever in a line they turn up.
SECRETS = re.compile(
    r"cck_[0-9a-f]+_[\w-]+"  # API keys
    r"|CRN_\w+"  # Cronofy client secrets
    r"|(?<=/webhooks/cronofy/)[\w-]+"  # channel tokens
    r"|(?<=/webhooks/conferencing/)[\w-]+"  # addresses of sessions
    r"|(?<=/[pcf]/)[\w.-]+"  # links to pages, and feeds
    r"|(?i:bearer\s+)[\w.~+/=-]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # the password in a URL
    # Mail addresses. Without a bound each place of a long text would be looked at to its end.
    r"|[\w.+-]{1,64}@[\w-]+\.[\w.-]+"
)
NAMES = re.compile(r"secret|token|authorization|password|cookie|body|email|join_url", re.IGNORECASE)
STRUCK = "[redacted]"


def configure(level: str, *also: Processor) -> None:
    """Send structlog and the standard library's logging through one JSON renderer. `also`: who else
    sees each event, before its exception is made a text.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *also,
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # At debug it tells whole addresses, which hold calendars' ids; `cronofy_call` tells each call
    # without them.
    logging.getLogger("urllib3").setLevel(max(root.level, logging.INFO))
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Strike out by the field's name, and by the value's shape."""
    return _cleaned_fields(event)


def clean(value: Any) -> Any:
    """The same at any depth of lists and dicts."""
    if isinstance(value, str):
        return SECRETS.sub(STRUCK, value)
    if isinstance(value, dict):
        return _cleaned_fields(value)
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def _cleaned_fields(fields: Mapping[Any, Any]) -> dict[Any, Any]:
    cleaned = {}
    for name, value in fields.items():
        # Whatever it holds: a secret of somebody else's has no shape that we know.
        if NAMES.search(str(name)):
            cleaned[name] = STRUCK
        else:
            cleaned[name] = clean(value)
    return cleaned
