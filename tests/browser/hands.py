"""How somebody uses a page: with a mouse, with the keyboard alone, with a finger, or with no script
to help them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Locator, Page

TABS = 150
STEPS = 8


class Hand(Protocol):
    @property
    def live(self) -> bool:
        """Whether pages change by themselves before this person's eyes."""

    def press(self, there: Locator) -> None:
        """A link, a button, a tick."""

    def fill(self, there: Locator, text: str) -> None:
        """A field."""

    def choose(self, there: Locator, label: str) -> None:
        """One of a list."""

    def sweep(self, begin: Locator, end: Locator) -> None:
        """All cells of a grid from one corner to the other, both of which are on the screen."""


@dataclass(frozen=True)
class Mouse:
    live: bool = True

    def press(self, there: Locator) -> None:
        there.click()

    def fill(self, there: Locator, text: str) -> None:
        there.fill(text)

    def choose(self, there: Locator, label: str) -> None:
        there.select_option(label)

    def sweep(self, begin: Locator, end: Locator) -> None:
        mouse = begin.page.mouse
        mouse.move(*middle(begin))
        mouse.down()
        mouse.move(*middle(end), steps=STEPS)
        mouse.up()


@dataclass(frozen=True)
class Keyboard:
    """Nothing but keys: everything is found with Tab, and within a grid with the arrows."""

    live: bool = True

    def press(self, there: Locator) -> None:
        self._reach(there)
        there.page.keyboard.press(
            "Space" if there.get_attribute("type") in ("checkbox", "radio") else "Enter"
        )

    def fill(self, there: Locator, text: str) -> None:
        self._reach(there)
        there.page.keyboard.press("Control+a")
        there.page.keyboard.type(text)

    def choose(self, there: Locator, label: str) -> None:
        """By its first word: a list forgets what was typed a second ago, and a space opens it."""
        self._reach(there)
        there.page.keyboard.type(label.split(maxsplit=1)[0])

    def sweep(self, begin: Locator, end: Locator) -> None:
        self._reach(begin)
        (row, column), (last_row, last_column) = place(begin), place(end)
        for key, times in (("ArrowDown", last_row - row), ("ArrowRight", last_column - column)):
            for _ in range(times):
                begin.page.keyboard.press(f"Shift+{key}")
        begin.page.keyboard.press("Space")

    def _reach(self, there: Locator) -> None:
        there.wait_for()
        keyboard = there.page.keyboard
        for _ in range(TABS):
            where = there.evaluate(WHERE)
            if where == "here":
                return
            if where == "beside":
                toward(there)
            else:
                keyboard.press("Tab")
        raise AssertionError(f"{there} cannot be reached with the tab key and the arrows")


@dataclass(frozen=True)
class Finger:
    live: bool = True

    def press(self, there: Locator) -> None:
        there.tap()

    def fill(self, there: Locator, text: str) -> None:
        there.tap()
        there.fill(text)

    def choose(self, there: Locator, label: str) -> None:
        there.select_option(label)

    def sweep(self, begin: Locator, end: Locator) -> None:
        """Two taps in each column, a beginning and an end. (A finger that drags: see the settings
        page's own tests.)
        """
        rows = (
            begin.page.get_by_role("grid")
            .get_by_role("row")
            .filter(has=begin.page.get_by_role("gridcell"))
        )
        (row, column), (last_row, last_column) = place(begin), place(end)
        for number in range(column, last_column + 1):
            for each in (row, last_row):
                rows.nth(each).get_by_role("gridcell").nth(number).tap()


@dataclass(frozen=True)
class NoScript(Keyboard):
    """A keyboard, before a browser that runs no script."""

    live: bool = False


class Touch:
    """Real touch events, which Chromium makes scrolling, taps and pointers of."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._at: list[tuple[float, float]] = []

    @contextmanager
    def down(self, x: float, y: float) -> Iterator["Touch"]:
        """A finger that is on the screen until the end of the block."""
        self._at = [(x, y)]
        self._send("touchStart")
        yield self
        self._at = []
        self._send("touchEnd")

    def move(self, x: float, y: float) -> None:
        """The first finger, in steps."""
        (from_x, from_y), *others = self._at
        for step in range(1, STEPS + 1):
            here = (from_x + (x - from_x) * step / STEPS, from_y + (y - from_y) * step / STEPS)
            self._at = [here, *others]
            self._send("touchMove")

    def join(self, x: float, y: float) -> None:
        """One finger more."""
        self._at.append((x, y))
        self._send("touchStart")

    def _send(self, kind: str) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(self._at)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def hold_time(page: Page) -> None:
    """No timer of a page with a clock ends by itself: whoever does two things one after the other
    does so at once, however long this machine takes.
    """
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)


def to_the_middle(there: Locator) -> None:
    """Away from what sticks to the edges of the screen."""
    there.evaluate("it => it.scrollIntoView({block: 'center'})")


def middle(there: Locator) -> tuple[float, float]:
    box = there.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place(there: Locator) -> tuple[int, int]:
    """Row and column of a cell among its grid's, or of what stands in it."""
    row, column = there.evaluate(PLACE)
    return row, column


def toward(there: Locator) -> None:
    """One arrow key nearer."""
    row, column = there.evaluate(f"it => (({PLACE})(document.activeElement))")
    wanted_row, wanted_column = place(there)
    sideways, down = wanted_column - column, wanted_row - row
    key = (
        ("ArrowRight" if sideways > 0 else "ArrowLeft")
        if sideways
        else ("ArrowDown" if down > 0 else "ArrowUp")
    )
    there.page.keyboard.press(key)


PLACE = """it => {
  const cell = it.closest("td, [role=gridcell]");
  if (cell) {
    const row = cell.closest("tr, [role=row]");
    const all = [...row.parentElement.children].filter((each) =>
                each.querySelector("td, [role=gridcell]"));
    const cells = [...row.querySelectorAll("td, [role=gridcell]")];
    return [all.indexOf(row), cells.indexOf(cell)];
  }
  return [[...document.querySelectorAll(`input[type=radio][name="${it.name}"]`)].indexOf(it), 0];
}"""
# Where the focus is: beside it in the same grid, or the same set of radio buttons, which are one
# stop of the tab key.
WHERE = """it => {
  const here = document.activeElement, grid = it.closest("table, [role=grid]");
  if (here === it) return "here";
  const beside = grid && it.closest("td, [role=gridcell]")
    ? grid.contains(here) && here.matches("td *, td, [role=gridcell]") && it.tabIndex < 0
    : it.type === "radio" && here.type === "radio" && here.name === it.name;
  return beside ? "beside" : "elsewhere";
}"""
