"""Webhook endpoints on ops' page in a real browser: live, by keyboard, readable on every screen."""

from playwright.sync_api import expect

from storage.rows import audit_log
from tests.browser import scene
from tests.browser.conftest import Site
from tests.browser.readers import at_peace, fits_everybody, tab_to


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
        # When it is paused, tried and resumed
        page.wait_for_load_state()
        tab_to(page, f"pause-{mine}")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("paused")
        tab_to(page, f"resume-{mine}")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_contain_text("on again, it was paused")
        tab_to(page, f"test-{mine}")
        page.keyboard.press("Enter")
        # Then that is said and seen, without a reload
        expect(page.locator("#said")).to_contain_text("the test event evt_")
        expect(row.locator("[data-label=Waiting]")).to_have_text("1")
        # And the one that was switched off is on again
        tab_to(page, f"resume-{off}")
        page.keyboard.press("Enter")
        expect(page.locator("tr", has_text=off).locator("[data-label=State]")).to_have_text("on")
        at_peace(seen, one_site)
    with one_site.desk.database.read() as tx:
        done = [deed.action for deed in audit_log.deeds(tx, target=mine)]
    assert sorted(done) == ["pause endpoint", "resume endpoint", "test endpoint"]
