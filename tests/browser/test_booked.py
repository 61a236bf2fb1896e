"""What comes after booking: a mail on its way, the calendar, until when cancelling is free; and
zones by city.
"""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from icalendar import Calendar
from playwright.sync_api import expect

from tests.browser.booking_page import TEN, button, guest, ready
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, violations
from tests.browser.screens import PHONE
from tests.support import people


def test_the_booked_page_says_what_happens_next_and_fills_a_calendar(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, **PHONE) as seen:
        page = seen.page
        button(page, people.at(4, 9)).tap()
        page.locator("#yes").tap()
        expect(page.locator("h1")).to_have_text("Your session is booked")
        expect(page.locator("#mail")).to_have_text(
            "A mail with the invitation is on its way to grace@example.test."
        )
        expect(page.locator("#free")).to_contain_text("until Wed 3 Jun, 10:00")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        # When the file is taken, then it is the session, by the name that the mail gives it
        with page.expect_download() as download:
            page.get_by_role("link", name="Calendar file").tap()
        (event,) = Calendar.from_ical(download.value.path().read_bytes()).events
        assert event.decoded("DTSTART") == datetime(2026, 6, 4, 9, tzinfo=UTC)
        assert event.decoded("DTEND") == datetime(2026, 6, 4, 10, tzinfo=UTC)
        assert str(event["SUMMARY"]) == "Session with Ada Lovelace"
        # And the links hold it too
        for name, host, held in (
            ("Google", "calendar.google.com", "20260604T090000Z/20260604T100000Z"),
            ("Outlook", "outlook.live.com", "2026-06-04T09:00:00Z"),
            ("Yahoo", "calendar.yahoo.com", "20260604T090000Z"),
        ):
            where = urlsplit(str(page.get_by_role("link", name=name).get_attribute("href")))
            assert where.hostname == host
            assert [held] in parse_qs(where.query).values()
        at_peace(seen, one_site)


def test_a_device_that_is_elsewhere_is_offered_its_own_zone(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, timezone_id="Asia/Tokyo", width=360) as seen:
        page = seen.page
        offer = page.locator("#device button")
        expect(offer).to_have_text("This device is elsewhere. Show times in Tokyo")
        assert violations(page) == []
        offer.click()
        page.wait_for_url("**zone=Asia/Tokyo**")
        expect(page.locator("#grid")).to_contain_text("Japan Time (Tokyo)")
        expect(page.locator("#device")).to_be_hidden()
        # And a zone is found by typing its city
        page.locator("#zone").focus()
        expect(page.locator("#zones option")).to_have_count(418 + 1)
        page.keyboard.type("Kath")
        page.keyboard.press("Enter")
        page.wait_for_url("**zone=Asia/Kathmandu**")
        at_peace(seen, one_site)
    with guest(one_site, timezone_id="Europe/London") as seen:
        expect(button(seen.page, TEN)).to_be_visible()
        expect(seen.page.locator("#device")).to_be_hidden()
