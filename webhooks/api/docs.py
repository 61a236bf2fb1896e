"""/docs: the OpenAPI document for people. Rendered here, without a script or a foreign request: it
works offline.
"""

import json
from collections import defaultdict
from typing import Any, cast

from apiflask import APIFlask
from flask import current_app, render_template

from webhooks.api import samples
from webhooks.http.codes import CODES
from webhooks.http.context import parts

GROUPS = (
    ("Coaches", ("coaches", "holidays", "connect", "connections", "tiles", "badges")),
    ("Slots", ("slots", "pools")),
    ("Bookings", ("bookings", "history", "holds", "sessions", "places", "change_rules")),
    ("Lists", ("lists",)),
    ("Pods", ("pods", "shells", "imports", "exports")),
    ("What happened", ("events", "webhook_endpoints")),
    ("Mails", ("mailers", "brands", "mails", "mail_replies", "withheld")),
    ("Pages for people", ("links", "feeds")),
    ("Personal data", ("people",)),
    ("Cronofy's pushes", ("notifications", "conferencing")),
    ("Watching it", ("health",)),
)
"""As people look for things: a heading, and the tags of the operations below it."""


def show() -> str:
    """The API's manual."""
    # Half a second of work that always gives the same: whoever asks for it again and again would
    # keep a core busy.
    return parts().manual.get(_rendered)


def _rendered() -> str:
    document = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    return render_template(
        "docs.html",
        info=document["info"],
        groups=grouped(document),
        schemas=sorted(document["components"]["schemas"].items()),
        schemes=document["components"]["securitySchemes"],
        codes=sorted(CODES.items()),
        shown=shown,
    )


def grouped(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """(heading, its operations, each with its example)."""
    by_tag = defaultdict[str, list[dict[str, Any]]](list)
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            example = samples.of(operation)
            entry = {"method": method.upper(), "path": path, "example": example}
            by_tag[operation["tags"][0]].append(entry | operation)
    found = []
    for heading, tags in GROUPS:
        operations: list[dict[str, Any]] = []
        for tag in tags:
            operations += by_tag[tag]
        found.append((heading, sorted(operations, key=lambda operation: str(operation["path"]))))
    return found


def shown(schema: dict[str, Any]) -> str:
    """A schema in a few words: integer, string, [Member], one of list, hide."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "anyOf" in schema:
        return " or ".join(shown(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{shown(schema.get('items') or {})}]"
    return str(schema.get("type", "anything"))
