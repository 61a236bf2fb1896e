"""One matched example for each operation of the manual: a request in curl and Python, its answer,
and a refusal.

Made from the OpenAPI document, so that none can ask for a field that is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from webhooks.api.sample_code import curl_of, headers_of, python_of, shown
from webhooks.http.codes import CODES

Json = dict[str, Any]

BASE = "https://calendars.example"
MOMENT = "2026-12-04T08:15:00Z"
VALUES: Json = {
    "coach_id": "ada",
    "participant_id": "grace",
    "booking_id": "bkg_6624c405d5be66e1127b319a",
    "pod_id": "pod_1",
    "hold_id": "hld_1",
    "feed_id": "fed_1",
    "feed_token": "hkOSNxRLsA-KZ6LlwBMIJuL9WqcQ1w2e",
    "connection_id": "con_1",
    "session_id": "ses_1",
    "withheld_id": "wad_1",
    "shell_id": "ses_1",
    "group_id": "spring-mondays",
    "pod_ids": ["ses_1", "ses_2"],
    "heading": "Programme",
    "column": "programme",
    "csv": "Programme,Coach e-mail,Date and time,Time zone,Min,Max,Usernames\n...",
    "username": "grace.h",
    "owner": "grace",
    "id": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.com",
    "zone": "Europe/London",
    "duration": 60,
    "start": MOMENT,
    "starts": MOMENT,
    "end": "2026-12-04T09:15:00Z",
    "ends": "2026-12-04T09:15:00Z",
    "from": "2026-12-01",
    "to": "2026-12-08",
    "min_seats": 2,
    "max_seats": 6,
    "scope": "company",
    "scope_id": "acme",
    "company_id": "acme",
    "sender_name": "Acme Coaching",
    "support": "help@acme.example",
    "colour": "#0b5394",
    "logo_url": "https://calendars.example/brand/0f1e2d3c4b5a69788796a5b4c3d2e1f0.png",
    "kind": "booked",
    "language": "en",
    "join_url": "https://meet.example.com/ada",
    "sig": "hkOSNxRLsA-KZ6LlwBMIJuL9Wqc",
    "subject": "Your session",
    "text": "See you, {{recipient_name}}!",
    "state": "fresh",
    "as_of": MOMENT,
    "version": 3,
    "token": "t0ken",
    "webcal_url": "webcal://calendars.example/f/hkOSNxRLsA-KZ6LlwBMIJuL9WqcQ1w2e.ics",
    "reason": "busy",
    "address": "grace@example.com",
    "news": "assigned",
    "durations": [30, 60],
}
BODIES: dict[str, tuple[str, ...]] = {
    "bookings_create": ("coach_id", "start", "duration", "participant"),
    "coaches_put": ("name", "email", "zone", "hours", "durations", "pre", "post"),
    "feeds_create": ("coach_id",),
    "links_create": ("purpose", "coach_id", "participant"),
    "mailers_put": ("subject", "text"),
    "places_put": ("place", "kinds"),
    "brands_put": ("sender_name", "support", "colour"),
    "bookings_rebook": ("start",),
    "sessions_settle_event": ("to", "token"),
    "imports_load_table": ("csv", "people"),
    "shells_change_together": ("coach_id", "assign"),
    "change_rules_put": ("late_hours", "free_moves", "most_rebookings", "most_missed"),
}
"""The fields that a request shows beside those that are required."""
REFUSED = {
    "bookings": "slot_not_open",
    "holds": "slot_not_open",
    "pods": "slot_not_open",
    "shells": "slot_not_open",
    "coaches": "stale_version",
    "imports": "import_refused",
}
UNFIT = {
    "brands_put": "too_many",
    "brands_put_logo": "logo_refused",
    "change_rules_put": "out_of_range",
}
"""What is refused of these as 422; of the others, that something is missing."""
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """`answer`, `refusal`: JSON, or empty where nothing is said."""

    curl: str
    python: str
    status: str
    answer: str
    refusal: str


class Samples:
    def __init__(self, document: Json) -> None:
        self._schemas: Json = document["components"]["schemas"]

    def of(self, method: str, path: str, operation: Json) -> Sample:
        body = self.body(operation)
        url = BASE + self._path(path, operation)
        headers = list(headers_of(operation, body))
        status, answer = self._answer(operation)
        return Sample(
            curl_of(method, url, headers, body),
            python_of(method, url, headers, body),
            status,
            answer,
            self._refusal(operation),
        )

    def body(self, operation: Json) -> Any:
        """None where there is none, or where it is a file."""
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        wanted = BODIES.get(operation.get("operationId", ""), ())
        return self.value(content["application/json"]["schema"], wanted=wanted, whole=False)

    def value(
        self,
        schema: Json,
        name: str = "",
        *,
        wanted: tuple[str, ...] = (),
        whole: bool,
        deep: int = 0,
    ) -> Any:
        """A value that fits. `whole`: with every member, as an answer has them; else with those
        that are required.
        """
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        fixed = _fixed(schema, name)
        if fixed is not None:
            return fixed
        if "anyOf" in schema:
            if deep >= DEEPEST:
                return None
            first = next(each for each in schema["anyOf"] if each.get("type") != "null")
            return self.value(first, name, whole=whole, deep=deep + 1)
        if schema.get("type") == "array":
            item = self.value(schema.get("items", {}), name, whole=whole, deep=deep + 1)
            return [item] * max(schema.get("minItems", 1), 1)
        if schema.get("type") == "object":
            return self._object(schema, wanted, whole=whole, deep=deep)
        return _plain(schema)

    def _object(self, schema: Json, wanted: tuple[str, ...], *, whole: bool, deep: int) -> Json:
        members = {}
        for name, member in schema.get("properties", {}).items():
            if (whole and deep < DEEPEST) or name in schema.get("required", ()) or name in wanted:
                members[name] = self.value(member, name, whole=whole, deep=deep + 1)
        return members

    def _path(self, path: str, operation: Json) -> str:
        query: list[str] = []
        for parameter in operation.get("parameters", ()):
            name = parameter["name"]
            value = self.value(parameter["schema"], name, whole=False)
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", quote(str(value)))
            elif parameter["in"] == "query" and parameter.get("required"):
                query += _pairs(name, value)
        if not query:
            return path
        return f"{path}?{'&'.join(query)}"

    def _answer(self, operation: Json) -> tuple[str, str]:
        status = min(operation["responses"])
        for kind, content in (operation["responses"][status].get("content") or {}).items():
            if kind == "application/json":
                return status, shown(self.value(content["schema"], whole=True))
        return status, ""

    def _refusal(self, operation: Json) -> str:
        for status in (409, 404, 422, 401):
            if str(status) in operation["responses"]:
                code = _code(status, operation)
                title = HTTPStatus(status).phrase
                document = {
                    "title": title,
                    "status": status,
                    "code": code,
                    "detail": CODES[code][1],
                }
                return shown(document | {"request_id": "9f2c1e04ab37d586"})
        return ""


def _pairs(name: str, value: Any) -> Iterator[str]:
    """The parts of a query that give `name` this value, or each of a list."""
    values = value
    if not isinstance(value, list):
        values = [value]
    for each in values:
        yield f"{name}={quote(str(each), safe=',:')}"


def _code(status: int, operation: Json) -> str:
    tag = next(iter(operation.get("tags", ())), "")
    if status == 409:
        return REFUSED.get(tag, "stale_version")
    if status == 404:
        known = f"unknown_{tag.removesuffix('s')}"
        if known in CODES:
            return known
        return "unknown_coach"
    if status == 422:
        return UNFIT.get(operation.get("operationId", ""), "missing")
    return "key_missing"


def _fixed(schema: Json, name: str) -> Any:
    """What the document, or its field's name, already says."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    known = VALUES.get(name)
    if "enum" in schema:
        if known in schema["enum"]:
            return known
        return schema["enum"][0]
    kinds = {"string": str, "integer": int, "number": int, "array": list}
    if isinstance(known, kinds.get(schema.get("type", ""), ())):
        return known
    return schema.get("default")


def _plain(schema: Json) -> Any:
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if schema.get("format") == "date-time":
        return MOMENT
    if kind == "string":
        return "ada"
    return None
