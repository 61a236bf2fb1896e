"""The settings speak their reader's clock, as the pages of times do; and understand either."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.hands import Mouse
from tests.browser.phone import PHONE
from tests.browser.readers import at_peace
from tests.browser.settings_page import at_settings, cell, hours, in_words, save, stored
from tests.support.typed_hours import TYPED, WRONG

UNMARKED = re.compile(r"(?<!\d)\d\d?:\d\d(?! ?[AP]M)")
READ = """() => [document.body.innerText,
  ...[...document.querySelectorAll("input:not([type=hidden])")].map((it) => it.value),
  ...[...document.querySelectorAll("[aria-label]")].map((it) => it.ariaLabel)].join("\\n")"""
WORKED = """() => [...document.querySelectorAll("[role=gridcell]")]
  .filter((it) => it.day === 0 && it.getAttribute("aria-selected") === "true")
  .map((it) => it.row)"""


def quarters(meant: str) -> list[int]:
    """Those of its own day that such hours work in."""
    found: set[int] = set()
    for window in filter(None, meant.split(", ")):
        (start, m), (end, n) = (map(int, it.split(":")) for it in window.split("-"))
        first, last = start * 4 + m // 15, end * 4 + n // 15
        if last <= first:
            last = 96
        found |= set(range(first, last))
    return sorted(found)


def unmarked(page: Page) -> list[str]:
    page.wait_for_load_state()
    return UNMARKED.findall(page.evaluate(READ))


def test_where_the_clock_has_twelve_hours_every_time_is_said_so(one_site: Site) -> None:
    with at_settings(one_site, language="en") as seen:
        page = seen.page
        page.click("#in-words summary")
        expect(hours(page, "mon")).to_have_value("9:00 AM-5:00 PM")
        expect(page.locator(".grid .full .clock").nth(9)).to_have_text("9 AM")
        cell(page, "Monday", "12:00 PM").scroll_into_view_if_needed()
        Mouse().sweep(cell(page, "Monday", "12:00 PM"), cell(page, "Monday", "12:45 PM"))
        expect(hours(page, "mon")).to_have_value("9:00 AM-12:00 PM, 1:00 PM-5:00 PM")
        expect(page.locator("#grid-said")).to_have_text("Monday 12:00 PM to 1:00 PM: not working")
        expect(page.locator("#change")).to_contain_text("fewer than saved")
        expect(in_words(page, "Saturday")).to_have_text("none")
        hours(page, "tue").fill("9 pm-3 am")
        expect(page.locator("#night-tue")).to_be_visible()
        page.get_by_label("Date 1", exact=True).fill("2026-06-04")
        page.get_by_label("Hours on date 1", exact=True).fill("13:00-15:00")
        save(page)
        expect(page.get_by_label("Hours on date 1", exact=True)).to_have_value("1:00 PM-3:00 PM")
        assert unmarked(page) == []
        its = stored(one_site).hours
        assert its.weekly_json()["mon"] == [["09:00", "12:00"], ["13:00", "17:00"]]
        assert its.weekly_json()["tue"] == [["21:00", "03:00"]]
        at_peace(seen, one_site)


def test_the_grid_understands_what_the_form_does(one_site: Site) -> None:
    with at_settings(one_site, language="en") as seen:
        page, monday = seen.page, hours(seen.page, "mon")
        hours(page, "sun").fill("")
        for typed, meant in TYPED.items():
            monday.fill(typed)
            assert page.evaluate(WORKED) == quarters(meant), typed
            expect(monday).not_to_have_attribute("aria-invalid", "true")
        for typed in WRONG:
            monday.fill(typed)
            expect(monday).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("scripted", [True, False])
def test_either_clock_is_typed_and_saved_and_what_is_neither_is_told(
    one_site: Site, scripted: bool
) -> None:
    with at_settings(one_site, language="en", java_script_enabled=scripted) as seen:
        page = seen.page
        hours(page, "mon").fill("10:00-16:30")
        hours(page, "tue").fill("10am-4:30 pm")
        hours(page, "wed").fill("half past nine")
        page.click("#save")
        expect(page.locator("[id='problem-hours.wed']")).to_have_text(
            "Write hours like 9:00 AM-12:30 PM, and separate several by commas."
        )
        expect(hours(page, "tue")).to_have_value("10am-4:30 pm")
        hours(page, "wed").fill("")
        page.click("#save")
        page.wait_for_url("**/settings?said=saved*")
        for day in ("mon", "tue"):
            expect(hours(page, day)).to_have_value("10:00 AM-4:30 PM")
            assert stored(one_site).hours.weekly_json()[day] == [["10:00", "16:30"]]


def test_hours_with_arabic_marks_are_read_from_the_right(one_site: Site) -> None:
    with at_settings(one_site, language="ar", **PHONE) as seen:
        page, monday = seen.page, hours(seen.page, "mon")
        expect(monday).to_have_value("9:00 ص-5:00 م")
        assert monday.evaluate("it => getComputedStyle(it).unicodeBidi") == "plaintext"
        monday.fill("\u0661\u0660:\u0660\u0660 ص - ٤ م")
        page.locator("#save").tap()
        page.wait_for_url("**/settings?said=saved*")
        expect(monday).to_have_value("10:00 ص-4:00 م")
        assert stored(one_site).hours.weekly_json()["mon"] == [["10:00", "16:00"]]
