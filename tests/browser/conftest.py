"""A real Chromium before a real server, database and Redis. No Chromium: these tests are left out,
and say so.

Playwright brings no browser of its own here: it drives the system's.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support import http_client as desks
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.listening import listening
from tests.support.ports import free_port
from webhooks.cli.mails import BROWSERS

PATIENCE_MS = 60_000
"""On a machine that others use, a page takes seconds to be made and to be swapped."""
LEFT_OUT = (
    "the browser tests were left out: there is no Chromium here "
    "(Debian: apt-get install chromium-headless-shell)"
)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One for all tests here; gone before others, for Playwright's loop runs in this thread."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(LEFT_OUT)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # Root, as in containers, gets no sandbox; all that is opened here are our own pages.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Seen:
    """A page, all that it asked for, and what its console complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@dataclass
class Site:
    desk: Desk
    origin: str
    browser: Browser

    @contextmanager
    def visit(self, *, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Seen]:
        """Somebody who is not logged in."""
        context = self.browser.new_context(
            base_url=self.origin, viewport={"width": width, "height": height}, **options
        )
        context.set_default_timeout(PATIENCE_MS)
        yield Seen(context.new_page())
        context.close()

    @contextmanager
    def ops(self, **options: Any) -> Iterator[Seen]:
        """Somebody of ops who may erase people too, at the overview."""
        with self.visit(**options) as seen:
            seen.page.goto("/ops/login")
            seen.page.fill("#key", self.desk.key("ops", "people:erase"))
            seen.page.keyboard.press("Enter")
            seen.page.wait_for_url("**/ops")
            yield seen


@contextmanager
def served(database_url: str, redis_url: str, browser: Browser, **changes: Any) -> Iterator[Site]:
    port = free_port()  # known before, because links lead to the public URL
    changes = {"public_url": f"http://127.0.0.1:{port}", "internal_port": None} | changes
    opened = desks.opened(database_url, redis_url, broker=StubBroker(), **changes)
    with opened as desk, listening(desk.client.application, port) as origin:
        yield Site(desk, origin, browser)


@pytest.fixture
def site(chromium: Browser, database_url: str, redis_url: str) -> Iterator[Site]:
    """On both kinds of database."""
    with served(database_url, redis_url, chromium) as opened:
        yield opened


@pytest.fixture
def one_site(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str
) -> Iterator[Site]:
    """For what does not touch the database's own ways: SQLite alone."""
    with served(fresh_database("sqlite"), redis_url, chromium) as opened:
        yield opened
