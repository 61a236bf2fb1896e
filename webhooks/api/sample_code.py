"""A sample request, written in curl and in Python."""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
FILES = {"image/png": "logo.png", "text/csv": "pods.csv", "message/rfc822": "mail.eml"}
"""What a file of this kind is called, where the body is one."""


def headers_of(operation: Json, sent: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Those that were sent, with the key of whoever reads this."""
    if operation.get("security"):
        yield "Authorization", "Bearer $COACHCAL_KEY"
    yield from sent.items()


def curl_of(method: str, url: str, headers: list[tuple[str, str]], body: Any) -> str:
    return " \\\n  ".join(_curl_words(method, url, headers, body))


def _curl_words(method: str, url: str, headers: list[tuple[str, str]], body: Any) -> Iterator[str]:
    if method == "GET":
        yield f"curl '{url}'"
    else:
        yield f"curl -X {method} '{url}'"
    for name, value in headers:
        yield f'-H "{name}: {value}"'
    if body is not None:
        quoted = shown(body).replace("'", "'\\''")
        yield f"-d '{quoted}'"
    if file := _file_of(headers):
        yield f"--data-binary @{file}"


def python_of(method: str, url: str, headers: list[tuple[str, str]], body: Any) -> str:
    return "\n".join(_python_lines(method, url, headers, body))


def _python_lines(
    method: str, url: str, headers: list[tuple[str, str]], body: Any
) -> Iterator[str]:
    yield from ("import os", "import httpx", "")
    yield from ("answer = httpx.request(", f'    "{method}",', f'    "{url}",')
    given, file = dict(headers), _file_of(headers)
    if not file:
        # httpx sends the media type of `json` by itself.
        given.pop("Content-Type", None)
    if given:
        yield "    headers={"
        for name, value in given.items():
            yield f'        "{name}": {_python_value(value)},'
        yield "    },"
    if body is not None:
        yield f"    json={body!r},"
    if file:
        yield f'    content=open("{file}", "rb").read(),'
    yield from (")", "print(answer.status_code, answer.text)")


def _file_of(headers: list[tuple[str, str]]) -> str:
    """The name of the file that is sent; empty where none is."""
    return FILES.get(dict(headers).get("Content-Type", ""), "")


def _python_value(value: str) -> str:
    if "$" in value:
        return "f\"Bearer {os.environ['COACHCAL_KEY']}\""
    return f'"{value}"'


def shown(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
