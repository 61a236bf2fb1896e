"""Pictures of pages for docs/screenshots, each small enough for a manual: WebP, as Chromium makes
it. Those that are not there are made; to have one anew, delete it and run its test.
"""

import base64
from pathlib import Path

from playwright.sync_api import Page

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 60_000
MOST_TOGETHER = 8_000_000
WIDTHS = (360, 768, 1440)
TALLEST = 1400
LOOKS = ((1, 80), (1, 65), (1, 50), (0.75, 65), (0.75, 45), (0.6, 50))
"""How large, and of which quality: the first that is small enough is kept."""


def take(page: Page, path: Path, at: str = "body", tallest: int = TALLEST) -> None:
    """What is seen from the element `at` on, as large as it is or `tallest` px allow."""
    there = page.locator(at).first
    width, before, height = page.evaluate("[innerWidth, innerHeight, document.body.scrollHeight]")
    top = there.evaluate("it => it.getBoundingClientRect().top + scrollY")
    clip = {"x": 0, "y": top, "width": width, "height": min(height - top, tallest)}
    # What sticks to the edge of the screen stands at the edge of the picture. And the picture is of
    # the screen: one that reaches beyond it makes a mouse of the finger, now and ever after.
    page.set_viewport_size({"width": width, "height": round(clip["height"])})
    page.evaluate("top => scrollTo(0, top)", top)
    session = page.context.new_cdp_session(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    for scale, quality in LOOKS:
        asked = {"format": "webp", "quality": quality, "clip": clip | {"scale": scale}}
        made = base64.b64decode(session.send("Page.captureScreenshot", asked)["data"])
        if len(made) <= MOST_BYTES:
            break
    path.write_bytes(made)
    session.detach()
    page.set_viewport_size({"width": width, "height": before})
