"""A time that is kept while somebody confirms it, as they and a second visitor see it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.booking_page import TEN, bookings_of, button, guest, look_again, ready
from tests.browser.conftest import Seen, Site, served
from tests.browser.readers import at_peace, violations
from tests.support import people
from tests.support.databases import Kind
from tests.support.page_visitor import HEDY
from workers import clock

HEADING = "Book this time?"


class Watch:
    """The server's clock."""

    def __init__(self) -> None:
        self.now = people.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def timed_site(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str, watch: Watch
) -> Iterator[Site]:
    with served(fresh_database("sqlite"), redis_url, chromium, now=watch) as site:
        ready(site)
        yield site


def press(seen: Seen) -> Page:
    button(seen.page, TEN).click()
    expect(seen.page.locator("h1")).to_have_text(HEADING)
    expect(seen.page.locator("#kept")).to_contain_text("for 5 minutes, until")
    return seen.page


def test_a_second_visitor_sees_it_taken_and_open_again_when_it_is_given_back(
    timed_site: Site,
) -> None:
    with (
        guest(timed_site, width=360) as hers,
        guest(timed_site, "/book?duration=60&zone=Europe/London", HEDY) as theirs,
    ):
        expect(button(theirs.page, TEN)).to_be_visible()
        page = press(hers)
        assert violations(page) == []
        look_again(theirs.page)
        expect(button(theirs.page, TEN)).to_have_count(0)
        # When it is given back by the page's button, and by the browser's
        for back in (page.locator("#other").click, page.go_back):
            with page.expect_response("**/book/choose"):
                back()
            expect(button(page, TEN)).to_be_visible()
            look_again(theirs.page)
            expect(button(theirs.page, TEN)).to_be_visible()
            press(hers)
            look_again(theirs.page)
            expect(button(theirs.page, TEN)).to_have_count(0)
        # Then nothing was in its owner's own way
        page.locator("#yes").click()
        expect(page.locator("h1")).to_have_text("Your session is booked")
        at_peace(hers, timed_site)
        at_peace(theirs, timed_site)
    assert bookings_of(timed_site) == [("grace", "booked")]


def test_when_it_is_over_both_see_so(timed_site: Site, watch: Watch) -> None:
    with (
        guest(timed_site) as hers,
        guest(timed_site, "/book?duration=60&zone=Europe/London", HEDY) as theirs,
    ):
        page = press(hers)
        look_again(theirs.page)
        expect(button(theirs.page, TEN)).to_have_count(0)
        # When five minutes are over, and the clock has opened the time
        watch.now += timedelta(minutes=5)
        clock.reopen(timed_site.desk.runtime.services, timed_site.desk.runtime.actors)
        page.clock.fast_forward(300_000)
        expect(page.locator("#kept")).to_have_text(
            "This time is no longer kept for you. You can still book it, as long as nobody else "
            "takes it."
        )
        look_again(theirs.page)
        expect(button(theirs.page, TEN)).to_be_visible()
        # Then whoever is first has it
        press(theirs)
        page.locator("#yes").click()
        expect(page.locator("h1")).to_have_text("Somebody else was faster")
        theirs.page.locator("#yes").click()
        expect(theirs.page.locator("h1")).to_have_text("Your session is booked")
    assert bookings_of(timed_site) == [("hedy", "booked")]


def test_all_of_it_goes_without_a_script(timed_site: Site) -> None:
    with (
        guest(timed_site, java_script_enabled=False) as hers,
        guest(timed_site, "/book?duration=60&zone=Europe/London", HEDY) as theirs,
    ):
        page = press(hers)
        look_again(theirs.page)
        expect(button(theirs.page, TEN)).to_have_count(0)
        page.locator("#other").click()
        look_again(theirs.page)
        expect(button(theirs.page, TEN)).to_be_visible()
        press(hers).locator("#yes").click()
        expect(page.locator("h1")).to_have_text("Your session is booked")
