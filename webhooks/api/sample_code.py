"""A sample request, written in curl and in Python."""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
FILES = {"image/png": "logo.png", "text/csv": "pods.csv"}
"""What a file of this kind is called, where the body is one."""


def headers_of(operation: Json, body: Any) -> Iterator[tuple[str, str]]:
    if operation.get("security"):
        yield "Authorization", "Bearer $COACHCAL_KEY"
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header" and parameter.get("required"):
            yield parameter["name"], "5b0c1f8e-grace-0001"
    if body is not None:
        yield "Content-Type", "application/json"
    for kind in FILES.keys() & operation.get("requestBody", {}).get("content", {}).keys():
        yield "Content-Type", kind


def curl_of(method: str, url: str, headers: list[tuple[str, str]], body: Any) -> str:
    lines = [f"curl -X {method} '{url}'" if method != "GET" else f"curl '{url}'"]
    lines += [f'-H "{name}: {value}"' for name, value in headers]
    if body is not None:
        lines.append(
            "-d '" + json.dumps(body, indent=1, ensure_ascii=False).replace("'", "'\\''") + "'"
        )
    if file := _file_of(headers):
        lines.append(f"--data-binary @{file}")
    return " \\\n  ".join(lines)


def python_of(method: str, url: str, headers: list[tuple[str, str]], body: Any) -> str:
    lines = ["import os", "import httpx", ""]
    file = _file_of(headers)
    given = [
        f'    "{name}": {_python_value(value)},'
        for name, value in headers
        if file or name != "Content-Type"
    ]
    lines += ["answer = httpx.request(", f'    "{method}",', f'    "{url}",']
    lines += ["    headers={", *(f"    {line}" for line in given), "    },"] if given else []
    lines += [f"    json={body!r},"] if body is not None else []
    lines += [f'    content=open("{file}", "rb").read(),'] if file else []
    return "\n".join([*lines, ")", "print(answer.status_code, answer.text)"])


def _file_of(headers: list[tuple[str, str]]) -> str:
    """The name of the file that is sent; empty where none is."""
    return FILES.get(dict(headers).get("Content-Type", ""), "")


def _python_value(value: str) -> str:
    return "f\"Bearer {os.environ['COACHCAL_KEY']}\"" if "$" in value else f'"{value}"'


def shown(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
