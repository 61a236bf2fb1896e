"""The worst thing is the first that somebody of ops sees, on a phone too, and the tab's title
counts.
"""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from storage.rows import clock_jobs
from storage.schema import tables
from storage.schema.database_clock import clock_ms
from tests.browser import scene
from tests.browser.conftest import Seen, Site
from tests.browser.readers import at_peace, violations
from workers.clock import JOBS

LIVE_SECONDS = 2
"""How often the page asks by itself (templates/ops/overview.html)."""


def all_is_well(site: Site) -> None:
    with site.desk.database.write() as tx:
        for job in JOBS:
            clock_jobs.take(tx, job.name, every_ms=3_600_000)


def mail_is_stuck(site: Site) -> None:
    """Thirty mails that the mail server refuses to connect for."""
    rows = [scene.owed(number, due_at=scene.NOW - timedelta(hours=4.5)) for number in range(30)]
    scene.owe(site.desk.database, *rows)
    error = "not accepted this time, because of the server (connection refused)"
    values = {
        "attempts": 9,
        "trouble": "away",
        "last_error": error,
        "next_attempt_at_ms": clock_ms() + 900_000,
    }
    with site.desk.database.write() as tx:
        tx.execute(tables.outbox.update().values(values))


def in_view(seen: Seen, selector: str) -> bool:
    """Whether all of it is on the screen, without scrolling."""
    box = seen.page.locator(selector).bounding_box()
    size = seen.page.viewport_size
    assert box is not None
    assert size is not None
    return (
        box["y"] >= 0
        and box["y"] + box["height"] <= size["height"]
        and box["x"] + box["width"] <= size["width"]
    )


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "dark"), (360, 740, "light")])
def test_the_first_line_is_on_the_screen_and_the_deed_beside_it_helps(
    one_site: Site, width: int, height: int, scheme: Any
) -> None:
    all_is_well(one_site)
    with one_site.ops(width=width, height=height, color_scheme=scheme) as seen:
        page = seen.page
        expect(page.locator("#worst")).to_contain_text("All well")
        expect(page).to_have_title("Overview · coachcal ops")
        mail_is_stuck(one_site)
        # without a reload: seen, counted in the tab, and said once
        expect(page.locator("#worst strong")).to_have_text(
            "Mail is not leaving: 30 due, oldest 4.5 h, connection refused."
        )
        expect(page.locator("#worst .level")).to_have_text("Act now")
        expect(page).to_have_title("(1) Overview · coachcal ops")
        expect(page.locator("#worst-said")).to_contain_text("Mail is not leaving: 30 due")
        assert page.evaluate("scrollY") == 0
        assert in_view(seen, "#worst strong")
        assert in_view(seen, "#hurry-mail")
        page.locator("#worst summary").press("Enter")
        expect(page.locator("#worst details")).to_contain_text("The mail server does not answer")
        assert violations(page) == []
        page.click("#hurry-mail")
        expect(page.locator("#said")).to_have_text("30 of kind mail tried now.")
        assert one_site.desk.runtime.broker.queues["mails"].qsize() == 30
        at_peace(seen, one_site)


def test_what_was_done_is_said_however_late_the_answer_comes(one_site: Site) -> None:
    """The button is live: before the answer is there the page would have made another of it."""
    all_is_well(one_site)
    mail_is_stuck(one_site)
    with one_site.ops() as seen:

        def late(route: Route) -> None:
            time.sleep(2 * LIVE_SECONDS + 1)
            route.continue_()

        seen.page.route("**/ops/hurry/mail", late)
        seen.page.click("#hurry-mail")
        expect(seen.page.locator("#said")).to_have_text("30 of kind mail tried now.")
        # And then it is live again.
        with one_site.desk.database.write() as tx:
            tx.execute(tables.outbox.update().values(state="sent"))
        expect(seen.page.locator("#worst")).to_contain_text("All well")


def test_for_a_revoked_account_its_coach_is_asked_and_nothing_is_read(one_site: Site) -> None:
    all_is_well(one_site)
    scene.in_state(one_site.desk.database, "disconnected", "ada")
    with one_site.ops() as seen:
        page = seen.page
        expect(page.locator("#worst")).to_contain_text(
            re.compile("ada are connected no more, for .*: ask to reconnect")
        )
        page.goto("/ops/coaches/ada")
        expect(page.get_by_role("button", name="Read the calendars now")).to_have_count(0)
        expect(page.locator("main")).to_contain_text(
            "programme managers and ops do not do it for them"
        )
        page.get_by_role("button", name="Ask the coach to reconnect").press("Enter")
        expect(page.locator("#said")).to_have_text(re.compile("A mail asks ada to reconnect"))
        assert violations(page) == []
        at_peace(seen, one_site)
