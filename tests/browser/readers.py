"""A page for every reader: what axe finds, how wide it is, where the keyboard leads, and when it is
at peace.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import Seen, Site

AXE = Path(__file__).parent / "axe" / "axe.min.js"


def tab_to(page: Page, element_id: str) -> None:
    """By the keyboard alone: to the end of the page, and once more through all of it."""
    stops = page.locator("a, button, input, select, textarea, summary, [tabindex]").count()
    for _ in range(2 * stops + 10):
        page.keyboard.press("Tab")
        if focused(page) == element_id:
            return
    raise AssertionError(f"{element_id} cannot be reached with the tab key")


def focused(page: Page) -> Any:
    return page.evaluate("document.activeElement.id")


def at_peace(seen: Seen, site: Site) -> None:
    """No complaint in the console, and nothing was asked of anybody else."""
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(site.origin)] == []


def fits_everybody(page: Page, widths: Sequence[int] = (1280, 360)) -> None:
    """Axe finds nothing on a wide screen and on a narrow one, in light and in dark, and nothing is
    wider than the screen.

    In one load: no page asks how wide it is or how dark, which `test_pages_leave_it_to_css` holds.
    Of dark only the rules about colours are asked: the others see the very same document.
    """
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        assert violations(page) == [], (page.url, width)
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
        page.emulate_media(color_scheme="dark")
        assert violations(page, "cat.color") == [], (page.url, width, "dark")


def violations(page: Page, tag: str | None = None) -> list[str]:
    """What axe finds in a page that has its style; `tag`: by the rules that carry it alone."""
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    # Whatever passes is not described. Frames are no part of it: those are mails, which have tests
    # of their own, and nothing that is asked from outside may answer in one.
    options: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
    if tag is not None:
        options["runOnly"] = {"type": "tag", "values": [tag]}
    found = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
    return [json.dumps([it["id"], [node["target"] for node in it["nodes"]]]) for it in found]
