"""A visit, and its end: a clock that is ours, for the server and for the page."""

from datetime import datetime, timedelta

from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.support import page_visitor, people

BACK = "https://os.test/me"


class Clock:
    """The server's."""

    def __init__(self) -> None:
        self.shows = people.NOW

    def __call__(self) -> datetime:
        return self.shows


def follow(page: Page, site: Site, **asked: str) -> None:
    page.goto(page_visitor.path_of(page_visitor.link(site.desk, **{"return_url": BACK} | asked)))


def to_settings(page: Page, site: Site) -> None:
    follow(page, site, purpose="settings", participant=None)  # type: ignore[arg-type]  # left out
    page.wait_for_url("**/settings")


def pass_time(page: Page, clock: Clock, by: timedelta) -> None:
    """For the server and for the page."""
    clock.shows += by
    page.clock.fast_forward(int(by.total_seconds() * 1000))
