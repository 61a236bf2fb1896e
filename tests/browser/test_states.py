"""Every state is to be seen by more than its colour: pixels of neighbours, in light, dark and
forced colours.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.booking_page import button, guest, ready
from tests.browser.conftest import Site
from tests.browser.hands import to_the_middle
from tests.browser.pixels import NEEDED, apart
from tests.browser.readers import at_peace, violations
from tests.browser.screens import LOOKS
from tests.browser.settings_page import at_settings, cell, hours
from tests.support import people

BORDER = "it => { const s = getComputedStyle(it); return [s.borderTopWidth, s.borderTopStyle]; }"


def each_look(page: Page) -> Iterator[dict[str, Any]]:
    """The page in each of them; axe looks at the last."""
    for look in LOOKS:
        page.emulate_media(**look)
        yield look
    assert violations(page) == []


@pytest.mark.parametrize("width", [1440, 500])
def test_open_and_closed_times_stand_apart(one_site: Site, width: int) -> None:
    ready(one_site)
    with guest(one_site, width=width) as seen:
        page = seen.page
        swatches = page.locator(".legend .swatch")
        for look in each_look(page):
            for start, beneath in ((people.at(3, 10, 45), 1), (people.at(3, 14, 15), -1)):
                open_ = button(page, start)
                to_the_middle(open_)
                column, row = open_.evaluate(
                    "it => [it.closest('td').cellIndex, it.closest('tr').rowIndex]"
                )
                closed = page.locator(
                    f".week tbody tr:nth-child({row + beneath}) > :nth-child({column + 1})"
                )
                assert closed.inner_text() == "Unavailable"
                assert apart(page, open_.locator(".."), closed) >= NEEDED, look
            to_the_middle(swatches.first)
            assert apart(page, swatches.nth(0), swatches.nth(1)) >= NEEDED, look
        at_peace(seen, one_site)


def test_worked_hours_and_those_about_to_change_stand_apart(one_site: Site) -> None:
    with at_settings(one_site, width=1440) as seen:
        page = seen.page
        for look in each_look(page):
            to_the_middle(cell(page, "Monday", "09:00"))
            assert (
                apart(page, cell(page, "Monday", "09:30"), cell(page, "Monday", "08:30")) >= NEEDED
            ), look
            # When a range is marked, within what is worked and beyond it
            for day, beside, steps in (("Monday", "Tuesday", 0), ("Sunday", "Saturday", 6)):
                cell(page, "Monday", "09:00").focus()
                page.keyboard.press("Home")
                for key in ("ArrowRight",) * steps + ("Shift+ArrowDown",) * 3:
                    page.keyboard.press(key)
                row = page.locator(".grid .range").nth(1).get_attribute("aria-label")
                clock = str(row).rpartition(" ")[2]
                assert apart(page, cell(page, day, clock), cell(page, beside, clock)) >= NEEDED, (
                    look
                )
                page.keyboard.press("Escape")
            # And in the week that follows
            after = page.locator(".effect .column").nth(1).locator("dd + dt").first
            to_the_middle(after)
            assert apart(page, after.locator("xpath=preceding-sibling::dd[1]"), after) >= NEEDED, (
                look
            )
        at_peace(seen, one_site)


def test_a_wrong_field_is_marked_by_more_than_colour(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        hours(page, "mon").fill("soon")
        for look in each_look(page):
            wrong, right = (hours(page, day).evaluate(BORDER) for day in ("mon", "tue"))
            assert wrong != right, look
