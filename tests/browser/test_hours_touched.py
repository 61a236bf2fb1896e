"""The hours by real touch, in a page that is read from the left and in one from the right: what is
painted is beneath the finger, a swipe scrolls, and all of it can be undone.
"""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site
from tests.browser.hands import Touch, hold_time, middle, to_the_middle
from tests.browser.readers import at_peace
from tests.browser.screens import PHONE, week
from tests.browser.settings_page import at_settings

RESTED, HURRIED = 700, 150
"""Milliseconds that a finger stays where it came down: to paint, and before it swipes."""
SAT, SUN = 5, 6
TEN, NOON = 40, 48
MARKED = """([x, y]) => {
  const found = [...document.querySelectorAll(".grid .range")];
  return found.length === 1 && found[0] === document.elementFromPoint(x, y);
}"""
SCROLLED = "() => [scrollY, document.querySelector('[role=grid]').scrollTop]"


def cell(page: Page, day: int, row: int) -> Locator:
    return page.locator(".grid [role=row]").nth(row + 1).locator("[role=gridcell]").nth(day)


@pytest.mark.parametrize("language", ["en-GB", "ar"])
def test_a_resting_finger_paints_what_is_beneath_it_and_a_swipe_scrolls(
    one_site: Site, language: str
) -> None:
    with at_settings(one_site, language=language, **PHONE) as seen:
        page, before = seen.page, week(seen.page)
        to_the_middle(cell(page, SAT, TEN))
        (x, y), (across, below) = middle(cell(page, SAT, TEN)), middle(cell(page, SUN, NOON - 1))
        assert (across < x) == (language == "ar")
        with Touch(page).down(x, y) as finger:
            page.wait_for_timeout(RESTED)
            page.wait_for_function(MARKED, arg=[x, y])
            finger.move(across, below)
        painted = week(page)
        assert painted[:SAT] == before[:SAT]
        assert painted[SAT] == painted[SUN] != ""
        for day in (SAT, SUN):
            for row, worked in ((TEN - 1, "false"), (TEN, "true"), (NOON - 1, "true")):
                expect(cell(page, day, row)).to_have_attribute("aria-selected", worked)
            expect(cell(page, day, NOON)).to_have_attribute("aria-selected", "false")
        # When the next finger swipes, slowly, from the same place
        places = page.evaluate(SCROLLED)
        page.clock.install()
        hold_time(page)
        with Touch(page).down(x, y) as finger:
            page.clock.run_for(HURRIED)
            finger.move(across, y - 150)
        page.clock.run_for(RESTED)
        page.wait_for_timeout(RESTED)
        assert week(page) == painted
        assert page.evaluate(SCROLLED) != places
        page.clock.resume()
        # Then all of it is taken back at once
        to_the_middle(page.locator("#undo"))
        page.locator("#undo").tap()
        expect(page.locator("#undo")).to_be_disabled()  # the tap has become a click
        assert week(page) == before
        expect(page.locator("#unsaved")).to_be_hidden()
        at_peace(seen, one_site)
