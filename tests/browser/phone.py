"""A phone by real touch: its size, what is seen on it at once, and what a finger can hit."""

from typing import Any

from playwright.sync_api import Page, expect

PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
SMALL = """() => [...document.querySelectorAll(
    "button, .button, select, summary, header a, .list a, .days a,"
    + "input:not([type=hidden]), label:has(input)")]
  .filter((it) => it.checkVisibility() && !it.matches(".hidden, [type=checkbox], [type=radio]"))
  .filter((it) => {
    const box = it.getBoundingClientRect();
    return box.height < 43.5 || box.width < 43.5;
  })
  .map((it) => it.outerHTML.slice(0, 90))"""
OUTSIDE = """() => [...document.querySelectorAll("main *")]
  .filter((it) => it.checkVisibility())
  .filter((it) => !it.closest(".hidden, .grid, .week td i, #weeks nav span, #pick .fields label"))
  .filter((it) => {
    const box = it.getBoundingClientRect();
    return box.width > 1 && (box.left < -1 || box.right > innerWidth + 1);
  })
  .map((it) => it.outerHTML.slice(0, 90))"""
"""What reaches over the left side of a page that begins at the right one makes it no wider."""
FIRST = "#grid td:not([class]) button"


def small(page: Page) -> list[str]:
    """What a fingertip misses, once the page has its style."""
    page.wait_for_load_state()
    found: list[str] = page.evaluate(SMALL)
    return found


def at_first_sight(page: Page) -> None:
    """Nobody has scrolled, and there is an open time."""
    assert page.evaluate("scrollY") == 0
    expect(page.locator(FIRST).first).to_be_in_viewport(ratio=1)
    expect(page.locator("#arrows")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert small(page) == []
