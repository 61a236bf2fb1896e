"""What every view may use, reached by one typed helper over `app.extensions`: several apps can live in one process."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from webhooks.keyring import KeyRing
from webhooks.metrics import Metrics
from webhooks.refusals import Refusals
from webhooks.shelf import Shelf
from workers.bootstrap import Runtime

EXTENSION = "coachcal"


@dataclass(frozen=True, slots=True)
class Parts:
    runtime: Runtime
    keyring: KeyRing
    metrics: Metrics
    refusals: Refusals
    shelf: Shelf


def parts() -> Parts:
    return cast(Parts, current_app.extensions[EXTENSION])


def runtime() -> Runtime:
    return parts().runtime
