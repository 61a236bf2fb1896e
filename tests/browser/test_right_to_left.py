"""The pages in Arabic, which is read from right to left: nothing stands out at a side, and days run
the way they are read.
"""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.booking_page import button, reader_of_arabic, tab_into_grid
from tests.browser.conftest import Site
from tests.browser.phone import OUTSIDE
from tests.browser.readers import at_peace, violations
from tests.browser.settings_page import at_settings
from tests.support import people

PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
FIRST = "#grid td button"


def reads_from_the_right(page: Page) -> None:
    assert page.evaluate("[document.documentElement.lang, document.dir]") == ["ar", "rtl"]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(OUTSIDE) == []
    assert violations(page) == []


def test_a_phone_shows_the_booking_page_from_the_right(one_site: Site) -> None:
    with reader_of_arabic(one_site, **PHONE) as seen:
        page = seen.page
        expect(page.locator(FIRST).first).to_be_in_viewport(ratio=1)
        reads_from_the_right(page)
        monday, tuesday = (page.locator(".days > *").nth(day).bounding_box() for day in (0, 1))
        assert monday
        assert tuesday
        assert monday["x"] > tuesday["x"]
        page.locator(FIRST).first.tap()
        page.wait_for_url("**/book/confirm**")
        reads_from_the_right(page)
        page.locator("#yes").tap()
        page.wait_for_url("**/book/bookings/**")
        reads_from_the_right(page)
        at_peace(seen, one_site)


def test_a_phone_shows_the_settings_from_the_right(one_site: Site) -> None:
    with at_settings(one_site, language="ar", **PHONE) as seen:
        reads_from_the_right(seen.page)
        hours = seen.page.locator("#hours-mon")
        assert hours.evaluate("it => getComputedStyle(it).direction") == "ltr"
        at_peace(seen, one_site)


def test_an_arrow_goes_where_it_points_among_times(one_site: Site) -> None:
    with reader_of_arabic(one_site) as seen:
        tab_into_grid(seen.page)
        expect(button(seen.page, people.at(1, 8))).to_be_focused()
        seen.page.keyboard.press("ArrowLeft")
        expect(button(seen.page, people.at(2, 8))).to_be_focused()


def test_an_arrow_goes_where_it_points_among_hours(one_site: Site) -> None:
    with at_settings(one_site, language="ar") as seen:
        first = seen.page.locator("#grid [role=gridcell][tabindex='0']")
        first.focus()
        seen.page.keyboard.press("ArrowLeft")
        assert seen.page.evaluate("document.activeElement.day") == 1
