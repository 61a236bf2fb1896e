"""Pages leave people where they are and do what they show: on the viewport, with real fingers, in a
real browser.
"""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.booking_page import TEN, bookings_of, button, guest, ready
from tests.browser.conftest import Site
from tests.browser.hands import Touch, hold_time, middle, to_the_middle
from tests.browser.readers import at_peace, violations
from tests.browser.screens import PHONE, SIZES, in_view, week
from tests.browser.settings_page import at_settings, cell, hours
from tests.support import people


def scrolled(page: Page) -> float:
    """How far, once the page is at rest."""
    page.wait_for_load_state("networkidle")
    return float(page.evaluate("new Promise(done => setTimeout(() => done(scrollY), 100))"))


# -- the settings: nothing scrolls but the person
# -------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=["1440", "360"])
@pytest.mark.parametrize("lost", [False, True])
def test_the_settings_open_at_their_top_also_for_a_coach_who_comes_to_reconnect(
    one_site: Site, size: Any, lost: bool
) -> None:
    with at_settings(one_site, **size) as seen:
        page = seen.page
        if lost:
            connection_id = people.connect(one_site.desk.database, sub="acc_lost")
            profile = replace(
                people.ACCOUNT.profiles[0],
                connected=False,
                relink_url="https://app.cronofy.test/r/1",
            )
            found = replace(people.ACCOUNT, sub="acc_lost", profiles=(profile,))
            people.read(one_site.desk.database, connection_id, account=found)
            page.reload()
            expect(page.get_by_role("link", name="Reconnect")).to_be_visible()
        expect(page.locator("#grid")).to_be_visible()
        assert scrolled(page) == 0
        assert page.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("size", SIZES, ids=["1440", "360"])
def test_what_came_of_saving_is_in_view_and_has_the_focus(one_site: Site, size: Any) -> None:
    with at_settings(one_site, **size) as seen:
        page = seen.page
        page.fill("#post", "30")
        page.click("#save")
        expect(page.locator("#said")).to_contain_text("Saved.")
        expect(page.locator("#said")).to_be_focused()
        scrolled(page)
        assert in_view(page, "said")
        at_peace(seen, one_site)


@pytest.mark.parametrize("size", SIZES, ids=["1440", "360"])
@pytest.mark.parametrize(
    ("field", "value"), [("hours-wed", "soon"), ("zone", "Mars/Base"), ("horizon_days", "999")]
)
def test_the_first_wrong_field_has_the_focus_and_is_in_view_with_what_was_said(
    one_site: Site, size: Any, field: str, value: str
) -> None:
    with at_settings(one_site, **size) as seen:
        page = seen.page
        page.fill("#notice", "")  # wrong too
        page.fill(f"#{field}", value)
        page.click("#save")
        expect(page.locator("#said")).to_contain_text("Nothing was saved")
        scrolled(page)
        first = page.locator("[aria-invalid=true]").first
        expect(first).to_be_focused()
        assert in_view(page, "said")
        assert in_view(page, str(first.get_attribute("id")))
        assert violations(page) == []


def test_without_a_script_the_first_wrong_field_has_the_focus_too(one_site: Site) -> None:
    with at_settings(one_site, java_script_enabled=False, height=640) as seen:
        page = seen.page
        for box in page.get_by_role("checkbox", name=" min").all():
            box.uncheck()
        page.click("#save")
        expect(page.get_by_role("checkbox", name="15 min")).to_be_focused()
        expect(page.locator("#said")).to_be_in_viewport()
        page.get_by_role("checkbox", name="60 min").check()
        page.click("#save")
        expect(page.locator("#said")).to_be_focused()
        expect(page.locator("#said")).to_contain_text("Saved.")
        expect(page.locator("#said")).to_be_in_viewport()
        assert hours(page, "mon").input_value()


PLACES = """() => [scrollY, document.querySelector("#grid [role=grid]").scrollTop]"""


@pytest.mark.parametrize(
    ("across", "down"), [(0, -150), (0, 150), (60, -150), (-150, 0), (-100, 100)]
)
def test_a_swipe_on_the_hours_changes_none_of_them(one_site: Site, across: int, down: int) -> None:
    with at_settings(one_site, **PHONE) as seen:
        page, before = seen.page, week(seen.page)
        to_the_middle(cell(page, "Wednesday", "10:00"))
        places = page.evaluate(PLACES)
        x, y = middle(cell(page, "Wednesday", "10:00"))
        page.clock.install()
        hold_time(page)
        with Touch(page).down(x, y) as finger:
            finger.move(x + across, y + down)
        page.clock.run_for(600)
        page.wait_for_timeout(600)
        assert week(page) == before
        expect(page.locator("#unsaved")).to_be_hidden()
        if down:
            assert page.evaluate(PLACES) != places
        at_peace(seen, one_site)


def test_a_finger_that_rests_a_moment_paints_and_a_tap_chooses(one_site: Site) -> None:
    with at_settings(one_site, **PHONE) as seen:
        page = seen.page
        to_the_middle(cell(page, "Sunday", "10:00"))
        places = page.evaluate(PLACES)
        (x, y), (_, below) = (
            middle(cell(page, "Sunday", "10:00")),
            middle(cell(page, "Sunday", "11:45")),
        )
        # When it rests and then moves, the page stands still, and what is painted is marked all the
        # while
        with Touch(page).down(x, y) as finger:
            page.wait_for_timeout(700)
            expect(cell(page, "Sunday", "10:00")).to_have_class("range")
            finger.move(x, below)
        expect(hours(page, "sun")).to_have_value("10:00-12:00")
        expect(page.locator(".grid .range")).to_have_count(0)
        assert page.evaluate(PLACES) == places
        # When it rests and is lifted, or taps, that is a quarter hour, once
        with Touch(page).down(x, y):
            page.wait_for_timeout(700)
            expect(page.locator(".grid .range")).to_have_count(1)
        expect(hours(page, "sun")).to_have_value("10:15-12:00")
        cell(page, "Saturday", "10:00").tap()
        expect(hours(page, "sat")).to_have_value("10:00-10:15")
        # When a second finger comes, nothing is painted
        with Touch(page).down(x, y) as finger:
            page.wait_for_timeout(700)
            finger.join(x - 60, y)
            finger.move(x, below)
        assert week(page)[5:] == ["10:00-10:15", "10:15-12:00"]
        at_peace(seen, one_site)


# -- booking: what is shown is what is meant
# --------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=["1440", "360"])
def test_back_after_booking_shows_the_session_that_one_has(one_site: Site, size: Any) -> None:
    ready(one_site)
    with guest(one_site, **size) as seen:
        page = seen.page
        button(page, TEN).click()
        page.click("#yes")
        expect(page.locator("h1")).to_have_text("Your session is booked")
        page.go_back()
        expect(page.locator("h1")).to_have_text("You have this session")
        expect(page.locator("main")).to_contain_text("10:00 – 11:00")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        page.click("#mine")
        expect(page.locator("h1")).to_have_text("Your session is booked")
        at_peace(seen, one_site)
    assert bookings_of(one_site) == [("grace", "booked")]


@pytest.mark.parametrize("size", SIZES, ids=["1440", "360"])
def test_length_and_zone_apply_as_soon_as_they_are_chosen(one_site: Site, size: Any) -> None:
    ready(one_site)
    with guest(one_site, "/book?duration=60&week=2026-06-01", **size) as seen:
        page = seen.page
        expect(page.locator("#show")).to_be_hidden()
        late = button(page, people.at(2, 15, 15))
        expect(late).to_have_count(0)
        page.evaluate("scrollTo(0, 60)")
        page.locator("#duration").focus()
        page.select_option("#duration", "30")
        expect(late).to_be_visible()
        page.wait_for_load_state()  # another page: its script is to be at work
        page.locator("#zone").fill("Kathmandu")
        page.locator("#zone").press("Enter")
        expect(page.locator("#grid")).to_contain_text("All times are in Nepal Time (Kathmandu)")
        # The person is where they were
        expect(page.locator("#zone")).to_be_focused()
        assert scrolled(page) == 60
        # And the confirmation says it all
        late.click()
        for text in (
            "30 minutes",
            "Nepal Time (Kathmandu)",
            "United Kingdom Time (London)",
            "16:15 – 16:45",
        ):
            expect(page.locator("main")).to_contain_text(text)
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        at_peace(seen, one_site)


def test_whoever_chooses_with_keys_is_waited_for(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, "/book?duration=60") as seen:
        page = seen.page
        page.locator("#duration").focus()
        hold_time(page)
        for key in ("ArrowUp", "ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
        chosen = page.locator("#duration").input_value()
        assert "zone=" not in page.url
        page.clock.resume()
        page.wait_for_url(f"**duration={chosen}&zone=**")
        expect(page.locator("#duration")).to_have_value(chosen)
        expect(page.locator("#duration")).to_be_focused()
        assert len([url for url in seen.requests if "/book?" in url]) == 2
        at_peace(seen, one_site)


def test_without_a_script_a_time_is_asked_for_with_the_length_and_zone_that_look_chosen(
    one_site: Site,
) -> None:
    ready(one_site)
    with guest(one_site, "/book?duration=60", java_script_enabled=False) as seen:
        page = seen.page
        expect(page.locator("#show")).to_be_visible()
        page.select_option("#duration", "30")
        page.locator("#zone").fill("Kathmandu")
        button(page, TEN).click()
        for text in ("30 minutes", "Nepal Time (Kathmandu)", "10:00 – 10:30"):
            expect(page.locator("main")).to_contain_text(text)
