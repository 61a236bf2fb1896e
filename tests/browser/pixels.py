"""What is really on the screen: pixels along a line, and how far their colours stand apart (WCAG 2,
1.4.11).
"""

import base64
from collections import Counter
from collections.abc import Sequence

from playwright.sync_api import Locator, Page

NEEDED = 3.0
"""Contrast of what is no text, to its neighbour."""
Colour = tuple[int, int, int]
READ = """async ([picture, points]) => {
  const bytes = Uint8Array.from(atob(picture), (it) => it.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return points.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data.slice(0, 3)]);
}"""


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def apart(page: Page, one: Locator, other: Locator) -> float:
    """How far two neighbours are told apart: by what fills them, or by an edge or a hatch that
    contrasts with both.
    """
    return told_apart(*_between(page, one, other))


def at_edge(page: Page, x: float, y: float, reach: int = 5, *, upright: bool = False) -> float:
    """How far what is left and right of a place is told apart, so many pixels far. `upright`: what
    is above and below it.
    """
    points = [(round(x) + step, round(y)) for step in range(-reach, reach + 1)]
    if upright:
        points = [(round(x), round(y) + step) for step in range(-reach, reach + 1)]
    found = _pixels(page, points)
    return told_apart(found[:reach], found[reach:])


def told_apart(first: list[Colour], last: list[Colour]) -> float:
    """How far two runs of pixels that meet are told apart."""
    ground, further = _most(first), _most(last)
    marks = [min(contrast(mark, ground), contrast(mark, further)) for mark in {*first, *last}]
    return max(contrast(ground, further), *marks)


def _between(page: Page, one: Locator, other: Locator) -> tuple[list[Colour], list[Colour]]:
    """The pixels of each on the straight line between them, near their upper left corners, where no
    text stands.
    """
    (ax, ay), (bx, by) = _corner(one), _corner(other)
    steps = int(max(abs(bx - ax), abs(by - ay)))
    points = [
        (round(ax + (bx - ax) * step / steps), round(ay + (by - ay) * step / steps))
        for step in range(steps + 1)
    ]
    found = _pixels(page, points)
    return found[: steps // 2], found[steps // 2 :]


def _corner(there: Locator) -> tuple[float, float]:
    x, y = there.evaluate(
        "it => { const box = it.getBoundingClientRect(); return [box.x, box.y]; }"
    )
    return x + 6, y + 4


def _pixels(page: Page, points: Sequence[tuple[int, int]]) -> list[Colour]:
    picture = base64.b64encode(page.screenshot(animations="disabled")).decode()
    reader = page.context.new_page()  # our own pages let nobody read pictures
    try:
        return [tuple(colour) for colour in reader.evaluate(READ, [picture, points])]
    finally:
        reader.close()


def _most(colours: Sequence[Colour]) -> Colour:
    return Counter(colours).most_common(1)[0][0]


def _luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
