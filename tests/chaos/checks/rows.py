"""Rows as the drivers give them, read alike: JSON comes as text or as a value, flags as numbers or
as booleans.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from tests.chaos.evidence import Evidence, Operation, Row

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

HOLD, POD = "hold", "pod"
OPEN = ("pending", "sending", "waiting_for_text", "withheld")
"""States of an outbox row that has not ended."""


def json_of(value: Any) -> Any:
    """A JSON column: SQLite's driver gives its text."""
    return json.loads(value) if isinstance(value, str | bytes) else value


def epoch(text: str) -> int:
    """Epoch seconds of an instant as the API writes it."""
    return int(datetime.fromisoformat(text).timestamp())


def spelled(seconds: float) -> str:
    """An instant as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """The items by their key, each group in the order given."""
    found: dict[Key, list[Item]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return dict(found)


def by_id(rows: Iterable[Row]) -> dict[str, Row]:
    return {row["id"]: row for row in rows}


def occupying(evidence: Evidence) -> list[Row]:
    """Sessions, pods and holds that keep their coach from anything else at the end."""
    found = []
    for row in evidence.tables["sessions"]:
        ended = row["expires_at"] is not None and row["expires_at"] / 1000 <= evidence.now
        if row["active"] and not ended:
            found.append(row)
    return found


def outbox(evidence: Evidence, kind: str) -> list[Row]:
    return [row for row in evidence.tables["outbox"] if row["kind"] == kind]


def requests(evidence: Evidence) -> dict[tuple[str, str], list[Operation]]:
    """The operations of each (client, Idempotency-Key), in the order in which they were sent."""
    keyed = [each for each in evidence.operations if each.key is not None]
    keyed.sort(key=lambda each: each.sent)
    return grouped(keyed, lambda each: (each.client, str(each.key)))


def succeeded(operation: Operation) -> bool:
    return operation.status is not None and 200 <= operation.status < 300


def is_put_back(operation: Operation) -> bool:
    """Whether it asks for an event to be put back where its session is: that changes no booking."""
    return operation.kind == "settle" and operation.request["to"] == "session"


def answered_bookings(answer: Any) -> list[Mapping[str, Any]]:
    """Every booking that an answer tells of: its own, or those of its session."""
    if not isinstance(answer, Mapping):
        return []
    if "bookings" in answer:
        return [each | {"session_id": answer["session_id"]} for each in answer["bookings"]]
    return [answer] if "uid" in answer else []
