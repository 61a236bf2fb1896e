"""Why nothing is open, to each as far as they may know; and the next open time, by one tap."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from domain.coaches import Policy
from tests.browser import scene
from tests.browser.booking_page import bookings_of, guest, ready, staff
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, violations
from tests.support import people

PHONE: dict[str, Any] = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}
STRICT = replace(people.MAILED, policy=Policy("hide", 24))


def without(site: Site) -> None:
    people.introduce(site.desk.database, STRICT)


def first_read(site: Site) -> None:
    without(site)
    people.connect(site.desk.database)


def stale(site: Site) -> None:
    scene.in_state(site.desk.database, "stale", "ada")


@pytest.mark.parametrize(
    ("given", "to_participants", "to_coaches"),
    [
        (without, "has not set up times", "No calendar is connected"),
        (first_read, "being read for the first time", "being read for the first time"),
    ],
)
def test_what_is_wrong_with_the_calendars_is_told_to_each_in_their_words(
    one_site: Site, given: Callable[[Site], None], to_participants: str, to_coaches: str
) -> None:
    given(one_site)
    with guest(one_site, **PHONE) as seen:
        expect(seen.page.locator("#empty")).to_contain_text(to_participants)
        expect(seen.page.locator("#ill")).to_have_count(0)
        assert violations(seen.page) == []
    for viewer in ("coach", "manager"):
        with staff(one_site, viewer, **PHONE) as seen:
            expect(seen.page.locator("#ill")).to_contain_text(to_coaches)
            expect(seen.page.locator("#ill")).to_be_in_viewport()
            assert violations(seen.page) == []
            at_peace(seen, one_site)


def test_a_coach_has_a_banner_while_times_are_still_shown(one_site: Site) -> None:
    stale(one_site)
    with staff(one_site, "coach") as seen:
        expect(seen.page.locator("#ill")).to_contain_text("have not been read lately")
        expect(seen.page.locator("#grid td:not([class])").first).to_be_visible()
    with guest(one_site) as seen:
        expect(seen.page.locator("#grid td:not([class])").first).to_be_visible()
        expect(seen.page.locator("#ill")).to_have_count(0)


def test_too_far_ahead_is_said_and_the_next_open_time_is_one_tap(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, "/book?duration=60&week=2026-08-03", **PHONE) as seen:
        page = seen.page
        expect(page.locator("#empty")).to_contain_text("up to 28 days ahead")
        expect(page.locator("#soonest")).to_be_in_viewport(ratio=1)
        page.locator("#soonest").tap()
        expect(page.locator("h1")).to_have_text("Book this time?")
        page.locator("#yes").tap()
        expect(page.locator("h1")).to_have_text("Your session is booked")
    assert bookings_of(one_site) == [("grace", "booked")]
