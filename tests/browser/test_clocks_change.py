"""The week in which the clocks change: columns, cells and buttons say which clock they mean."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.booking_page import guest
from tests.browser.conftest import served
from tests.browser.hands import to_the_middle
from tests.browser.pixels import NEEDED, apart
from tests.browser.readers import at_peace, violations
from tests.support import http_client as desks
from tests.support.databases import Kind
from tests.support.page_visitor import GRACE

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = desks.SETTINGS | {
    "hours": {day: [["00:00", "24:00"]] for day in DAYS},
    "policy": {"kind": "hours_only"},
}


def at_the_change(page: Page) -> None:
    """Sunday at one."""
    expect(page.locator(".week thead small")).to_have_count(1)
    to_the_middle(page.locator(".week tbody tr", has_text="01:00").first)


@pytest.mark.parametrize(("month", "width"), [(10, 360), (3, 1440)])
def test_each_column_cell_and_button_says_which_clock_it_means(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str, month: int, width: int
) -> None:
    autumn = month == 10
    monday = datetime(2026, 10, 19, tzinfo=UTC) if autumn else datetime(2026, 3, 23, tzinfo=UTC)
    before, after = ("+01:00", "+00:00") if autumn else ("+00:00", "+01:00")
    with served(fresh_database("sqlite"), redis_url, chromium, now=monday) as site:
        assert site.desk.put("/v1/coaches/ada", ALWAYS).status_code == 201
        with guest(site, "/book?duration=30", GRACE, width=width) as seen:
            page = seen.page
            at_the_change(page)
            expect(page.locator(".week thead small")).to_have_text(f"{before} → {after}")
            expect(page.locator("#clocks")).to_contain_text(f"GMT{before}")
            expect(page.locator("#clocks")).to_contain_text(f"on in GMT{after}")
            row = (
                page.locator(".week tbody tr").filter(has=page.locator("th", has_text="01:00")).last
            )
            missing = row.locator("td.n").first
            if autumn:
                expect(missing).to_have_text("On this day the clock shows this time once")
                for said in ("the first time (GMT+01:00)", "the second time (GMT+00:00)"):
                    expect(
                        page.get_by_role("button", name=f"Sun 25 Oct, 01:00, {said}", exact=True)
                    ).to_have_count(1)
            else:
                expect(missing).to_have_text("The clock skips this time")
            # What is not there is hatched, and no name stands twice
            assert apart(page, missing, row.locator("td:not([class])").first) >= NEEDED
            names = page.locator(".week td button").evaluate_all(
                "all => all.map(it => it.ariaLabel)"
            )
            assert len(names) == len(set(names)) > 600
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
            at_peace(seen, site)
