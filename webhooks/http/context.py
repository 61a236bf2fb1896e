"""What every view may use, reached by one typed helper over `app.extensions`: several apps can live
in one process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from storage.reports.webhook_endpoints import Counts
from webhooks.front.streams import StreamPlaces
from webhooks.http.api_key_cache import ApiKeyCache
from webhooks.http.late_pushes import LatePushes
from webhooks.http.limits import RequestLimits
from webhooks.http.metrics import Metrics
from webhooks.http.refusal_log import Refusals
from webhooks.http.response_cache import ResponseCache
from webhooks.http.shared_looks import SharedLook, StormLook
from workers.bootstrap import Runtime

if TYPE_CHECKING:
    from workers.oidc.logins import Logins

EXTENSION = "coachcal"

RawAnswer = tuple[str, list[tuple[str, str]], bytes]
"""An answer that needs no Flask: status line, headers, body."""
FastPath = Callable[[dict[str, Any]], RawAnswer | None]
"""Looks at a request (its WSGI environ) before Flask does. None: the request goes on to its
endpoint, as it came.
"""


@dataclass(frozen=True, slots=True)
class Parts:
    runtime: Runtime
    api_keys: ApiKeyCache
    metrics: Metrics
    refusals: Refusals
    response_cache: ResponseCache
    limits: RequestLimits
    late_pushes: LatePushes
    logins: "Logins | None"
    """By the provider of the settings, if they name one."""
    streams: StreamPlaces
    """Lists that this process is sending whole."""
    storm: SharedLook[StormLook]
    """For all of ops who watch it."""
    manual: SharedLook[str]
    """The API's, as a page: one for as long as this process lives."""
    owed: SharedLook[Counts]
    """How many callbacks each webhook endpoint is owed; of an outage a million."""


def parts() -> Parts:
    return cast(Parts, current_app.extensions[EXTENSION])


def runtime() -> Runtime:
    return parts().runtime
