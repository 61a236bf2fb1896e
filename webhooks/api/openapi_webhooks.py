"""The `webhooks` of the OpenAPI document: every event that is posted, in each of its forms."""

from typing import Any

from domain.event_versions import NEWEST, OLDEST, VERSIONS, Version, keys_of
from domain.events import CATALOGUE
from domain.webhook_endpoints import TEST
from webhooks.http.requests import JSON

ID = {"type": "string"}
TIME = {"type": "string", "format": "date-time"}
WALL = {"type": "string", "description": "Wall clock and zone."}
# By key: its schema, and what it is in the examples.
KEYS: dict[str, tuple[dict[str, Any], Any]] = {
    "version": ({"type": "integer"}, 2),
    "reason": ({"enum": ["disconnected", "revoked", "no_access"]}, "revoked"),
    "declined": ({"type": "boolean"}, False),
    "booked_for": (WALL, "2026-06-02T11:00 Europe/London"),
    "wall_moved": (WALL, "2026-06-02T10:00 Europe/London"),
    "booking_id": (ID, "bkg_1"),
    "session_id": (ID, "ses_1"),
    "coach_id": (ID, "ada"),
    "participant_id": (ID, "grace"),
    "connection_id": (ID, "con_1"),
    "endpoint_id": (ID, "whe_1"),
    "end": (TIME, "2026-06-02T11:00:00Z"),
    "ends": (TIME, "2026-06-02T11:00:00Z"),
}
START = (TIME, "2026-06-02T10:00:00Z")
"""Of every other key: all of them are times."""
HEADERS = {
    "webhook-id": "The event's id, the same at each attempt: whoever had it, has it.",
    "webhook-timestamp": "When it was posted, in epoch seconds.",
    "webhook-signature": "Standard Webhooks: `v1,` and a signature, several parted by blanks.",
}


def document() -> dict[str, Any]:
    """By type of event, how it is posted."""
    found = {}
    for topic, (what, _) in CATALOGUE.items():
        found[topic] = _operation(topic, what)
    found[TEST] = _operation(TEST, "somebody tries whether it comes; it says nothing")
    return found


def schema_of(topic: str, version: Version) -> dict[str, Any]:
    """What is posted, as JSON Schema. More keys may come: readers pass over them."""
    data = {key: KEYS.get(key, START)[0] for key in _keys(topic, version)}
    return {
        "type": "object",
        "title": f"{topic} {version}",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": topic},
            "timestamp": TIME,
            "data": {"type": "object", "required": list(data), "properties": data},
        },
    }


def example_of(topic: str, version: Version) -> dict[str, Any]:
    data = {key: KEYS.get(key, START)[1] for key in _keys(topic, version)}
    return {"type": topic, "timestamp": "2026-06-01T08:00:00Z", "data": data}


def _operation(topic: str, what: str) -> dict[str, Any]:
    forms: tuple[Version, ...] = VERSIONS
    # Where both say the same there is one.
    if _keys(topic, OLDEST) == _keys(topic, NEWEST):
        forms = (NEWEST,)
    schemas = [schema_of(topic, version) for version in forms]
    examples = {version: {"value": example_of(topic, version)} for version in forms}
    content = {"schema": {"anyOf": schemas}, "examples": examples}
    parameters = []
    for name, meaning in HEADERS.items():
        header = {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}
        parameters.append(header | {"description": meaning})
    posted = {
        "summary": what,
        "operationId": f"webhook_{topic.replace('.', '_')}",
        "tags": ["webhooks"],
        "parameters": parameters,
        "requestBody": {"required": True, "content": {JSON: content}},
        "responses": {"2XX": {"description": "Taken; anything else is tried again."}},
    }
    return {"post": posted}


def _keys(topic: str, version: Version) -> tuple[str, ...]:
    if topic == TEST:
        return ("endpoint_id",)
    return keys_of(topic, version)
