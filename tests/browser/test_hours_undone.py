"""Hours that are changed by mistake: several steps are undone, in sight; and a night is asked
about.
"""

from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.hands import to_the_middle
from tests.browser.readers import at_peace, violations
from tests.browser.screens import PHONE, week
from tests.browser.settings_page import at_settings, cell, hours


def test_what_a_finger_changed_is_said_in_sight_and_undone_step_by_step(one_site: Site) -> None:
    with at_settings(one_site, **PHONE) as seen:
        page, before = seen.page, week(seen.page)
        undo = page.locator("#undo")
        expect(undo).to_be_disabled()
        expect(page.locator("#whose")).to_have_text("For Ada Lovelace")
        to_the_middle(undo)
        cell(page, "Saturday", "08:00").tap()
        expect(undo).to_be_enabled()
        first = week(page)
        cell(page, "Sunday", "08:00").tap()
        expect(page.locator("#grid-said")).to_contain_text("Sunday 08:00 to 08:15: working")
        expect(page.locator("#grid-said")).to_be_in_viewport()
        to_the_middle(undo)
        undo.tap()
        expect(page.locator("#grid-said")).to_have_text("Undone.")
        assert week(page) == first
        undo.tap()
        expect(undo).to_be_disabled()
        assert week(page) == before
        expect(page.locator("#unsaved")).to_be_hidden()
        # And by keyboard
        cell(page, "Monday", "09:00").focus()
        page.keyboard.press("Space")
        assert week(page) != before
        page.keyboard.press("Control+z")
        assert week(page) == before
        at_peace(seen, one_site)


def test_a_night_is_asked_about(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page, night = seen.page, seen.page.locator("#night-mon")
        hours(page, "mon").fill("17:00-09:00")
        expect(night).to_contain_text("Is the night meant?")
        assert violations(page) == []
        hours(page, "mon").fill("09:00-17:00, 22:00-24:00")
        expect(night).to_be_hidden()
        hours(page, "mon").fill("22:00-02:00")
        page.click("#save")
        expect(page.locator("#said")).to_contain_text("Saved.")
        expect(night).to_be_visible()
