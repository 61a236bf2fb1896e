"""Three in the morning: five hundred messages failed, for three causes. Whoever may puts them right
in four presses of a key; whoever may only look, does not.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from storage.rows import audit_log
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, tab_to, violations
from tests.support import failed_messages
from tests.support.failed_messages import cause_of, fail
from workers.jobs import bulk_deeds

GONE = "the platform answered 410: it wants no callbacks there"
BUSY = "given up after 3 days: the platform answered 503"
LARGE = "refused for good, because of the message (552 5.3.4)"


def five_hundred(site: Site) -> None:
    database = site.desk.database
    fail(database, 300, BUSY, name="busy")
    fail(database, 150, GONE, name="gone")
    fail(database, 50, LARGE, name="large", kind="mail", topic="booked")


@contextmanager
def clock(site: Site) -> Iterator[None]:
    """The one job of the clock's that this is about, in turns."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.1):
            bulk_deeds.go_on(site.desk.runtime.services, site.desk.runtime.actors)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_five_hundred_dead_letters_of_three_causes_are_put_right_by_four_keys(
    one_site: Site,
) -> None:
    database = one_site.desk.database
    five_hundred(one_site)
    causes = {error: cause_of(database, error).id for error in (BUSY, GONE, LARGE)}
    asked: list[str] = []
    with one_site.ops() as seen, clock(one_site):
        page = seen.page

        def agree(dialog: object) -> None:  # the fourth: Enter, at the question
            asked.append(dialog.message)  # type: ignore[attr-defined]  # playwright's
            dialog.accept()  # type: ignore[attr-defined]

        page.on("dialog", agree)
        # Given the overview: what is wrong, how many, and since when
        expect(page.locator("#live")).to_contain_text("500 messages given up")
        expect(page.locator("#causes")).to_contain_text(BUSY)
        # When those that can be sent are requeued
        for error, count in ((BUSY, 300), (LARGE, 50)):
            button = page.locator(f"#requeue-{causes[error]}")
            expect(button).to_have_text(f"Requeue {count}")
            tab_to(page, f"requeue-{causes[error]}")
            page.keyboard.press("Enter")
            expect(page.locator("#said")).to_contain_text(f"{count} messages: requeue begins")
        # And those that nobody wants are given up, after a question that says how many
        tab_to(page, f"discard-{causes[GONE]}")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("150 messages: discard begins")
        assert asked == ["Give 150 messages up for good? They will never be sent."]
        # Then the page tells how far it is, until all is over and nothing is wrong any more
        expect(page.locator("#running")).to_contain_text("300 of 300, ended")
        expect(page.locator("#running")).to_contain_text("150 of 150, ended")
        expect(page.locator("#running")).to_contain_text("50 of 50, ended")
        expect(page.locator("#live")).not_to_contain_text("messages given up")
        assert violations(page) == []
        at_peace(seen, one_site)
    assert failed_messages.states(database, "busy") == {"pending": 300}
    assert failed_messages.states(database, "large") == {"pending": 50}
    assert failed_messages.states(database, "gone") == {"superseded": 150}
    with database.read() as tx:
        done = sorted(deed.action for deed in audit_log.deeds(tx) if deed.action != "login")
    assert done == ["discard all", "requeue all", "requeue all"]


def test_whoever_may_only_look_sees_the_causes_and_is_refused_the_deeds(one_site: Site) -> None:
    database = one_site.desk.database
    five_hundred(one_site)
    cause = cause_of(database, GONE)
    with one_site.visit() as seen:
        page = seen.page
        page.goto("/ops/login?next=/ops/causes")
        page.fill("#key", one_site.desk.key("ops:read"))
        page.keyboard.press("Enter")
        page.wait_for_url("**/ops/causes")
        expect(page.locator("#causes")).to_contain_text("150")
        expect(page.locator("#read-only")).to_contain_text("You may look, and change nothing")
        assert page.locator("#causes button").count() == 0
        # When they send what the button of another would send
        csrf = page.locator("input[name=csrf]").first.get_attribute("value")
        answer = page.request.post(
            f"{one_site.origin}/ops/causes/{cause.id}/discard",
            form={"csrf": csrf or "", "seen": "9999999999999", "sure": "yes"},
            headers={"Origin": one_site.origin},
        )
        assert answer.status == 403
        assert "read_only_role" in answer.text()
        assert violations(page) == []
    bulk_deeds.go_on(one_site.desk.runtime.services, one_site.desk.runtime.actors)
    assert failed_messages.states(database, "gone") == {"dead": 150}
