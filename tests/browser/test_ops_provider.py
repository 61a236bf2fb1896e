"""Ops log in by a real provider: npm's oidc-provider, at its own pages for developers, in a real
browser.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dramatiq.brokers.stub import StubBroker
from playwright.sync_api import Browser, Page, expect

from storage.rows import audit_log
from tests.browser.conftest import Site
from tests.browser.readers import violations
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.installing import from_npm
from tests.support.listening import listening
from tests.support.ports import free_port
from workers.doctor import provider as provider_check
from workers.oidc import exchanges


def real_time() -> datetime:
    return datetime.now(UTC)


ELSEWHERE = re.compile(r"https?://(?!127\.0\.0\.1[:/])")
"""The provider's pages want fonts from the internet."""
FILES = Path(__file__).with_name("oidc_provider")


@contextmanager
def running(folder: Path, port: int, redirect: str) -> Iterator[None]:
    """The provider, once it listens."""
    shutil.copy(FILES / "provider.mjs", folder)
    command = ["node", "provider.mjs", str(port), redirect]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout is not None
        try:
            told = process.stdout.readline()
            assert told.strip() == "listening", (folder / "log").read_text()
            yield
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture
def provided_site(
    request: pytest.FixtureRequest,
    chromium: Browser,
    fresh_database: Callable[[Kind], str],
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """The product, whose people of ops log in by that provider, which takes seconds here."""
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(exchanges, name, 60.0)
    folder = from_npm(request.config, "oidc-provider-9.13.3", FILES)
    port, theirs = free_port(), free_port()
    public = f"http://127.0.0.1:{port}"
    settings = {
        "public_url": public,
        "internal_port": None,
        "oidc_issuer": f"http://127.0.0.1:{theirs}",
        "oidc_client_id": "coachcal",
        "oidc_client_secret": "a+secret/of%ours",
        "oidc_scope": "openid email groups",
        "oidc_act_groups": "coachcal-act",
        "oidc_read_groups": "coachcal-read",
    }
    url = fresh_database("sqlite")
    # Its tokens are of this very hour.
    opened = desks.opened(url, redis_url, broker=StubBroker(), now=real_time, **settings)
    with running(folder, theirs, f"{public}/ops/oidc/callback"), opened as desk:
        people.introduce(desk.database)
        with listening(desk.client.application, port) as origin:
            yield Site(desk, origin, chromium)


def log_in(page: Page, who: str) -> None:
    """At the provider's pages, from our own login."""
    page.route(ELSEWHERE, lambda route: route.abort())
    page.goto("/ops/login?next=/ops/pauses")
    page.get_by_role("link", name="Log in at 127.0.0.1").click()
    page.get_by_placeholder("Enter any login").fill(who)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def test_people_of_a_real_provider_act_read_or_are_told_why_they_may_not(
    provided_site: Site,
) -> None:
    # Given its metadata and keys, which the doctor can read
    services = provided_site.desk.runtime.services
    (finding,) = provider_check.look(services)
    assert finding.next_step == ""
    # When somebody logs in who may act, then they do
    with provided_site.visit() as seen:
        log_in(seen.page, "acting")
        seen.page.wait_for_url("**/ops/pauses")
        expect(seen.page.locator(".who")).to_have_text("acting@example.test")
        seen.complaints.clear()  # of the provider's pages
        seen.page.get_by_role("button", name="Pause mails").click()
        expect(seen.page.locator("#pauses")).to_contain_text("oidc/acting (acting@example.test)")
        assert seen.complaints == []
        seen.page.get_by_role("button", name="Log out").click()
        seen.page.wait_for_url("**/ops/login")
        assert violations(seen.page) == []
    # When somebody may read, then they see the same page without a button, and the server refuses
    with provided_site.visit() as seen:
        log_in(seen.page, "reading")
        seen.page.wait_for_url("**/ops/pauses")
        expect(seen.page.locator(".who")).to_have_text("reading@example.test, read only")
        expect(seen.page.get_by_role("button", name="Resume mail")).to_have_count(0)
        form: dict[str, str | float | bool] = {"what": "mail"}
        form["csrf"] = seen.page.locator("[name=csrf]").first.input_value()
        answer = seen.page.request.post("/ops/pauses/resume", form=form)
        assert answer.status == 403
        assert "read_only_role" in answer.text()
    # When somebody is in no group of ours, then a page says so
    with provided_site.visit() as seen:
        log_in(seen.page, "stranger")
        expect(seen.page.get_by_role("alert")).to_contain_text("oidc_no_group")
        seen.page.goto("/ops")
        expect(seen.page).to_have_url(re.compile(r"/ops/login\?next="))
    with provided_site.desk.database.read() as tx:
        done = [(deed.action, deed.actor) for deed in audit_log.deeds(tx)]
    acting, reading = (f"oidc/{who} ({who}@example.test)" for who in ("acting", "reading"))
    assert sorted(done) == [
        ("login", acting),
        ("login", reading),
        ("logout", acting),
        ("pause", acting),
    ]
