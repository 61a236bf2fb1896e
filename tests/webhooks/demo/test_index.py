"""The index of the demo: which of its parts run, and links for nobody but whoever clicks on it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.support import forks
from tests.support.sandbox import Sandbox
from webhooks.demo.http_server import HOST, serving
from webhooks.demo.index import Index
from webhooks.demo.index_pages import PAGE_POLICY, create_app
from webhooks.demo.people import samples
from webhooks.demo.postbox import Postbox
from webhooks.demo.processes import Processes
from webhooks.demo.stage import Api, Stage

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Around a sandbox and a post box; web, worker and clock were never started."""
    people = samples(datetime.now(UTC))[0].people
    processes = Processes(tmp_path, forks.process)
    with Postbox.open() as box, Sandbox(seeds=[]) as sandbox:
        api = Api(NOWHERE, "key")
        stage = Stage(sandbox.control, api, NOWHERE, sandbox.origin, box, "key", processes)
        with serving(create_app(Index(stage, people)), "index") as port:
            yield f"http://{HOST}:{port}"


def test_what_does_not_run_is_told_with_its_reason(index: str) -> None:
    page = requests.get(index, timeout=60).text
    assert "Not all of it runs: Web, Worker, Clock, Sandbox Cronofy." in page
    assert page.count("Does not serve: it was not started") == 4
    assert page.count(">Runs<") == 1  # the post box
    for name in ("Mira", "Jonas", "Suki"):
        assert f"of {name}, in a new tab" in page


def test_a_link_that_cannot_be_made_says_why_and_leads_back(index: str) -> None:
    answer = requests.get(f"{index}/as/participant/mira", allow_redirects=False, timeout=60)
    assert answer.status_code == 503
    assert "The web process made no link: it was not started" in answer.text
    assert '<a href="/">' in answer.text


@pytest.mark.parametrize("path", ["/as/manager/mira", "/as/participant/nobody", "/nothing"])
def test_what_is_not_there_is_a_page_that_leads_back(index: str, path: str) -> None:
    answer = requests.get(index + path, timeout=60)
    assert answer.status_code == 404
    assert '<a href="/">' in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_somebody_else_s_makes_no_link(index: str, site: str) -> None:
    said = {"Sec-Fetch-Site": site}
    answer = requests.get(f"{index}/as/participant/mira", headers=said, timeout=60)
    assert answer.status_code == 403
    assert '<a href="/">' in answer.text


def test_a_name_that_was_rebound_to_this_machine_reads_nothing(index: str) -> None:
    answer = requests.get(index, headers={"Host": "evil.example"}, timeout=60)
    assert answer.status_code == 400
    assert "key" not in answer.text


def test_it_may_load_our_own_sheet_and_script_only(index: str) -> None:
    answer = requests.get(index, timeout=60)
    assert answer.headers["Content-Security-Policy"] == PAGE_POLICY
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert " style=" not in answer.text
    assert "<style" not in answer.text
