"""The booking page of a coach and of a programme manager in a real browser, and groups that are
live for everybody.
"""

from typing import Any

import pytest
from playwright.sync_api import expect

from storage.schema import tables
from tests.browser.booking_page import (
    ACME,
    bookings_of,
    button,
    look_again,
    press_on,
    ready,
    staff,
    tab_into_grid,
)
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, fits_everybody
from tests.browser.weights import MOST_BYTES, weight
from tests.support import page_visitor, people
from tests.support.booking_requests import POD, post
from tests.support.page_visitor import GRACE, HEDY, fields

BUSY = people.at(3, 12)
OPEN = people.at(4, 9)


def pod(site: Site, start: str = "2026-06-05T13:00:00Z", **changes: Any) -> str:
    made = post(
        site.desk, "/v1/pods", POD | {"start": start, "max_seats": 3, "context": ACME} | changes
    )
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def join(site: Site, pod_id: str, participant: Any = HEDY) -> None:
    other = page_visitor.enter(site.desk, participant=participant, context=ACME)
    assert other.post(f"/book/groups/{pod_id}/join", fields(other.get("/book"))).status_code == 303


def sessions_of(site: Site) -> list[Any]:
    with site.desk.database.read() as tx:
        return list(tx.execute(tables.sessions.select().order_by(tables.sessions.c.starts)))


@pytest.mark.parametrize("width", [1280, 360])
def test_a_coach_sees_why_and_forces_a_time_by_keyboard_alone(site: Site, width: int) -> None:
    ready(site)
    with staff(site, "coach", width=width) as seen:
        page = seen.page
        # Given a cell that says in a word why it is closed, and a legend that says it in a sentence
        cell = button(page, BUSY)
        expect(cell).to_have_text("busy")
        expect(page.locator(".reasons")).to_contain_text(
            "busy: Something in your calendars is in its way."
        )
        # When it is reached by arrows and chosen (a narrow window lists closed times if asked)
        if width == 360:
            page.click("#whole-day")
            expect(cell).to_be_visible()
        tab_into_grid(page)
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        for _ in range(500):
            if page.evaluate("document.activeElement.value") == str(BUSY):
                break
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        # Then what is overridden is said; without a reason nothing is sent
        expect(page.locator("#overrides")).to_have_text(
            "This time is closed. Something in your calendars is in its way."
        )
        press_on(page, "yes")
        expect(page.locator("#why")).to_be_focused()
        assert bookings_of(site) == []
        # When the reason is written
        page.keyboard.type("She asked for it")
        page.keyboard.press("Enter")
        # Then it is booked, and shown as forced, also in the week's list
        expect(page.locator("h1")).to_have_text("The session is booked")
        expect(page.locator("main")).to_contain_text("She asked for it")
        press_on(page, "times")
        expect(page.locator("#meetings")).to_contain_text("Grace Hopper Forced: She asked for it")
        expect(page.locator(f'button[value="{BUSY}"]')).to_have_count(
            0
        )  # a session now, which nobody forces
        at_peace(seen, site)
    assert [row.force_reason for row in sessions_of(site)] == ["She asked for it"]


def test_without_a_script_a_coach_makes_a_group_that_is_joined_and_called_off(
    one_site: Site,
) -> None:
    ready(one_site)
    with staff(one_site, "coach", java_script_enabled=False, asked={"participant": None}) as seen:
        page = seen.page
        button(page, OPEN).press("Enter")
        expect(page.locator("h1")).to_have_text("Make a group at this time")
        page.get_by_label("Title").fill("Circle")
        page.get_by_label("Seats, at most").fill("3")
        page.locator("#make-group").press("Enter")
        expect(page.locator("h1")).to_have_text("Circle")
        expect(page.locator("main")).to_contain_text("0 of 3 taken")
        join(one_site, sessions_of(one_site)[0].id)
        page.reload()
        expect(page.locator("#seated")).to_have_text("Hedy Lamarr")
        page.locator("#off").press("Enter")
        page.locator("#yes").press("Enter")
        expect(page.locator("main")).to_contain_text("This group was called off.")
    assert bookings_of(one_site) == [("hedy", "cancelled")]


def test_a_manager_sees_no_reason_makes_a_group_and_gives_its_seat(one_site: Site) -> None:
    ready(one_site)
    with staff(one_site, "manager", path="/book?duration=60&zone=Europe/London") as seen:
        page = seen.page
        expect(page.locator("#grid")).not_to_contain_text("busy")
        expect(button(page, BUSY)).to_have_count(0)
        button(page, OPEN).click()
        expect(page.locator("h1")).to_have_text("Book this time?")
        page.locator("#title").fill("Circle")
        page.locator("#format").select_option("closed")
        page.locator("#make-group").click()
        expect(page.locator("h1")).to_have_text("Circle")
        page.locator("#times").click()
        page.get_by_role("button", name="Give a seat: Thu 4 Jun, 10:00").click()
        expect(page.locator("h1")).to_have_text("The session is booked")
        expect(page.locator("main")).to_contain_text("Grace Hopper")
        at_peace(seen, one_site)
    assert bookings_of(one_site) == [("grace", "booked")]
    assert [(row.format, row.taken, row.context) for row in sessions_of(one_site)] == [
        ("closed", 1, ACME)
    ]


def test_seats_left_are_live_and_the_focus_stays(site: Site) -> None:
    ready(site)
    first, second = pod(site), pod(site, "2026-06-05T09:00:00Z")
    with staff(site, "participant") as seen:
        page = seen.page
        page.evaluate("window.sameLoad = true")
        page.locator(f"#join-{first}").focus()
        # When somebody takes a seat, the number falls, and the focus stays on the button
        join(site, first)
        look_again(page)
        expect(page.locator("#groups")).to_contain_text("Seats left: 2")
        expect(page.locator(f"#join-{first}")).to_be_focused()
        expect(page.locator("#said")).to_have_text("")
        # When the last one goes, so does the button: that is said, and the keyboard goes on from
        # the list
        join(site, first, GRACE | {"id": "a"})
        join(site, first, GRACE | {"id": "b"})
        look_again(page)
        expect(page.locator(f"#join-{first}")).to_have_count(0)
        expect(page.locator("#groups-heading")).to_be_focused()
        expect(page.locator("#said")).to_have_text(
            "Join: Fri 5 Jun, 14:00 is not available any more."
        )
        # When there is a new one, it appears, and can be joined from the page that was there all
        # the time
        third = pod(site, "2026-06-04T13:00:00Z")
        look_again(page)
        page.locator(f"#join-{third}").wait_for()
        assert page.evaluate("window.sameLoad")
        assert "Hedy" not in page.content()
        page.locator(f"#join-{second}").press("Enter")
        expect(page.locator("h1")).to_have_text("Your session is booked")
        at_peace(seen, site)


def test_a_coach_s_sessions_are_live(one_site: Site) -> None:
    ready(one_site)
    with staff(one_site, "coach") as seen:
        page = seen.page
        button(page, OPEN).focus()
        page_visitor.enter(one_site.desk, participant=HEDY).book(OPEN)
        look_again(page)
        expect(page.locator("#meetings")).to_contain_text("Hedy Lamarr")
        assert "session" in page.evaluate("document.activeElement.textContent")
        expect(page.locator("#said")).to_have_text("Thu 4 Jun, 10:00 is not available any more.")
        at_peace(seen, one_site)


@pytest.mark.parametrize(
    ("viewer", "widths", "language"),
    [
        ("coach", (1280,), "en"),
        ("coach", (360,), "de"),
        ("manager", (1280,), "de"),
        ("manager", (360,), "fr"),
    ],
)
def test_axe_finds_no_violation_in_what_staff_see(
    one_site: Site, viewer: str, widths: tuple[int, ...], language: str
) -> None:
    ready(one_site)
    group = pod(
        one_site,
        participants=[HEDY],
        title="A circle with a title so long that it has to be broken somewhere",
    )
    booking_id = page_visitor.enter(one_site.desk, context=ACME).book(people.at(2, 9))
    paths = ["/book", "/book?frame=0-1440", f"/book/confirm?start={OPEN}&duration=60",
        f"/book?move={booking_id}",
             f"/book/bookings/{booking_id}", f"/book/groups/{group}"]  # fmt: skip
    if viewer == "coach":
        paths += [f"/book/groups/{group}/off", f"/book/confirm?start={BUSY}&duration=60",
                  f"/book/confirm?start={BUSY}&duration=60&move={booking_id}"]  # fmt: skip
    asked = {"language": language}
    with staff(one_site, viewer, asked=asked) as seen:
        for path in paths:
            seen.page.goto(path)
            fits_everybody(seen.page, widths)
        at_peace(seen, one_site)


def test_a_coach_s_first_view_is_small_though_every_cell_says_why(one_site: Site) -> None:
    """Day and night, in the longer words of German, with a session every second hour."""
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
    for day in range(8, 15):
        for hour in range(0, 24, 4):
            booking = {
                "coach_id": "ada",
                "start": f"2026-06-{day:02}T{hour:02}:00:00Z",
                "duration": 30,
            }
            assert (
                post(one_site.desk, "/v1/bookings", booking | {"participant": HEDY}).status_code
                == 201
            )
    with staff(one_site, "coach", "/book?week=2026-06-08", asked={"language": "de"}) as seen:
        expect(seen.page.locator("#grid tbody tr")).to_have_count(96)
        assert weight(seen) <= MOST_BYTES
        at_peace(seen, one_site)
