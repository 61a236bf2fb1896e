"""A company's booking page in a real browser: its logo and colour cost neither the first open time
nor anybody's contrast.
"""

import re
from typing import Literal

from playwright.sync_api import Page, expect

from domain import logos
from domain.brands import ON_DARK, WHITE, Brand, contrast
from domain.mail.support import Support
from storage.rows import brands
from tests.browser.booking_page import button, ready
from tests.browser.conftest import Site
from tests.browser.phone import PHONE, at_first_sight, small
from tests.browser.readers import at_peace, violations
from tests.domain.pictures import png
from tests.support import people
from tests.support.page_visitor import link, path_of

SCHEMES: tuple[tuple[Literal["light", "dark"], str], ...] = (("light", WHITE), ("dark", ON_DARK))
SHIFT = """() => new Promise((done) => new PerformanceObserver((list) => done(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
  .observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 300))"""


def paint(site: Site, colour: str) -> None:
    with site.desk.database.write() as tx:
        brands.put(tx, "acme", Brand("Acme Coaching", Support.of("help@acme.test"), colour))
        brands.put_logo(tx, "acme", logos.picture(png(1000, 200)))


def colour_of(page: Page, place: str, what: str) -> str:
    found: str = page.locator(place).first.evaluate(f"it => getComputedStyle(it).{what}")
    return "#" + "".join(f"{int(channel):02x}" for channel in re.findall(r"\d+", found))


def test_looks_cost_no_first_sight_and_each_colour_can_be_read(one_site: Site) -> None:
    ready(one_site)
    paint(one_site, "#ffd400")
    made = link(one_site.desk, context={"company": "acme"}, return_url="https://os.test/me")
    with one_site.visit(**PHONE, timezone_id="Europe/London") as seen:
        page = seen.page
        page.goto(path_of(made))
        at_first_sight(page)
        assert page.evaluate(SHIFT) <= 0.05
        logo = page.get_by_role("img", name="Acme Coaching")
        expect(logo).to_be_in_viewport(ratio=1)
        assert logo.evaluate("it => [it.naturalWidth, it.width, it.height]") == [1000, 200, 40]
        expect(page.locator("footer")).to_contain_text("Questions? Ask help@acme.test")
        button(page, people.at(2, 9)).tap()
        expect(page.locator("h1")).to_have_text("Book this time?")
        assert small(page) == []
        reads_well(page, "#ffd400")
        # A colour as dark as the page itself, in the dark
        paint(one_site, "#101820")
        page.reload()
        reads_well(page, "#101820")
        at_peace(seen, one_site)


def reads_well(page: Page, colour: str) -> None:
    """In light and in dark: the button is of this colour, and has a line around it."""
    for scheme, ground in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
        assert colour_of(page, "button.main", "backgroundColor") == colour
        assert contrast(colour_of(page, "button.main", "borderTopColor"), ground) >= 3
