"""The storm on a page, in a browser: live without a reload, at rest where nobody looks, and told
without a script and without colours too.
"""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from storage.reports import samples
from tests.browser import scene
from tests.browser.conftest import Site
from tests.browser.phone import PHONE
from tests.browser.pixels import NEEDED, at_edge
from tests.browser.readers import at_peace
from tests.browser.screens import LOOKS
from tests.support import people

HIDE = "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})"
SHOW = "delete document.hidden"
UPPER_EDGES = """() => [...document.querySelectorAll(".stacked rect.ground")]
  .map((it) => it.getBoundingClientRect()).filter((it) => it.height > 16 && it.width > 8)
  .map((it) => [it.x + it.width / 2, it.y])"""


def test_a_storm_is_told_while_it_blows_without_a_reload(one_site: Site) -> None:
    with one_site.ops() as seen:
        page = seen.page
        page.get_by_role("link", name="Storm", exact=True).press("Enter")
        expect(page.locator("#storm-said")).to_have_text(
            "Nothing was pushed in the last minute, and nothing waits."
        )
        page.evaluate("window.sameLoad = true")
        scene.storm(one_site.desk.database)
        expect(page.locator("#storm-said")).to_contain_text(
            re.compile(
                "Calendars with news that wait: 6, the oldest for .*"
                + re.escape(" Most of them (3) wait for our rate budget")
            )
        )
        row = page.locator("#storm-now tbody tr", has=page.get_by_text("Gap"))
        expect(row.locator("td").first).to_have_text(re.compile(r"\d+ %"))
        page.locator("#minutes-table summary").press("Enter")
        expect(page.locator("#minutes-table tbody tr")).to_have_count(15)
        assert page.evaluate("window.sameLoad")
        at_peace(seen, one_site)


def test_nothing_is_asked_for_a_page_that_nobody_sees(one_site: Site) -> None:
    with one_site.ops() as seen:
        page = seen.page
        page.goto("/ops/storm")
        with page.expect_response("**/ops/storm/live"):
            pass
        page.evaluate(HIDE)
        asked = len(seen.requests)
        page.wait_for_timeout(4_500)  # in which it would have asked twice
        assert len(seen.requests) <= asked + 1  # one may have been under way
        with page.expect_response("**/ops/storm/live"):
            page.evaluate(SHOW)


def test_without_a_script_it_is_looked_at_again_by_a_link(one_site: Site) -> None:
    with one_site.ops(java_script_enabled=False) as seen:
        seen.page.goto("/ops/storm")
        assert "nothing waits" in seen.page.locator("#storm-said").inner_text()
        with one_site.desk.database.write() as tx:
            values = {"push_stage_seen": 3.0, "push_stage_queue": 40.0}
            samples.put(tx, values, at=people.NOW - timedelta(minutes=1))
        seen.page.wait_for_timeout(2_000)  # the look that all share becomes too old
        seen.page.get_by_role("link", name="Look again").click()
        expect(seen.page.locator("#storm-said")).to_contain_text("A push is seen after 40 ms")


@pytest.mark.parametrize("screen", [{"width": 1440, "height": 900}, PHONE], ids=["1440", "360"])
def test_stages_stand_apart_in_every_look(one_site: Site, screen: dict[str, Any]) -> None:
    scene.storm(one_site.desk.database)
    with one_site.ops(**screen) as seen:
        page = seen.page
        page.goto("/ops/storm")
        page.click("#pause")  # what is measured is not swapped meanwhile
        expect(page.locator(".htmx-request")).to_have_count(0)
        page.locator(".stacked").scroll_into_view_if_needed()
        for look in LOOKS:
            page.emulate_media(**look)
            edges = page.evaluate(UPPER_EDGES)
            assert len(edges) > 3
            for x, y in edges[:3]:
                assert at_edge(page, x, y, upright=True) >= NEEDED, (look, x, y)
