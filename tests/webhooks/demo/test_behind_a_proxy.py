"""The demo asks this machine alone, whatever its environment says of proxies and passwords."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request

from webhooks.demo.http_server import HOST, serving
from webhooks.demo.processes import START_SECONDS, Processes
from webhooks.demo.stage import Api

NOBODY = "http://127.0.0.1:9"


def told() -> dict[str, str]:
    return {"key": request.headers["Authorization"]}


def ready() -> str:
    return "ready"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A server here, on a machine whose proxy is away, with a password for every host."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, NOBODY)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password theirs\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    app = Flask(__name__)
    app.add_url_rule("/told", view_func=told)
    app.add_url_rule("/readyz", view_func=ready)
    with serving(app, "web") as port:
        yield f"http://{HOST}:{port}"


def test_the_api_is_asked_without_a_proxy_and_with_its_own_key(web: str) -> None:
    assert Api(web, "key").get("/told") == {"key": "Bearer key"}


def test_what_was_started_is_waited_for_without_a_proxy(web: str, tmp_path: Path) -> None:
    began = time.monotonic()
    Processes(tmp_path).wait_for_url(f"{web}/readyz")
    assert time.monotonic() - began < START_SECONDS
