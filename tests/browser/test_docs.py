"""The manual and the front on a phone and on a desk: nothing is wider than the screen, axe is
content, all is ours.
"""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.readers import at_peace, violations


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "dark")])
def test_the_manual_is_usable(one_site: Site, width: int, scheme: Any) -> None:
    with one_site.visit(width=width, height=740, color_scheme=scheme) as seen:
        page = seen.page
        page.goto("/docs")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert violations(page) == []
        page.get_by_role("navigation").get_by_role("link", name="Bookings", exact=True).press(
            "Enter"
        )
        heading = page.get_by_role("heading", name="Bookings", exact=True)
        expect(heading).to_be_in_viewport()
        if width < 1000:
            page.locator(".within a[href='#bookings_create']").press("Enter")
        else:
            page.locator(".contents a[href='#bookings_create']").press("Enter")
        expect(page.locator("#bookings_create")).to_be_in_viewport()
        at_peace(seen, one_site)


@pytest.mark.parametrize("path", ["/", "/no/such/page"])
def test_the_front_and_what_is_not_there(one_site: Site, path: str) -> None:
    for width, scheme in ((360, "dark"), (1440, "light")):
        with one_site.visit(width=width, color_scheme=scheme) as seen:
            seen.page.goto(path)
            assert violations(seen.page) == []
            assert seen.page.evaluate("document.documentElement.scrollWidth") == width
            assert [url for url in seen.requests if not url.startswith(one_site.origin)] == []
