"""Whoever leaves a page comes back to what they did: with Back, after a lost network, and after a
visit that ended while nobody pressed anything.
"""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, expect

from tests.browser.booking_page import bookings_of, button, guest, ready
from tests.browser.conftest import Site, served
from tests.browser.phone import PHONE
from tests.browser.settings_page import at_settings, hours, save, stored
from tests.browser.visits import Clock, pass_time, to_settings
from tests.support import people
from tests.support.databases import Kind


def test_what_was_typed_is_kept_though_nothing_was_pressed(
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
        to_settings(page, site)
        hours(page, "sat").fill("10:00-12:00")
        pass_time(page, clock, timedelta(hours=1, minutes=56))
        expect(page.locator("#ending")).to_be_visible()
        pass_time(page, clock, timedelta(minutes=5))
        expect(page.locator("#ending")).to_contain_text("Your visit is over")
        page.on("dialog", lambda dialog: dialog.accept())
        to_settings(page, site)
        expect(page.locator("#restored")).to_be_focused()
        expect(hours(page, "sat")).to_have_value("10:00-12:00")


def test_a_save_without_a_network_loses_nothing(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        hours(page, "sat").fill("10:00-12:00")
        page.context.set_offline(True)
        page.click("#save")
        expect(page.locator("#unsaved")).to_be_focused()
        expect(page.locator("#live")).to_contain_text("cannot be reached")
        expect(hours(page, "sat")).to_have_value("10:00-12:00")
        page.context.set_offline(False)
        save(page)
        assert stored(one_site).hours.weekly_json()["sat"] == [["10:00", "12:00"]]


def test_a_laptop_without_a_network_saves_at_its_own_server(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        page.add_init_script("Object.defineProperty(navigator, 'onLine', {get: () => false})")
        page.reload()
        hours(page, "sat").fill("10:00-12:00")
        save(page)
        assert stored(one_site).hours.weekly_json()["sat"] == [["10:00", "12:00"]]


def test_back_to_the_settings_after_saving_shows_what_is_saved(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        hours(page, "sat").fill("10:00-12:00")
        save(page)
        page.go_back()
        page.wait_for_url("**/settings")
        expect(hours(page, "sat")).to_have_value("10:00-12:00")
        hours(page, "sun").fill("10:00-12:00")
        save(page)
        assert stored(one_site).hours.weekly_json()["sat"] == [["10:00", "12:00"]]


def test_back_and_forward_among_times_show_them_as_they_are(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site) as seen:
        page = seen.page
        button(page, people.at(4, 9)).click()
        page.wait_for_url("**/book/confirm**")
        page.go_back()
        expect(button(page, people.at(4, 9))).to_be_visible()
        page.go_forward()
        expect(page.locator("h1")).to_have_text("Book this time?")
        page.click("#yes")
        page.wait_for_url("**/book/bookings/**")
        page.go_back()
        page.go_back()
        expect(page.locator("#mine")).to_be_visible()
        expect(button(page, people.at(4, 9))).to_have_count(0)
    assert bookings_of(one_site) == [("grace", "booked")]


def test_a_double_tap_on_the_confirmation_books_once(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, f"/book/confirm?duration=60&start={people.at(4, 9)}", **PHONE) as seen:
        page = seen.page
        page.locator("#yes").evaluate("it => { it.click(); it.click(); }")
        page.wait_for_url("**/book/bookings/**")
        expect(page.locator("h1")).to_have_text("Your session is booked")
    assert bookings_of(one_site) == [("grace", "booked")]


def test_a_length_chosen_without_a_network_is_told_and_chosen_again(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site) as seen:
        page = seen.page
        page.context.set_offline(True)
        page.select_option("#duration", "30")
        expect(page.locator("#lost")).to_be_visible()
        expect(page.locator("#duration")).to_have_value("60")
        page.context.set_offline(False)
        page.select_option("#duration", "30")
        page.wait_for_url("**duration=30**")
