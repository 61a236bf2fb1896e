"""One call to a server that misbehaves, with a token that must be seen nowhere."""

import time
from collections.abc import Callable
from typing import Any

from tests.workers.cronofy.fixtures import raw
from tests.workers.cronofy.peer import (
    Peer,
)
from workers.budget import LocalBudget
from workers.cronofy.calls import ClientLimits
from workers.cronofy.client import Cronofy
from workers.cronofy.transport import Timeouts

CANARY = "YRANAC".lower()[
    ::-1
]  # so that no line of this file, as a traceback shows it, holds the word
USERINFO = raw("identity/userinfo_connected")
DEADLINE = 0.5


def client(
    origin: str,
    *,
    read: float = 30.0,
    deadline: float = DEADLINE,
    answer_bytes: int = 100_000,
    monotonic: Callable[[], float] = time.monotonic,
) -> Cronofy:
    return Cronofy(
        origin,
        origin,
        "cid",
        f"{CANARY}-secret",
        LocalBudget(),
        limits=ClientLimits(deadline=deadline, answer_bytes=answer_bytes),
        timeouts=Timeouts(connect=1.0, read=read),
        monotonic=monotonic,
        sleep=lambda _: None,
    )


def userinfo(peer: Peer, **settings: Any) -> str:
    cronofy = client(peer.origin, **settings)
    try:
        return cronofy.userinfo(f"{CANARY}-token").sub
    finally:
        cronofy.close()
