"""Every page for people on a phone, by finger, in a zone that the link does not know of, in English
and from right to left: nothing moves by itself, everything can be hit and read, nothing complains.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Seen, Site
from tests.browser.every_page import NAMES, invited, link_of, paths_of, ready
from tests.browser.phone import OUTSIDE, PHONE, small
from tests.browser.readers import violations
from tests.browser.screens import LOOKS

ELSEWHERE: dict[str, Any] = {"timezone_id": "Asia/Tokyo"}
MOST_SHIFT = 0.05
SHIFT = """() => new Promise((done) => {
  let sum = 0;
  const seen = new PerformanceObserver((list) =>
    list.getEntries().forEach((it) => { sum += it.value; }));
  seen.observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 200);
})"""
REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What a browser says of a page that is itself a refusal."""


@contextmanager
def at_pages(site: Site, viewer: str, language: str) -> Iterator[tuple[Seen, dict[str, str]]]:
    """Somebody who may see these pages: a browser, and their paths by name."""
    locale = {"en": "en-GB", "ar": "ar-EG"}[language]
    ids = invited(site) if viewer == "nobody" else ready(site)
    with site.visit(**PHONE, **ELSEWHERE, locale=locale) as seen:
        if viewer != "nobody":
            seen.page.goto(link_of(site, viewer, language))
        yield seen, paths_of(viewer, ids)


def can_be_read(page: Page) -> None:
    """In light, dark and forced colours."""
    for look in LOOKS:
        page.emulate_media(**look)
        assert violations(page) == [], (page.url, look)
    page.emulate_media(**LOOKS[0])


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("viewer", NAMES)
def test_a_page_stands_still_and_is_for_every_hand_and_eye(
    one_site: Site, viewer: str, language: str
) -> None:
    with at_pages(one_site, viewer, language) as (seen, paths):
        for name, path in paths.items():
            seen.page.goto(path)
            assert seen.page.evaluate("document.documentElement.lang") == language, name
            assert seen.page.evaluate(SHIFT) <= MOST_SHIFT, name
            assert small(seen.page) == [], name
            assert seen.page.evaluate("document.documentElement.scrollWidth") == 360, name
            assert seen.page.evaluate(OUTSIDE) == [], name
            can_be_read(seen.page)
    assert [said for said in seen.complaints if not said.startswith(REFUSED)] == []
