"""The booking page and the settings on a phone, by real touch: what is seen at once, and what a
finger can hit.
"""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.test_booking_page import bookings_of, button, guest, ready
from tests.browser.test_booking_viewers import staff
from tests.browser.test_ops import at_peace, violations
from tests.browser.test_settings_page import at_settings
from tests.support import people

PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
SMALL = """() => [...document.querySelectorAll(
    "button, .button, select, summary, header a, .list a, .days a,"
    + "input:not([type=hidden]), label:has(input)")]
  .filter((it) => it.checkVisibility() && !it.matches(".hidden, [type=checkbox], [type=radio]"))
  .filter((it) => {
    const box = it.getBoundingClientRect();
    return box.height < 43.5 || box.width < 43.5;
  })
  .map((it) => it.outerHTML.slice(0, 90))"""
FIRST = "#grid td:not([class]) button"


def small(page: Page) -> list[str]:
    """What a fingertip misses."""
    found: list[str] = page.evaluate(SMALL)
    return found


def at_first_sight(page: Page) -> None:
    """Nobody has scrolled, and there is an open time."""
    assert page.evaluate("scrollY") == 0
    expect(page.locator(FIRST).first).to_be_in_viewport(ratio=1)
    expect(page.locator("#arrows")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert small(page) == []


def test_a_participant_books_by_two_taps_without_scrolling(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, "/book", **PHONE) as seen:
        page = seen.page
        at_first_sight(page)
        assert violations(page) == []
        # When the day after is chosen, its times are beneath the strip, and stay so
        page.locator(".days a", has_text="3").tap()
        wednesday = button(page, people.at(3, 8))
        expect(wednesday).to_be_in_viewport(ratio=1)
        expect(page.locator(".days")).to_be_in_viewport(ratio=1)
        page.wait_for_function("document.elementFromPoint(60, 20)?.closest('.days') != null")
        wednesday.tap()
        expect(page.locator("h1")).to_have_text("Book this time?")
        assert small(page) == []
        page.locator("#yes").tap()
        expect(page.locator("h1")).to_have_text("Your session is booked")
        assert small(page) == []
        at_peace(seen, one_site)
    assert bookings_of(one_site) == [("grace", "booked")]


def test_a_coach_sees_an_open_time_at_first_sight_and_closed_ones_when_asked(
    one_site: Site,
) -> None:
    ready(one_site)
    with staff(one_site, "coach", "/book", **PHONE) as seen:
        page = seen.page
        at_first_sight(page)
        busy = button(page, people.at(3, 12))
        expect(busy).to_be_hidden()
        page.locator("#whole-day").tap()
        page.wait_for_url("**frame=0-1440*")
        expect(busy).to_be_visible()
        expect(busy).to_contain_text("13:00")
        assert small(page) == []
        busy.tap()
        expect(page.locator("#overrides")).to_be_visible()
        at_peace(seen, one_site)


def test_a_far_zone_folds_what_is_closed(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, "/book?zone=Pacific/Auckland") as seen:
        page = seen.page
        fold = page.locator(".week .fold")
        expect(fold).to_have_count(1)
        expect(fold).to_contain_text("closed")
        assert page.locator(".week").evaluate("it => it.offsetHeight") < 1400
        # And the arrows go over it
        page.locator(FIRST).first.focus()
        for _ in range(40):
            page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.closest('tr').rowIndex") > fold.evaluate(
            "it => it.rowIndex"
        )
        page.emulate_media(media="print")
        assert page.locator(".week").evaluate("it => it.offsetHeight") < 1400


def test_a_finger_can_hit_all_of_the_settings(one_site: Site) -> None:
    with at_settings(one_site, **PHONE) as seen:
        assert small(seen.page) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
        assert violations(seen.page) == []
