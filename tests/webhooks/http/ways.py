"""The ways into the product that are limited, each with whom it counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.http_client import SETTINGS, WEEK, Desk
from tests.support.ops_pages import log_in

COACH, HOLDS = "/v1/coaches/ada", "/v1/holds"
WRONG_KEY = {"Authorization": "Bearer cck_0123456789ab_wrong"}
UNSIGNED = {"Cronofy-HMAC-SHA256": "bm8="}


def hold(desk: Desk, owner: str, number: int = 0) -> Any:
    body = {"coach_id": "ada", "start": "2026-06-03T10:00:00Z", "duration": 60, "owner": owner}
    return desk.ask("POST", HOLDS, json=body, headers={"Idempotency-Key": f"{owner}-{number}"})


@dataclass(frozen=True)
class Way:
    """How somebody asks, and which limit of FEW it comes upon."""

    limit: str
    ask: Callable[[Desk], Any]
    other: Callable[[Desk], Any]
    """Somebody else, who asks the same."""
    pages: bool = False


ELSEWHERE: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": "198.51.100.1"}}
WAYS = {
    "reads of a key": Way(
        "reads", lambda desk: desk.get(COACH, "coaches:read"), lambda desk: desk.get(COACH, "ops")
    ),
    "slots in passing": Way(
        "reads", lambda desk: desk.get(WEEK, "slots:read"), lambda desk: desk.get(WEEK, "coach")
    ),
    "what the key may not": Way(
        "reads", lambda desk: desk.get(COACH, "coach"), lambda desk: desk.get(COACH)
    ),
    "writes of a key": Way(
        "writes",
        lambda desk: desk.put(COACH, SETTINGS, "coaches:write"),
        lambda desk: desk.put(COACH, SETTINGS),
    ),
    "without a key": Way(
        "reads", lambda desk: desk.look(COACH), lambda desk: desk.look(COACH, **ELSEWHERE)
    ),
    "nothing there": Way(
        "reads", lambda desk: desk.look("/x"), lambda desk: desk.look("/x", **ELSEWHERE)
    ),
    "the document": Way(
        "reads", lambda desk: desk.look("/docs"), lambda desk: desk.look("/docs", **ELSEWHERE)
    ),
    "the callback": Way(
        "reads",
        lambda desk: desk.look("/connect/callback"),
        lambda desk: desk.look("/connect/callback", **ELSEWHERE),
        pages=True,
    ),
    "writes without a key": Way(
        "writes",
        lambda desk: desk.client.post(HOLDS),
        lambda desk: desk.client.post(HOLDS, **ELSEWHERE),
    ),
    "a page": Way(
        "reads",
        lambda desk: desk.look("/book"),
        lambda desk: desk.look("/book", **ELSEWHERE),
        pages=True,
    ),
    "a link": Way(
        "reads",
        lambda desk: desk.look("/p/x"),
        lambda desk: desk.look("/p/x", **ELSEWHERE),
        pages=True,
    ),
    "ops": Way(
        "reads",
        lambda desk: desk.look("/ops"),
        lambda desk: desk.look("/ops", **ELSEWHERE),
        pages=True,
    ),
    "a login": Way(
        "writes",
        lambda desk: desk.client.post("/ops/login"),
        lambda desk: desk.client.post("/ops/login", **ELSEWHERE),
        pages=True,
    ),
    "wrong keys": Way(
        "wrong",
        lambda desk: desk.look(COACH, headers=WRONG_KEY),
        lambda desk: desk.look(COACH, headers=WRONG_KEY, **ELSEWHERE),
    ),
    "wrong logins": Way(
        "wrong",
        lambda desk: log_in(desk.client, "cck_0_wrong"),
        lambda desk: desk.look(COACH, headers=WRONG_KEY, **ELSEWHERE),
        pages=True,
    ),
    "wrong signatures": Way(
        "wrong",
        lambda desk: desk.push(headers=UNSIGNED),
        lambda desk: desk.push(headers=UNSIGNED, environ={"REMOTE_ADDR": "198.51.100.1"}),
    ),
    "pushes that are too large": Way(
        "wrong",
        lambda desk: desk.push(b"x" * 70_000),
        lambda desk: desk.push(b"x" * 70_000, environ={"REMOTE_ADDR": "198.51.100.1"}),
    ),
    "holds": Way("holds", lambda desk: hold(desk, "grace"), lambda desk: hold(desk, "lise")),
}
