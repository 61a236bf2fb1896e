"""The pages of ops in three widths, as pictures for the manual: those that are not there are made
here.
"""

from tests.browser import scene
from tests.browser.conftest import Site
from tests.browser.phone import PHONE
from tests.browser.pictures import PICTURES, WIDTHS, take

PATHS = {
    "login": "/ops/login",
    "overview": "/ops",
    "outbox": "/ops/outbox?state=dead",
    "coach": "/ops/coaches/ada",
    "person": "/ops/people/ada",
    "withheld": "/ops/withheld",
    "refusals": "/ops/refusals",
    "audit": "/ops/audit",
    "message": "/ops/outbox/{message}",
}
TALLEST = 1000
WANTED = {
    (name, width): PICTURES / "pages" / f"ops-{name}-{width}.webp"
    for name in PATHS
    for width in WIDTHS
}


def test_the_pages_of_ops_are_photographed(one_site: Site) -> None:
    left = {key: path for key, path in WANTED.items() if not path.exists()}
    if left:
        message = next(iter(scene.afternoon(one_site.desk.database).values()))
        one_site.desk.get("/v1/coaches/ada/slots?from=x&to=y&duration=60")  # a refusal to be listed
        for width in WIDTHS:
            screen = PHONE if width == WIDTHS[0] else {"width": width, "height": 740}
            with one_site.ops(**screen, timezone_id="Europe/London") as seen:
                for name, path in PATHS.items():
                    if name == "login":
                        continue
                    seen.page.goto(path.format(message=message))
                    take(seen.page, WANTED[name, width], tallest=TALLEST)
            with one_site.visit(**screen) as seen:
                seen.page.goto(PATHS["login"])
                take(seen.page, WANTED["login", width], tallest=TALLEST)
    assert [path for path in WANTED.values() if not path.exists()] == []


def test_the_storm_is_photographed(one_site: Site) -> None:
    """Apart: its calendars would stand in every other picture."""
    wanted = {width: PICTURES / "pages" / f"ops-storm-{width}.webp" for width in WIDTHS}
    if not all(path.exists() for path in wanted.values()):
        scene.storm(one_site.desk.database)
        for width, path in wanted.items():
            with one_site.ops(width=width, height=740) as seen:
                seen.page.goto("/ops/storm")
                take(seen.page, path, tallest=TALLEST)
    assert [path for path in wanted.values() if not path.exists()] == []
