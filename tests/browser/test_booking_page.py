"""The participant's booking page in a real browser: by keyboard, on a phone, live, without a
script, in peace.
"""

import re

import pytest
from playwright.sync_api import expect

from storage.transactions import holds
from tests.browser.booking_page import (
    TEN,
    bookings_of,
    button,
    guest,
    look_again,
    press_on,
    ready,
    tab_into_grid,
)
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, fits_everybody, focused, violations
from tests.browser.weights import MOST_BYTES, weight
from tests.support import page_visitor, people
from tests.support.booking_requests import POD, post
from tests.support.page_visitor import HEDY

GRID = re.compile("/book/grid")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_session_is_booked_moved_and_cancelled_by_keyboard_alone(
    one_site: Site, width: int
) -> None:
    ready(one_site)
    with guest(one_site, width=width) as seen:
        page = seen.page
        # When the grid is entered, an arrow goes a day on, another a quarter hour
        tab_into_grid(page)
        expect(button(page, people.at(1, 8))).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(button(page, people.at(2, 8))).to_be_focused()
        for _ in range(4):
            page.keyboard.press("ArrowDown")
        expect(button(page, TEN)).to_be_focused()
        # Then the whole grid is one stop of the tab key
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.name") != "start"
        page.keyboard.press("Tab")
        expect(button(page, TEN)).to_be_focused()
        # When the time is chosen and confirmed
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Book this time?")
        press_on(page, "yes")
        # Then it is booked, with the zone named and the way back
        expect(page.locator("h1")).to_have_text("Your session is booked")
        expect(page.locator("main")).to_contain_text("10:00 – 11:00")
        expect(page.locator("main")).to_contain_text("United Kingdom Time (London)")
        expect(page.locator("header a")).to_have_attribute("href", "https://os.test/me")
        # When it is moved a quarter hour on, where it stands in its own way
        press_on(page, "move")
        expect(page.locator("h1")).to_have_text("Choose another time")
        tab_into_grid(page)
        button(page, TEN + 900).focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Move your session to this time?")
        press_on(page, "yes")
        expect(page.locator("main")).to_contain_text("10:15 – 11:15")
        # When it is cancelled
        expect(page.locator("h1")).to_have_text("Your session is booked")
        press_on(page, "cancel")
        expect(page.locator("h1")).to_have_text("Cancel this session?")
        assert bookings_of(one_site) == [("grace", "booked")]
        press_on(page, "yes")
        expect(page.locator("h1")).to_have_text("Your session is cancelled")
        at_peace(seen, one_site)
    assert bookings_of(one_site) == [("grace", "cancelled")]


@pytest.mark.parametrize("width", [1280, 360])
def test_without_a_script_a_session_is_booked_and_cancelled_by_keyboard(
    one_site: Site, width: int
) -> None:
    ready(one_site)
    with guest(one_site, width=width, java_script_enabled=False) as seen:
        page = seen.page
        expect(page.locator("#arrows")).to_be_hidden()
        button(page, TEN).focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Book this time?")
        page.locator("#yes").press("Enter")
        expect(page.locator("h1")).to_have_text("Your session is booked")
        page.locator("#cancel").press("Enter")
        page.locator("#yes").press("Enter")
        expect(page.locator("h1")).to_have_text("Your session is cancelled")
        page.goto("/book?duration=60")
        page.locator("#zone").fill("Kathmandu")
        page.get_by_role("button", name="Show").press("Enter")
        expect(page.locator("#grid")).to_contain_text("All times are in Nepal Time (Kathmandu)")
        page.locator("#next").press("Enter")
        expect(page.locator("#times")).to_contain_text("Mon 8 Jun")
        expect(page.locator("#grid")).to_contain_text("Kathmandu")
    assert bookings_of(one_site) == [("grace", "cancelled")]


def test_a_phone_books_by_touch(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site, width=360, height=740, has_touch=True, is_mobile=True) as seen:
        box = button(seen.page, TEN).bounding_box()
        assert box is not None
        assert box["width"] >= 24
        assert box["height"] >= 24
        button(seen.page, TEN).tap()
        seen.page.locator("#yes").tap()
        expect(seen.page.locator("h1")).to_have_text("Your session is booked")
        at_peace(seen, one_site)


def test_a_cell_turns_blue_when_a_calendar_changes_and_when_somebody_else_books(site: Site) -> None:
    connection_id = ready(site)
    with guest(site) as seen:
        page = seen.page
        page.evaluate("window.sameLoad = true")
        cell = page.locator("tr", has=page.locator("th", has_text="10:00")).locator("td").nth(1)
        expect(cell).not_to_have_class("c")
        white = cell.evaluate("it => getComputedStyle(it).backgroundColor")
        button(page, TEN).focus()
        # When an event is put over it in the calendar
        people.mark_dirty(site.desk.database, connection_id)
        people.read(site.desk.database, connection_id, (TEN, TEN + 3600), of=people.MAILED)
        # Then the cell is blue and says so, the focus stays there, and it is told
        look_again(page)
        expect(cell).to_have_text("Unavailable")
        assert white == "rgb(255, 255, 255)"
        assert "gradient" in cell.evaluate("it => getComputedStyle(it).backgroundImage")
        expect(cell).to_be_focused()
        expect(page.locator("#said")).to_have_text("Tue 2 Jun, 10:00 is not available any more.")
        # When somebody else books another time
        expect(button(page, people.at(4, 9))).to_be_visible()
        page_visitor.enter(site.desk, participant=HEDY).book(people.at(4, 9))
        # Then that is blue too, without a reload
        look_again(page)
        expect(button(page, people.at(4, 9))).to_have_count(0)
        assert page.evaluate("window.sameLoad")
        assert "Hedy" not in page.content()
        at_peace(seen, site)


def test_focus_stays_on_a_time_that_is_still_open(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site) as seen:
        button(seen.page, TEN).focus()
        page_visitor.enter(one_site.desk, participant=HEDY).book(people.at(4, 9))
        look_again(seen.page)
        expect(button(seen.page, people.at(4, 9))).to_have_count(0)
        expect(button(seen.page, TEN)).to_be_focused()
        assert focused(seen.page) == ""
        expect(seen.page.locator("#said")).to_have_text("")


def test_a_page_that_is_not_live_says_so_until_it_is_again(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site) as seen:
        seen.page.route(GRID, lambda route: route.abort())
        look_again(seen.page)
        expect(seen.page.locator("#lost")).to_be_visible()
        seen.page.unroute(GRID)
        look_again(seen.page)
        expect(seen.page.locator("#lost")).to_be_hidden()


def test_a_lost_race_offers_the_nearest_times_one_of_which_is_booked(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site) as seen:
        page = seen.page
        button(page, TEN).click()
        # When it is kept no longer, and somebody else is faster
        with one_site.desk.database.write() as tx:
            holds.give_back(tx, "ada", "grace", people.terms())
        page_visitor.enter(one_site.desk, participant=HEDY).book(TEN)
        page.locator("#yes").click()
        # Then that is said, and the nearest times are buttons
        expect(page.locator("h1")).to_have_text("Somebody else was faster")
        near = page.locator(".near button")
        expect(near).to_have_count(5)
        expect(near.first).to_contain_text("2 June 2026")
        assert violations(page) == []
        near.first.click()
        page.locator("#yes").click()
        expect(page.locator("h1")).to_have_text("Your session is booked")
    assert bookings_of(one_site) == [("grace", "booked"), ("hedy", "booked")]


def test_two_clicks_on_one_button_book_once(one_site: Site) -> None:
    ready(one_site)
    with guest(one_site) as seen:
        button(seen.page, TEN).click()
        seen.page.locator("#yes").dblclick()
        expect(seen.page.locator("h1")).to_have_text("Your session is booked")
    assert bookings_of(one_site) == [("grace", "booked")]


def test_a_group_is_joined_changed_and_left(one_site: Site) -> None:
    ready(one_site)
    for start in ("2026-06-04T13:00:00Z", "2026-06-05T13:00:00Z"):
        assert post(one_site.desk, "/v1/pods", POD | {"start": start}).status_code == 201
    with guest(one_site) as seen:
        page = seen.page
        page.get_by_role("button", name="Join: Thu 4 Jun, 14:00").press("Enter")
        expect(page.locator("h1")).to_have_text("Your session is booked")
        expect(page.locator("main")).to_contain_text("Group session")
        page.get_by_role("button", name="Change to it: Fri 5 Jun, 14:00").press("Enter")
        expect(page.locator("main")).to_contain_text("5 June 2026")
        page.locator("#cancel").click()
        page.locator("#yes").click()
        expect(page.locator("h1")).to_have_text("Your session is cancelled")
        at_peace(seen, one_site)


def test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen(one_site: Site) -> None:
    ready(one_site)
    for start in ("2026-06-04T13:00:00Z", "2026-06-05T13:00:00Z"):
        post(one_site.desk, "/v1/pods", POD | {"start": start})
    grace = page_visitor.enter(one_site.desk)
    booking_id = grace.book(TEN)
    paths = ("/book", "/book?week=2026-10-19&zone=Europe/London", f"/book?move={booking_id}",
             f"/book/confirm?start={people.at(4, 8)}&duration=60", f"/book/bookings/{booking_id}",
             f"/book/bookings/{booking_id}/cancel")  # fmt: skip
    with guest(one_site) as seen:
        for path in paths:
            seen.page.goto(path)
            fits_everybody(seen.page)
        at_peace(seen, one_site)


def test_the_first_view_is_small_and_asks_nobody_else(one_site: Site) -> None:
    """For a coach who is open day and night: there is no larger grid."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    body = {
        "zone": "Europe/London",
        "hours": {day: [["00:00", "24:00"]] for day in days},
        "durations": [30],
    }
    assert (
        one_site.desk.put("/v1/coaches/ada", body | {"policy": {"kind": "hours_only"}}).status_code
        == 201
    )
    with guest(one_site, "/book?week=2026-06-15") as seen:
        expect(seen.page.locator("#grid button")).to_have_count(7 * 96)
        assert weight(seen) <= MOST_BYTES
        at_peace(seen, one_site)
