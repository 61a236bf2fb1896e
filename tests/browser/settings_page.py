"""The settings page in a browser, as a coach uses it, and what is stored then."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Locator, Page, expect

from domain.coaches import Coach
from storage.rows import coaches
from tests.browser.conftest import Seen, Site
from tests.support import people


@contextmanager
def at_settings(site: Site, *, language: str = "en-GB", **options: Any) -> Iterator[Seen]:
    """Ada, who followed a link of Coach OS to her settings; on Tuesday 10:00-11:00 (in London) she
    is busy.
    """
    people.ready(site.desk.database, people.MAILED, (people.at(2, 9), people.at(2, 10)))
    with site.visit(**options) as seen:
        seen.page.goto(settings_link(site, language))
        seen.page.wait_for_url("**/settings")
        yield seen


def settings_link(site: Site, language: str = "en") -> str:
    asked = {"purpose": "settings", "coach_id": "ada", "language": language}
    link: str = site.desk.ask("POST", "/v1/links", "links:write", json=asked).json["url"]
    return f"{site.origin}/p/" + link.rpartition("/p/")[2]


def stored(site: Site) -> Coach:
    with site.desk.database.read() as tx:
        found = coaches.get(tx, "ada")
    assert found
    return found


def cell(page: Page, day: str, clock: str) -> Locator:
    return page.get_by_role("gridcell", name=f"{day} {clock}")


def hours(page: Page, day: str) -> Locator:
    return page.locator(f"#hours-{day}")


def in_words(page: Page, day: str) -> Locator:
    """When sessions can begin on this day of the coming week."""
    return page.locator("#in-words tr", has_text=day).locator("td")


def save(page: Page) -> None:
    page.click("#save")
    page.wait_for_url("**/settings?said=saved*")
    expect(page.locator("#said")).to_contain_text("Saved.")
