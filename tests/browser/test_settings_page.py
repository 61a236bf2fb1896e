"""The calendar settings in a real browser: hours by mouse, keyboard and touch, the week that
follows, and no script.
"""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site
from tests.browser.hands import Mouse, Touch, middle
from tests.browser.readers import at_peace, fits_everybody, tab_to
from tests.browser.settings_page import at_settings, cell, hours, in_words, save, stored
from tests.browser.weights import MOST_BYTES, weight
from tests.support import people

ROW = "09:00-17:00"


def drag(begin: Locator, end: Locator) -> None:
    begin.scroll_into_view_if_needed()
    Mouse().sweep(begin, end)


def count(page: Page) -> int:
    found = re.match(r"Bookable times: (\d+)", page.locator("#count").inner_text())
    assert found
    return int(found[1])


def test_hours_are_dragged_the_week_shows_it_at_once_and_is_the_same_after_saving(
    site: Site,
) -> None:
    with at_settings(site) as seen:
        page = seen.page
        before = count(page)
        # When a lunch is cleared, over three days
        drag(cell(page, "Monday", "12:00"), cell(page, "Wednesday", "12:45"))
        # Then it is in the fields, in the grid and in the week, before it is saved
        for day, told in (
            ("mon", "09:00-12:00, 13:00-17:00"),
            ("wed", "09:00-12:00, 13:00-17:00"),
            ("thu", ROW),
        ):
            expect(hours(page, day)).to_have_value(told)
        expect(cell(page, "Tuesday", "12:15")).to_have_attribute("aria-selected", "false")
        expect(page.locator("#change")).to_contain_text("fewer than saved")
        expect(page.locator("#unsaved")).to_be_visible()
        assert stored(site).hours == people.ADA.hours
        # When an evening is added, on a quarter hour
        drag(cell(page, "Saturday", "10:15"), cell(page, "Saturday", "11:30"))
        expect(hours(page, "sat")).to_have_value("10:15-11:45")
        expect(in_words(page, "Saturday")).to_have_text("10:15 to 11:15")
        expect(page.locator("#tally")).to_contain_text("saved")
        drawn, promised = page.locator(".effect").inner_html(), count(page)
        assert promised != before
        save(page)
        assert page.locator(".effect").inner_html() == drawn
        assert count(page) == promised
        assert stored(site).hours.weekly_json()["sat"] == [["10:15", "11:45"]]
        expect(page.locator("#unsaved")).to_be_hidden()
        at_peace(seen, site)


def test_the_same_by_keyboard_alone(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('role')") == "gridcell":
                break
        expect(cell(page, "Monday", "09:00")).to_be_focused()
        # from Monday 09:00 to Wednesday 12:00, and from there an hour down
        for key in ("PageDown", "PageDown", "PageDown"):
            page.keyboard.press(key)
        for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
            page.keyboard.press(f"Shift+{key}")
        page.keyboard.press("Space")
        for day in ("mon", "tue", "wed"):
            expect(hours(page, day)).to_have_value("09:00-12:00, 13:00-17:00")
        expect(hours(page, "thu")).to_have_value(ROW)
        expect(page.locator("#live")).to_have_text("Monday – Wednesday 12:00 to 13:00: not working")
        page.keyboard.press("End")
        expect(cell(page, "Sunday", "12:45")).to_be_focused()
        page.keyboard.press("Control+Home")
        expect(cell(page, "Monday", "00:00")).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(cell(page, "Monday", "00:00")).to_be_focused()
        # one tab stop: the next is the first text field
        page.keyboard.press("Tab")
        expect(hours(page, "mon")).to_be_focused()
        tab_to(page, "save")
        page.keyboard.press("Enter")
        page.wait_for_url("**/settings?said=saved*")
        assert stored(one_site).hours.weekly_json()["mon"] == [
            ["09:00", "12:00"],
            ["13:00", "17:00"],
        ]
        at_peace(seen, one_site)


def test_two_clicks_choose_a_beginning_and_an_end(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        cell(page, "Sunday", "10:00").click()
        expect(hours(page, "sun")).to_have_value("10:00-10:15")
        expect(page.locator("#live")).to_contain_text("choose the end")
        cell(page, "Sunday", "11:45").click()
        expect(hours(page, "sun")).to_have_value("10:00-12:00")
        # and a third begins anew: off, for a quarter hour
        cell(page, "Sunday", "11:00").click()
        expect(hours(page, "sun")).to_have_value("10:00-11:00, 11:15-12:00")
        cell(page, "Sunday", "11:00").click()
        expect(hours(page, "sun")).to_have_value("10:00-12:00")
        at_peace(seen, one_site)


def test_a_night_that_ends_the_next_day_is_cut_where_it_is_cleared(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        hours(page, "fri").fill("22:05-03:00")
        expect(cell(page, "Saturday", "02:45")).to_have_attribute("aria-selected", "true")
        expect(cell(page, "Friday", "22:00")).to_have_attribute("aria-selected", "false")
        drag(cell(page, "Saturday", "01:00"), cell(page, "Saturday", "01:45"))
        expect(hours(page, "fri")).to_have_value("22:05-01:00")
        expect(hours(page, "sat")).to_have_value("02:00-03:00")
        hours(page, "sat").fill("soon")
        expect(hours(page, "sat")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#effect-errors")).to_be_visible()
        at_peace(seen, one_site)


def test_buffers_change_the_week_at_once(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        before, drawn = count(page), page.locator(".effect").inner_html()
        page.fill("#pre", "60")
        expect(page.locator("#change")).to_contain_text("fewer than saved")
        assert count(page) < before
        assert page.locator(".effect").inner_html() != drawn
        page.select_option("#show", "60")
        expect(page.locator("#show")).to_have_value("60")
        page.fill("#pre", "15")
        expect(page.locator("#change")).to_contain_text("as many as saved")
        expect(page.locator("#unsaved")).to_be_hidden()
        assert stored(one_site).version == 1
        at_peace(seen, one_site)


def test_a_day_is_copied_and_dates_are_added(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        hours(page, "mon").fill("10:00-14:00")
        page.select_option("#copy-to", "weekdays")
        page.click("#copy")
        expect(hours(page, "fri")).to_have_value("10:00-14:00")
        expect(hours(page, "sat")).to_have_value("")
        page.click("#add-date")
        expect(page.get_by_label("Date 3", exact=True)).to_be_focused()
        page.get_by_label("Date 3", exact=True).fill("2026-06-03")
        expect(in_words(page, "Wednesday")).to_have_text("none")
        save(page)
        coach = stored(one_site)
        assert coach.hours.overrides_json() == {"2026-06-03": []}
        assert coach.hours.weekly_json() == {day: [["10:00", "14:00"]] for day in people.OFFICE}
        at_peace(seen, one_site)


def test_by_touch_on_a_narrow_screen(one_site: Site) -> None:
    with at_settings(one_site, width=360, height=740, has_touch=True, is_mobile=True) as seen:
        page = seen.page
        begin, end = cell(page, "Sunday", "10:00"), cell(page, "Sunday", "11:45")
        begin.scroll_into_view_if_needed()
        (x, y), (_, below) = middle(begin), middle(end)
        with Touch(page).down(x, y) as finger:
            page.wait_for_timeout(700)  # a finger that moves at once scrolls
            expect(begin).to_have_class("range")
            finger.move(x, below)
        expect(hours(page, "sun")).to_have_value("10:00-12:00")
        # and by two taps
        cell(page, "Saturday", "10:00").tap()
        cell(page, "Saturday", "10:45").tap()
        expect(hours(page, "sat")).to_have_value("10:00-11:00")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.tap("#save")
        page.wait_for_url("**/settings?said=saved*")
        assert stored(one_site).hours.weekly_json()["sun"] == [["10:00", "12:00"]]
        at_peace(seen, one_site)


def test_without_a_script_the_form_previews_and_saves(one_site: Site) -> None:
    with at_settings(one_site, java_script_enabled=False) as seen:
        page = seen.page
        before = count(page)
        expect(page.locator("#grid")).to_be_hidden()
        hours(page, "mon").fill("10:00-12:00")
        page.fill("#post", "45")
        page.click("#show-effect")
        expect(page.locator("#unsaved")).to_be_visible()
        assert count(page) < before
        assert stored(one_site).version == 1
        promised = count(page)
        hours(page, "tue").press("Enter")  # Enter in a field saves
        page.wait_for_url("**/settings?said=saved*")
        assert count(page) == promised
        assert stored(one_site).post == 45
        hours(page, "mon").fill("late")
        page.click("#save")
        expect(page.locator("[id='problem-hours.mon']")).to_be_visible()
        page.goto("/settings")
        page.get_by_role("link", name="Disconnect").click()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.locator("#said")).to_contain_text("being disconnected")


def test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen(one_site: Site) -> None:
    with at_settings(one_site, language="de") as seen:
        page = seen.page
        page.click("#in-words summary")
        hours(page, "mon").fill("spät")
        expect(page.locator("#effect-errors")).to_be_visible()
        fits_everybody(page)
        at_peace(seen, one_site)
        page.click("#save")
        expect(page.locator("[id='problem-hours.mon']")).to_be_visible()
        fits_everybody(page)
        page.goto("/settings")
        page.get_by_role("link", name="Trennen").click()
        fits_everybody(page)


def test_the_first_view_is_light(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        assert weight(seen) <= MOST_BYTES
