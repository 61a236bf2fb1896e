"""The booking page in a browser, as a guest finds and uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from storage.schema import tables
from tests.browser.conftest import Seen, Site
from tests.browser.readers import tab_to
from tests.support import page_visitor, people
from tests.support.page_visitor import GRACE

TEN = people.at(2, 9)


@contextmanager
def guest(
    site: Site, path: str = "/book?duration=60", participant: Any = GRACE, **options: Any
) -> Iterator[Seen]:
    """Somebody who followed their link."""
    made = page_visitor.path_of(
        page_visitor.link(site.desk, participant=participant, return_url="https://os.test/me")
    )
    with site.visit(**options) as seen:
        seen.page.clock.install()
        seen.page.goto(made)
        seen.page.goto(path)
        yield seen


@contextmanager
def reader_of_arabic(site: Site, **options: Any) -> Iterator[Seen]:
    """Somebody who reads from right to left, at the times of a coach."""
    ready(site)
    reader = {**GRACE, "name": "ليلى حداد", "language": "ar"}
    made = page_visitor.link(site.desk, participant=reader, language="ar")
    with site.visit(**options) as seen:
        seen.page.goto(page_visitor.path_of(made))
        seen.page.wait_for_url("**/book*")
        yield seen


def look_again(page: Page) -> None:
    """The five seconds after which the page asks anew are over."""
    page.clock.fast_forward(5_000)


def ready(site: Site) -> str:
    """Ada's week, on Wednesday afternoon busy. The id of her connection."""
    return people.ready(site.desk.database, people.MAILED, (people.at(3, 12), people.at(3, 14)))


def button(page: Page, start: int) -> Any:
    """As a script names it, or as it stands in the week of Monday, 1 June, in London."""
    quarter = (start - people.at(1, 0) + 3600) // 900
    return page.locator(f'#grid button[value="{start}"], #grid [name=q][value="{quarter}"]')


def bookings_of(site: Site) -> list[tuple[str, str]]:
    with site.desk.database.read() as tx:
        return sorted(
            (row.participant_id, row.status) for row in tx.execute(tables.bookings.select())
        )


def press_on(page: Page, element_id: str) -> None:
    page.wait_for_load_state()
    tab_to(page, element_id)
    page.keyboard.press("Enter")


def tab_into_grid(page: Page) -> None:
    page.wait_for_load_state()
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "start":
            return
    raise AssertionError("the grid cannot be reached with the tab key")


ACME = {"company": "acme"}


@contextmanager
def staff(
    site: Site, viewer: str, path: str = "/book?duration=60", **options: Any
) -> Iterator[Seen]:
    """A coach, or a manager of Acme, who followed their link."""
    asked = {"participant": GRACE, "language": "en-GB"} | options.pop("asked", {})
    made = page_visitor.path_of(page_visitor.link(site.desk, viewer=viewer, context=ACME, **asked))
    with site.visit(**options) as seen:
        seen.page.clock.install()
        seen.page.goto(made)
        seen.page.goto(path)
        yield seen
