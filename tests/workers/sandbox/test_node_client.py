"""The npm client `cronofy` 3.8.4, unchanged, makes every call of the issue, where node is there to
run it.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Sandbox
from tests.workers.sandbox.receiver import Receiver

VERSION = "3.8.4"
DRIVER = Path(__file__).with_name("drive_cronofy.js")
CALLBACK = "https://app.example.test/connect/callback"


@pytest.fixture(scope="module")
def library(request: pytest.FixtureRequest) -> Path:
    """The installed package, kept in pytest's cache between runs."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("the npm client needs node and npm on PATH; neither is a need of the product")
    folder = Path(request.config.cache.mkdir(f"npm-cronofy-{VERSION}"))
    package = folder / "node_modules" / "cronofy"
    if not (package / "package.json").exists():
        _install(folder)
    assert json.loads((package / "package.json").read_text())["version"] == VERSION
    return package


def _install(folder: Path) -> None:
    quick = [
        "--fetch-retries=0",
        "--fetch-timeout=15000",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
    ]
    command = [
        "npm",
        "install",
        "--no-save",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        *quick,
        f"cronofy@{VERSION}",
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        pytest.skip(f"cronofy@{VERSION} could not be installed: npm took more than 90 s")
    if done.returncode:
        pytest.skip(f"cronofy@{VERSION} could not be installed: {done.stderr.strip()[-400:]}")


@pytest.fixture
def seen(library: Path, receiver: Receiver) -> dict[str, Any]:
    """What the driver saw of a default sandbox."""
    with Sandbox() as sandbox:
        account = sandbox.ready()["accounts"][0]  # type: ignore[index]
        link = f"{sandbox.origin}/oauth/authorize?response_type=code&client_id={sandbox.client_id}"
        back = sandbox.control.consent(
            f"{link}&redirect_uri={CALLBACK}&scope=read_write", profile=account["sub"]
        )
        ready = sandbox.ready() | {
            "account": account,
            "redirect_uri": CALLBACK,
            "code": back.partition("code=")[2],
        }
        command = ["node", str(DRIVER), str(library), json.dumps(ready), receiver.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        content: dict[str, Any] = json.loads(done.stdout)
        return content | {"ready": account}


def test_the_node_client_gets_what_it_needs_from_every_call(seen: dict[str, Any]) -> None:
    account = seen["ready"]
    # tokens and identity
    assert (
        seen["token"]["sub"] == seen["userinfo"]["sub"] == seen["account"]["sub"] == account["sub"]
    )
    assert seen["refreshed"]["refresh_token"] == seen["token"]["refresh_token"]
    assert [one["profile_id"] for one in seen["profiles"]["profiles"]] == account["profiles"]
    assert [one["calendar_id"] for one in seen["calendars"]["calendars"]] == account["calendars"]
    # channels
    assert seen["channels"]["channels"] == [seen["channel"]["channel"]]
    assert seen["channelsAfter"]["channels"] == []
    # several pages
    assert len(seen["freeBusy"]) > 1
    assert len(seen["events"]) > 1
    # writes: an empty body is an empty string to this client
    assert seen["upserted"] == seen["deleted"] == seen["bulkDeleted"] == seen["closed"] == ""
    assert [one["event_id"] for one in seen["managed"]] == ["n-1"]
    assert seen["managedAfter"] == seen["managedAtLast"] == []
    assert [one["status"] for one in seen["batch"]["batch"]] == [202, 422, 202]
    # availability
    [period] = seen["periods"]["available_periods"]
    assert (period["start"], period["end"]) == ("2099-11-03T09:00:00Z", "2099-11-03T12:00:00Z")
    assert len(seen["slots"]["available_slots"]) == 3
    # refusals
    assert seen["missing"] == {"status": 404, "entity": ""}
    assert seen["revoked"] == ""
    assert seen["afterRevoke"] == {"status": 400, "entity": {"error": "invalid_grant"}}
