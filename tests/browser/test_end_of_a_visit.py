"""Two hours after a link was followed: a warning before, the way back after, and nothing that was
typed is lost.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from domain.accounts import Calendar
from storage.rows import connections
from tests.browser.booking_page import TEN, button, look_again
from tests.browser.conftest import served
from tests.browser.readers import violations
from tests.browser.screens import in_view
from tests.browser.settings_page import hours, save, stored
from tests.browser.visits import BACK, Clock, follow, pass_time, to_settings
from tests.support import people
from tests.support.databases import Kind

SIZES = pytest.mark.parametrize("width", [1440, 360])


@SIZES
def test_what_was_typed_in_the_settings_outlives_the_visit(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str, width: int
) -> None:
    clock = Clock()
    with (
        served(fresh_database("sqlite"), redis_url, chromium, now=clock) as site,
        site.visit(width=width) as seen,
    ):
        people.ready(site.desk.database, people.MAILED)
        page = seen.page
        page.clock.install()
        to_settings(page, site)
        hours(page, "sat").fill("10:00-12:00")
        page.get_by_role("checkbox", name="45 min").check()
        for row in (1, 2, 3):
            if row == 3:
                page.click("#add-date")
            page.get_by_label(f"Date {row}", exact=True).fill(f"2026-06-1{row}")
        # When five minutes are left, then it is said, in view, and nothing moves
        expect(page.locator("#ending")).to_be_hidden()
        pass_time(page, clock, timedelta(hours=1, minutes=55, seconds=10))
        expect(page.locator("#ending")).to_contain_text("less than five minutes")
        assert in_view(page, "ending")
        assert violations(page) == []
        # When it is over, then it is said, with the way back
        pass_time(page, clock, timedelta(minutes=5))
        expect(page.locator("#ending")).to_contain_text("Your visit is over")
        expect(page.locator("#ending a")).to_have_attribute("href", BACK)
        page.click("#save")
        expect(page.locator("h1")).to_have_text("Your visit is over")
        expect(page.locator("#kept")).to_be_visible()
        expect(page.get_by_role("link", name="Back to where you came from").last).to_have_attribute(
            "href", BACK
        )
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert stored(site).hours == people.ADA.hours
        # When the coach comes with a new link, then it is there again, and saved by one press
        to_settings(page, site)
        expect(page.locator("#restored")).to_be_focused()
        assert in_view(page, "restored")
        expect(hours(page, "sat")).to_have_value("10:00-12:00")
        expect(page.get_by_label("Date 3", exact=True)).to_have_value("2026-06-13")
        expect(page.locator("#unsaved")).to_be_visible()
        save(page)
        assert stored(site).hours.weekly_json()["sat"] == [["10:00", "12:00"]]
        assert set(stored(site).hours.overrides_json()) == {
            "2026-06-11",
            "2026-06-12",
            "2026-06-13",
        }
        assert stored(site).durations == (30, 45, 60)
        # And it comes once
        to_settings(page, site)
        expect(page.locator("#restored")).to_be_hidden()


def test_the_booking_page_that_ends_leads_back(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    clock = Clock()
    with (
        served(fresh_database("sqlite"), redis_url, chromium, now=clock) as site,
        site.visit() as seen,
    ):
        people.ready(site.desk.database, people.MAILED)
        page = seen.page
        page.clock.install()
        follow(page, site)
        expect(button(page, TEN)).to_be_visible()
        clock.shows += timedelta(hours=2)
        look_again(page)
        expect(page.locator("h1")).to_have_text("Your visit is over")
        expect(page.get_by_role("link", name="Back to where you came from").last).to_have_attribute(
            "href", BACK
        )
        expect(page.locator("#kept")).to_be_hidden()
        assert violations(page) == []


def test_an_account_that_was_connected_since_is_not_left_out_by_what_was_typed(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    clock = Clock()
    with (
        served(fresh_database("sqlite"), redis_url, chromium, now=clock) as site,
        site.visit() as seen,
    ):
        database = site.desk.database
        people.ready(database, people.MAILED)
        page = seen.page
        page.clock.install()
        page.on("dialog", lambda dialog: dialog.accept())
        to_settings(page, site)
        page.get_by_role("checkbox", name="Home").uncheck()
        pass_time(page, clock, timedelta(hours=1, minutes=56))
        expect(page.locator("#ending")).to_be_visible()
        pass_time(page, clock, timedelta(minutes=5))
        expect(page.locator("#ending")).to_contain_text("Your visit is over")
        # When another account is connected elsewhere, before the coach comes with a new link
        (profile,) = people.ACCOUNT.profiles
        its = replace(profile, calendars=(Calendar("cal_second", "Second"),))
        another = people.connect(database, sub="acc_second")
        found = replace(people.ACCOUNT, sub="acc_second", profiles=(its,))
        people.read(database, another, account=found)
        to_settings(page, site)
        # Then what was typed is there again, and the new account blocks as it did
        expect(page.locator("#restored")).to_be_focused()
        expect(page.get_by_role("checkbox", name="Home")).not_to_be_checked()
        expect(page.get_by_role("checkbox", name="Second")).to_be_checked()
        save(page)
        with database.read() as tx:
            blocking = [set(each.blocking) for each in connections.of_coach(tx, "ada")]
        assert blocking == [{people.WORK}, {"cal_second"}]
