"""The pages of ops for every eye and hand: light, dark and forced colours, on a wide screen and a
phone by touch.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scene
from tests.browser.conftest import Seen, Site
from tests.browser.hands import to_the_middle
from tests.browser.phone import PHONE, small
from tests.browser.pixels import NEEDED, at_edge
from tests.browser.readers import at_peace, violations
from tests.browser.screens import LOOKS

WIDE: dict[str, Any] = {"width": 1440, "height": 900}
EDGES = """() => [...document.querySelectorAll(".week svg")].flatMap((svg) => {
  const box = svg.getBoundingClientRect(), y = box.y + box.height / 2;
  const ends = [...svg.querySelectorAll("rect")].map((it) => it.getBoundingClientRect());
  return ends.filter((it) => it.width > 16 && it.x > box.x + 16).map((it) => [it.x, y]);
})"""
"""Where one run of quarter hours meets another, both wide enough for a look."""


def paths(ids: dict[str, str]) -> Iterator[str]:
    yield "/ops"
    yield "/ops/outbox?state=dead"
    yield "/ops/audit"
    yield "/ops/refusals"
    yield "/ops/overlaps"
    yield "/ops/withheld"
    yield "/ops/causes"
    yield "/ops/pauses"
    yield "/ops/storm"
    yield "/ops/coaches/ada/history"
    yield "/ops/coaches/ada"
    yield "/ops/coaches/coach-2"
    yield "/ops/people/ada"
    for outbox_id in ids.values():
        yield f"/ops/outbox/{outbox_id}"


def fits(page: Page, width: int) -> None:
    """In each look: axe finds nothing; and nothing stands out at a side, or is too small."""
    assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
    for look in LOOKS:
        page.emulate_media(**look)
        assert violations(page) == [], (page.url, look)
    if width == PHONE["width"]:
        assert small(page) == [], page.url


def busy(site: Site) -> dict[str, str]:
    ids = scene.afternoon(site.desk.database)
    site.desk.get("/v1/coaches/ada/slots?from=x&to=y&duration=60")
    return ids


def found_pages(made: dict[str, str]) -> Iterator[str]:
    """What `find` leads to."""
    yield f"/ops/bookings/{made['booking_id']}"
    yield f"/ops/sessions/{made['session_id']}"
    yield f"/ops/requests/{made['request_id']}"


def every_page(site: Site, seen: Seen, ids: dict[str, str]) -> Iterator[str]:
    made = scene.booked(site.desk)
    scene.storm(site.desk.database)
    for path in (*paths(ids), *found_pages(made)):
        seen.page.goto(path)
        yield path
    at_peace(seen, site)


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["1440", "360"])
def test_a_page_of_ops_is_for_every_hand_and_eye(one_site: Site, screen: dict[str, Any]) -> None:
    ids = busy(one_site)
    with one_site.visit(**screen) as seen:
        seen.page.goto("/ops/login")
        fits(seen.page, screen["width"])
    with one_site.ops(**screen) as seen:
        for _ in every_page(one_site, seen, ids):
            fits(seen.page, screen["width"])


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["1440", "360"])
def test_reasons_of_a_coach_s_week_stand_apart(one_site: Site, screen: dict[str, Any]) -> None:
    busy(one_site)
    with one_site.ops(**screen) as seen:
        page = seen.page
        page.goto("/ops/coaches/ada")
        # What is measured is not swapped meanwhile.
        page.click("#pause")
        expect(page.locator(".htmx-request")).to_have_count(0)
        to_the_middle(page.locator(".week"))
        for look in LOOKS:
            page.emulate_media(**look)
            edges = page.evaluate(EDGES)
            assert len(edges) > 2
            for x, y in edges[:3]:
                assert at_edge(page, x, y) >= NEEDED, (look, x, y)
            box = page.locator(".legend .swatch").first.bounding_box()
            assert box
            assert at_edge(page, box["x"], box["y"] + box["height"] / 2) >= NEEDED, look


MARKS = """() => [...document.querySelectorAll(".tiles > div")].map((it) => {
  const style = getComputedStyle(it);
  return [it.className, [style.borderLeftWidth, style.borderLeftStyle].join(" ")];
})"""


def test_a_tile_that_warns_is_marked_by_more_than_colour(one_site: Site) -> None:
    busy(one_site)
    with one_site.ops() as seen:
        for look in LOOKS:
            seen.page.emulate_media(**look)
            marks = dict(seen.page.evaluate(MARKS))
            assert {"", "warn", "bad"} <= set(marks)
            assert len(set(marks.values())) == len(marks), (look, marks)
