"""Webhook endpoints on ops' page in a real browser: live, by keyboard, readable on every screen."""

from playwright.sync_api import Page, expect

from storage.rows import audit_log
from tests.browser import scene
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, fits_everybody, tab_to


def press(page: Page, button: str) -> None:
    """By keyboard. Whether the script sends the form or, just after a swap, the browser itself."""
    tab_to(page, button)
    page.keyboard.press("Enter")


def test_an_endpoint_is_paused_resumed_and_tested_by_keyboard(one_site: Site) -> None:
    mine = scene.endpoint(one_site.desk.database)
    off = scene.endpoint(one_site.desk.database, state="off", off_since=scene.NOW)
    with one_site.ops() as seen:
        page = seen.page
        # Given the first page, which tells of both and leads there
        trouble = page.locator(".others")
        expect(trouble).to_contain_text("was switched off")
        page.get_by_role("link", name="See the endpoints").first.press("Enter")
        page.wait_for_url("**/ops/endpoints")
        row = page.locator("tr", has_text=mine)
        expect(row).to_contain_text("platform.example.test")
        expect(row).to_contain_text("failing for 1")
        expect(row).to_contain_text("503")
        assert "a-secret-path" not in page.content()
        fits_everybody(page)
        # When it is paused, resumed and tried, then that is seen
        state = row.locator("[data-label=State]")
        press(page, f"pause-{mine}")
        expect(state).to_have_text("paused")
        press(page, f"resume-{mine}")
        expect(state).to_have_text("on")
        press(page, f"test-{mine}")
        expect(row.locator("[data-label=Waiting]")).to_have_text("1")
        # And the one that was switched off is on again
        press(page, f"resume-{off}")
        expect(page.locator("tr", has_text=off).locator("[data-label=State]")).to_have_text("on")
        at_peace(seen, one_site)
    with one_site.desk.database.read() as tx:
        done = [deed.action for deed in audit_log.deeds(tx, target=mine)]
    assert sorted(done) == ["pause endpoint", "resume endpoint", "test endpoint"]
