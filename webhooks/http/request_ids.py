"""The id of a request: in each log line about it, in the header of its answer and in each problem,
so that whoever asks what happened can say which one they mean.
"""

import random
import re
from typing import Any

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[\w.-]{1,64}", re.ASCII)
KEPT = "coachcal.request_id"  # no header of a client's can have this name


def request_id(environ: dict[str, Any]) -> str:
    """The one that the caller brings along, or a new one; the same however often it is asked."""
    kept: str | None = environ.get(KEPT)
    if kept is None:
        given: str = environ.get("HTTP_X_REQUEST_ID", "")
        kept = f"{random.getrandbits(64):016x}"
        if GIVEN.fullmatch(given):
            kept = given
        environ[KEPT] = kept
    return kept
