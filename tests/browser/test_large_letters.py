"""Every page for people at 320 px, which is a screen of 1280 px at four times its size, and with
letters twice as large; and where no script runs.
"""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.browser.every_page import NAMES, invited, link_of, paths_of, ready
from tests.browser.phone import OUTSIDE

CLIPPED = """() => [...document.querySelectorAll(
    "button, .button, th, td, summary, legend, label, h1, h2, h3, dd, dt, li, p, [role=rowheader]")]
  .filter((it) => it.checkVisibility() && !it.matches(".hidden, .hidden *"))
  .filter((it) => getComputedStyle(it).display !== "inline")
  .filter((it) => it.clientWidth > 1 && it.scrollWidth > it.clientWidth + 1)
  .map((it) => it.outerHTML.slice(0, 90))"""
NARROW, WIDE = 320, 1280
TWICE = "document.documentElement.style.fontSize = '200%'"


def fits(page: Page, width: int, name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == width, name
    assert page.evaluate(CLIPPED) == [], (name, width)


@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("viewer", NAMES)
def test_nothing_is_cut_off_where_letters_are_large(
    one_site: Site, viewer: str, language: str
) -> None:
    ids = invited(one_site) if viewer == "nobody" else ready(one_site)
    locale = {"en": "en-US"}.get(language, language)
    with one_site.visit(width=NARROW, height=640, locale=locale) as seen:
        page = seen.page
        if viewer != "nobody":
            page.goto(link_of(one_site, viewer, language))
        for name, path in paths_of(viewer, ids).items():
            page.set_viewport_size({"width": NARROW, "height": 640})
            page.goto(path)
            fits(page, NARROW, name)
            assert page.evaluate(OUTSIDE) == [], name
            page.set_viewport_size({"width": WIDE, "height": 900})
            fits(page, WIDE, name)
            page.evaluate(TWICE)
            fits(page, WIDE, f"{name}, twice as large")


USELESS = """() => [...document.querySelectorAll("main button, main select, main input")]
  .filter((it) => it.checkVisibility() && it.type !== "hidden")
  .filter((it) => it.type === "button" || !it.form || !it.form.method)
  .map((it) => it.outerHTML.slice(0, 90))"""
"""What does nothing unless a script runs."""


@pytest.mark.parametrize("viewer", NAMES)
def test_without_a_script_nothing_is_shown_that_does_nothing(one_site: Site, viewer: str) -> None:
    ids = invited(one_site) if viewer == "nobody" else ready(one_site)
    options: dict[str, Any] = {"java_script_enabled": False}
    with one_site.visit(**options) as seen:
        page = seen.page
        if viewer != "nobody":
            page.goto(link_of(one_site, viewer))
        for name, path in paths_of(viewer, ids).items():
            page.goto(path)
            assert page.locator("h1").count() == 1, name
            assert page.evaluate(USELESS) == [], name
