"""The ops pages in a real browser: live without reload, by keyboard only, readable, at peace."""

import re
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import Page, expect

from storage.rows import audit_log
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.browser import scene
from tests.browser.conftest import Site
from tests.browser.readers import AXE, at_peace, fits_everybody, focused, tab_to, violations
from tests.support import outbox_states, people
from tests.support.booking_requests import BOOKING, post

STATIC = Path(__file__).parents[2] / "webhooks"

# Of axe-core 4.14.1, as npm has it; its licence lies beside it.
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"


def answered(page: Page, pattern: str) -> None:
    """The second answer from now on: when it comes, the first has been swapped in."""
    for _ in range(2):
        with page.expect_response(pattern):
            pass


def test_a_dead_letter_appears_is_requeued_by_keyboard_and_is_gone_without_a_reload(
    site: Site,
) -> None:
    with site.visit() as seen:
        page = seen.page
        # Given somebody who came with the keyboard
        page.goto("/ops")
        page.keyboard.type(site.desk.key("ops"))
        page.keyboard.press("Enter")
        expect(page.locator("#dead")).to_contain_text("None")
        page.evaluate("window.sameLoad = true")
        # When a mail dies
        mine = scene.dead_letter(site.desk.database)
        # Then it is shown, with its reason, and without the address in it
        expect(page.locator("#dead")).to_contain_text(mine)
        expect(page.locator("#dead")).to_contain_text("550 no such mailbox")
        # When it is requeued
        tab_to(page, f"requeue-{mine}")
        page.keyboard.press("Enter")
        # Then it is gone, that is said, and the keyboard goes on from there
        expect(page.locator("#dead")).not_to_contain_text(mine)
        expect(page.locator("#said")).to_have_text(f"{mine} was requeued and is on its way.")
        expect(page.locator("#dead-heading")).to_be_focused()
        assert page.evaluate("window.sameLoad")
        assert scene.ADDRESS not in page.content()
        at_peace(seen, site)
    with site.desk.database.read() as tx:
        assert outbox_states.states(tx) == {("mail", "pending"): 1}
        assert [(deed.action, deed.target) for deed in audit_log.deeds(tx, target=mine)] == [
            ("requeue", mine)
        ]
    assert site.desk.runtime.broker.queues["mails"].qsize() == 1


def test_a_dead_letter_is_discarded_only_after_a_question(one_site: Site) -> None:
    mine = scene.dead_letter(one_site.desk.database)
    with one_site.ops() as seen:
        answers = [False, True]
        seen.page.on(
            "dialog", lambda dialog: dialog.accept() if answers.pop(0) else dialog.dismiss()
        )
        seen.page.click(f"#discard-{mine}")
        expect(seen.page.locator("#dead")).to_contain_text(mine)
        seen.page.click(f"#discard-{mine}")
        expect(seen.page.locator("#dead")).not_to_contain_text(mine)
        at_peace(seen, one_site)
    assert answers == []


def test_a_message_is_retried_and_withheld_on_its_page(one_site: Site) -> None:
    (mine,) = scene.owe(one_site.desk.database, scene.owed(1))
    with one_site.ops() as seen:
        seen.page.goto(f"/ops/outbox/{mine}")
        seen.page.click(f"#retry-{mine}")
        expect(seen.page.locator("#said")).to_have_text(f"{mine} is tried again now.")
        seen.page.once("dialog", lambda dialog: dialog.accept())
        seen.page.click(f"#withhold-{mine}")
        expect(seen.page.locator("#live")).to_contain_text("withheld by a person")
        expect(seen.page.locator("#live")).to_contain_text("retry")  # in what was done to it
        at_peace(seen, one_site)


def test_a_withheld_address_is_taken_off_and_its_page_follows(one_site: Site) -> None:
    mine = scene.nobody_there(one_site.desk.database)
    with one_site.ops() as seen:
        seen.page.get_by_role("link", name="Withheld", exact=True).press("Enter")
        expect(seen.page.locator("#withheld")).to_contain_text(
            "User unknown in virtual mailbox table"
        )
        assert scene.ADDRESS not in seen.page.content()
        seen.page.wait_for_load_state()  # its script is to be at work
        seen.page.get_by_role("button", name="Take off wad_").click()
        expect(seen.page.locator("#withheld")).to_contain_text("None.")
        expect(seen.page.locator("#said")).to_contain_text("was taken off: waiting mails: 1 leave")
        seen.page.goto(f"/ops/outbox/{mine}")
        expect(seen.page.locator("#standing-heading")).to_contain_text("pending")
        at_peace(seen, one_site)


def test_a_participant_is_found_exported_and_erased_by_keyboard(one_site: Site) -> None:
    database = one_site.desk.database
    people.ready(database, people.MAILED)
    with database.write() as tx:
        bookings.book(
            tx, Wanted("ada", people.at(2, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
    with one_site.ops() as seen:
        page = seen.page
        page.get_by_label("Id of a message, booking, session, coach, participant or request").fill(
            "grace"
        )
        page.keyboard.press("Enter")
        page.wait_for_url("**/ops/people/grace")
        tab_to(page, "export-participant")
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "participant-grace.json"
        assert people.GRACE.email in Path(download.value.path()).read_text()
        assert violations(page) == []
        # Nothing happens before the id was typed
        tab_to(page, "erase-participant")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Type the id to confirm")).to_be_focused()
        page.keyboard.type("grace")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Nothing is kept of anybody with this id.")
        assert violations(page) == []
        at_peace(seen, one_site)
    with database.read() as tx:
        assert {deed.action for deed in audit_log.deeds(tx, target="grace")} == {"export", "erase"}


def test_a_refresh_tells_the_difference_that_it_made(one_site: Site) -> None:
    database = one_site.desk.database
    connection_id = people.ready(database, people.MAILED, (people.at(2, 9), people.at(2, 10)))
    with one_site.ops() as seen:
        seen.page.goto("/ops/coaches/ada")
        seen.page.click("#refresh")
        expect(seen.page.locator("#difference")).to_contain_text("Reading 1 account")
        # an hour at 12:00 UTC for the one at 09:00: as many starts open as close
        people.read(database, connection_id, (people.at(2, 12), people.at(2, 13)), of=people.MAILED)
        row = seen.page.locator("#difference tr", has_text="60 min")
        expect(row).to_contain_text("+9")
        expect(row).to_contain_text("−9")
        expect(row).to_contain_text("2026-06-02T08:00:00Z")
        at_peace(seen, one_site)


def test_the_plots_are_drawn_and_told_as_tables(one_site: Site) -> None:
    scene.samples(one_site.desk.database)
    with one_site.ops() as seen:
        lines = seen.page.locator("#plot-latency polyline")
        # p50, p95 and p99, each broken once: nobody measured for an hour
        expect(lines).to_have_count(6)
        for number in range(6):
            assert len(str(lines.nth(number).get_attribute("points")).split()) > 20
            box = lines.nth(number).bounding_box()
            assert box is not None
            assert box["width"] > 50
        assert seen.page.locator("figure.plot polyline").count() == 2 * 9
        seen.page.locator("#table-latency summary").press("Enter")
        expect(seen.page.locator("#table-latency tbody tr").first).to_be_visible()
        seen.page.get_by_role("link", name="7 d").click()
        expect(seen.page.get_by_role("img", name="Push to visible")).to_be_visible()
        at_peace(seen, one_site)


def test_a_refusal_appears_in_the_list_without_a_reload_and_leads_to_its_coach(
    one_site: Site,
) -> None:
    desk = one_site.desk
    people.ready(desk.database, people.MAILED, (people.at(2, 9), people.at(2, 10)))
    with one_site.ops() as seen:
        page = seen.page
        expect(page.locator("#refused")).to_contain_text("Nothing was refused.")
        assert (
            post(desk, "/v1/bookings", BOOKING | {"start": "2026-06-02T09:00:00Z"}).status_code
            == 409
        )
        row = page.locator("#refused tbody tr")
        expect(row.locator("td")).to_have_text(
            [
                "2026-06-01 08:00:00",
                "POST /v1/bookings",
                "slot_not_open",
                "busy",
                "ada",
                re.compile("bookings:write"),
            ]
        )
        page.get_by_role("link", name="Refusals").press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator(".hint")).to_contain_text("UTC")
        page.locator("tbody").get_by_role("link", name="ada").press("Enter")
        page.wait_for_url("**/ops/coaches/ada")
        at_peace(seen, one_site)


def test_a_paused_page_stands_still_until_it_goes_on(one_site: Site) -> None:
    with one_site.ops() as seen:
        page = seen.page
        page.get_by_role("button", name="Pause").press("Enter")
        expect(page.locator("#alive")).to_have_text("Paused")
        expect(page.locator(".htmx-request")).to_have_count(0)  # what was under way has come
        asked = len(seen.requests)
        mine = scene.dead_letter(one_site.desk.database)
        page.wait_for_timeout(2_500)  # longer than it would have waited
        assert len(seen.requests) <= asked + 1  # one may have been under way
        assert mine not in page.content()
        page.get_by_role("button", name="Pause").press("Enter")
        expect(page.locator("#dead")).to_contain_text(mine)
        expect(page.locator("#alive")).to_have_text("Live")


def test_a_page_that_is_not_live_says_so_until_it_is_again(one_site: Site) -> None:
    with one_site.ops() as seen:
        seen.page.route("**/ops/live", lambda route: route.abort())
        expect(seen.page.locator("#alive")).to_contain_text("Not live since")
        seen.page.unroute("**/ops/live")
        expect(seen.page.locator("#alive")).to_have_text("Live")


def test_focus_and_open_tables_survive_the_live_part(one_site: Site) -> None:
    people.ready(one_site.desk.database)
    mine = scene.dead_letter(one_site.desk.database)
    with one_site.ops() as seen:
        seen.page.focus(f"#requeue-{mine}")
        answered(seen.page, "**/ops/live")
        assert focused(seen.page) == f"requeue-{mine}"
        seen.page.goto("/ops/coaches/ada")
        seen.page.click("#week-table summary")
        answered(seen.page, "**/live?duration=*")
        expect(seen.page.locator("#week-table tbody tr").first).to_be_visible()
        at_peace(seen, one_site)


def test_without_a_script_the_forms_work_all_the_same(one_site: Site) -> None:
    mine = scene.dead_letter(one_site.desk.database)
    with one_site.ops(java_script_enabled=False) as seen:
        seen.page.click(f"#requeue-{mine}")
        seen.page.wait_for_url(f"**/ops/outbox/{mine}")
        expect(seen.page.locator("#standing-heading")).to_contain_text("pending")


def test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen(one_site: Site) -> None:
    ids = scene.afternoon(one_site.desk.database)
    one_site.desk.get("/v1/coaches/ada/slots?from=x&to=y&duration=60")
    made = scene.booked(one_site.desk)
    paths = (
        "/ops",
        "/ops/outbox?state=dead",
        "/ops/audit",
        "/ops/refusals",
        "/ops/withheld",
        "/ops/causes",
        "/ops/pauses",
        "/ops/storm",
        "/ops/coaches/ada",
        "/ops/coaches/ada/history",
        "/ops/coaches/coach-2",
        "/ops/people/ada",
        f"/ops/bookings/{made['booking_id']}",
        f"/ops/sessions/{made['session_id']}",
        f"/ops/requests/{made['request_id']}",
    )
    with one_site.visit() as seen:
        seen.page.goto("/ops/login")
        fits_everybody(seen.page)
    with one_site.ops() as seen:
        for path in (*paths, *(f"/ops/outbox/{outbox_id}" for outbox_id in ids.values())):
            seen.page.goto(path)
            fits_everybody(seen.page)
        at_peace(seen, one_site)


def test_pages_leave_it_to_css() -> None:
    """Width and scheme change what is drawn and nothing else: a page needs no second
    load for them.
    """
    scripts = [*STATIC.glob("ops/static/*.js"), *STATIC.glob("pages/static/*.js")]
    assert len(scripts) >= 4
    for script in scripts:
        assert not re.search("matchMedia|innerWidth|clientWidth|screen\\.", script.read_text()), (
            script
        )


def test_axe_is_the_one_that_was_published() -> None:
    assert sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256
    assert "Mozilla Public License" in (AXE.parent / "LICENSE").read_text()
