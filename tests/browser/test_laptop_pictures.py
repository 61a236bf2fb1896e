"""The pages of the laptop in three widths, as pictures for the manual: those that are not there are
made here.
"""

from pathlib import Path

from tests.browser import laptop
from tests.browser.conftest import Site
from tests.browser.phone import PHONE
from tests.browser.pictures import PICTURES, WIDTHS, take

NAMES = ("index", "postbox", "postbox-mail", "sandbox", "sandbox-consent")
TALLEST = 1000
WANTED = {
    (name, width): PICTURES / "pages" / f"laptop-{name}-{width}.webp"
    for name in NAMES
    for width in WIDTHS
}


def test_the_pages_of_the_laptop_are_photographed(one_site: Site, tmp_path: Path) -> None:
    left = {key: path for key, path in WANTED.items() if not path.exists()}
    if left:
        with laptop.opened(one_site, tmp_path) as found:
            found.fill()
            for (name, width), path in left.items():
                screen = PHONE if width == WIDTHS[0] else {"width": width, "height": 740}
                with one_site.visit(**screen, timezone_id="Europe/London") as seen:
                    seen.page.goto(found.paths[name])
                    take(seen.page, path, tallest=TALLEST)
    assert [path for path in WANTED.values() if not path.exists()] == []
