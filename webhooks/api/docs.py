"""/docs: the OpenAPI document for people. Rendered here, without a script or a foreign request: it
works offline.
"""

import json
from typing import Any, cast

from apiflask import APIFlask
from flask import current_app, render_template

from webhooks.http.problems import CODES


def show() -> str:
    """The API's manual."""
    document = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    operations = [
        {"method": method.upper(), "path": path} | operation
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
    ]
    return render_template(
        "docs.html",
        info=document["info"],
        operations=operations,
        schemas=sorted(document["components"]["schemas"].items()),
        schemes=document["components"]["securitySchemes"],
        codes=sorted(CODES.items()),
        shown=shown,
    )


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
