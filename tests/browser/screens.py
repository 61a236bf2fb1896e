"""Sizes of screens, and what is in view on one."""

from typing import Any

from playwright.sync_api import Page

from domain.windows import WEEKDAYS
from tests.browser.settings_page import hours

SIZES: list[dict[str, Any]] = [
    {"width": 1440, "height": 900},
    {"width": 360, "height": 640, "has_touch": True, "is_mobile": True},
]
LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light", "forced_colors": "none"},
    {"color_scheme": "dark", "forced_colors": "none"},
    {"color_scheme": "light", "forced_colors": "active"},
    {"color_scheme": "dark", "forced_colors": "active"},
]
# On the screen, and not beneath what sticks to its edges.
IN_VIEW = """id => {
  const it = document.getElementById(id), box = it.getBoundingClientRect();
  const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return box.top >= 0 && box.bottom <= innerHeight && it.contains(there);
}"""


def in_view(page: Page, element_id: str) -> bool:
    page.wait_for_load_state()
    return bool(page.evaluate(IN_VIEW, element_id))


PHONE: dict[str, Any] = SIZES[1]


def week(page: Page) -> list[str]:
    return [hours(page, day).input_value() for day in WEEKDAYS]
