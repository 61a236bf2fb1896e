"""One attempt to hand a notification over:
a POST that follows no redirect and waits a few seconds only.
"""

import time
from dataclasses import dataclass

import requests


@dataclass(frozen=True)
class PushOutcome:
    """What came of an attempt; `status` is None when nobody answered.
    `sent_at` is real epoch seconds.
    """

    status: int | None = None
    error: str | None = None
    sent_at: float | None = None
    duration_ms: float | None = None

    @property
    def accepted(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, signature: str, timeout: float) -> PushOutcome:
    """Send the bytes as they are;
    a network error, or no answer in `timeout` seconds, is an outcome without status.
    """
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "coachcal sandbox Cronofy",
        "Cronofy-HMAC-SHA256": signature,
    }
    sent_at, begun = time.time(), time.perf_counter()
    status: int | None = None
    error: str | None = None
    try:
        with requests.Session() as session:
            # A proxy of the laptop's owner has no business here.
            session.trust_env = False
            answer = session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False, stream=True
            )
            status = answer.status_code
            # The body is of no interest, and must not be able to keep us here.
            answer.close()
    # ValueError: a callback URL that is none.
    except (requests.RequestException, ValueError) as failure:
        error = type(failure).__name__
    return PushOutcome(status, error, sent_at, round((time.perf_counter() - begun) * 1000, 1))
