"""Whoever goes through a live page by keyboard stays where they are: each stop of each page
outlives the swap of what it stands in, however slowly the keys are pressed.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from storage.rows import outbox_batches
from tests.browser import scene
from tests.browser.conftest import Site
from tests.browser.readers import at_peace

STOPS = "#live :is(a, button, summary, [tabindex='0'])"
"""Where the tab key goes in what is swapped."""

# A stop by what it says of itself, its place among those that say the same, and what it stands in.
WHERE = """(selector) => {
  const said = (it) => it.tagName + it.id + (it.getAttribute("href") ?? "") + it.className;
  const here = document.activeElement;
  const alike = [...document.querySelectorAll(selector)].filter((it) => said(it) === said(here));
  return [said(here), alike.indexOf(here), here.closest("details")?.id ?? ""];
}"""

SWAPPED = """() => new Promise((resolve) => {
  document.addEventListener("htmx:afterSettle", () => resolve(true), { once: true });
  htmx.trigger(document.body, "acted", { said: "" });
})"""


def endpoints(site: Site) -> str:
    scene.endpoint(site.desk.database)
    return "/ops/endpoints"


def afternoon(path: str) -> Callable[[Site], str]:
    def made(site: Site) -> str:
        scene.afternoon(site.desk.database)
        return path

    return made


def message(site: Site) -> str:
    return f"/ops/outbox/{scene.afternoon(site.desk.database)['dead']}"


PAGES = {
    "overview": afternoon("/ops"),
    "causes": afternoon("/ops/causes"),
    "withheld": afternoon("/ops/withheld"),
    "coach": afternoon("/ops/coaches/ada"),
    "message": message,
    "endpoints": endpoints,
}


@pytest.mark.parametrize("page_of", PAGES.values(), ids=PAGES)
def test_each_stop_of_a_live_page_outlives_a_swap(
    one_site: Site, page_of: Callable[[Site], str]
) -> None:
    path = page_of(one_site)
    with one_site.ops() as seen:
        page = seen.page
        page.goto(path)
        stops = [number for number in range(page.locator(STOPS).count()) if _focus(page, number)]
        assert stops
        lost = []
        for number in stops:
            _focus(page, number)
            before = page.evaluate(WHERE, STOPS)
            page.evaluate(SWAPPED)
            if page.evaluate(WHERE, STOPS) != before:
                lost.append(before)
        assert lost == []
        at_peace(seen, one_site)


def test_whoever_stood_on_what_is_gone_goes_on_from_the_heading_above(one_site: Site) -> None:
    mine = scene.dead_letter(one_site.desk.database)
    with one_site.ops() as seen:
        page = seen.page
        page.focus(f"#dead a[href$='{mine}']")
        with one_site.desk.database.write() as tx:
            outbox_batches.requeue(tx, [mine], now=scene.NOW)
        page.evaluate(SWAPPED)
        assert page.evaluate("document.activeElement.id") == "dead-heading"
        at_peace(seen, one_site)


def test_a_button_that_is_held_while_the_page_asks_is_pressed(one_site: Site) -> None:
    mine = scene.dead_letter(one_site.desk.database)
    with one_site.ops() as seen:
        page = seen.page
        page.hover(f"#requeue-{mine}")
        page.mouse.down()
        with page.expect_response("**/ops/live"):  # which would have taken the button away
            pass
        page.wait_for_function("document.querySelector('.htmx-request') === null")
        page.mouse.up()
        expect(page.locator("#said")).to_have_text(f"{mine} was requeued and is on its way.")
        at_peace(seen, one_site)


def _focus(page: Page, number: int) -> bool:
    """Whether this stop can be gone to: one in a table that is closed cannot."""
    return bool(
        page.evaluate(
            """([selector, number]) => {
              const it = document.querySelectorAll(selector)[number];
              it.focus();
              return document.activeElement === it;
            }""",
            [STOPS, number],
        )
    )
