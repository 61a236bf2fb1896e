"""Many accounts on the settings page: folded, the main one first, one choice for what receives
sessions, and one Save for all of it.
"""

from playwright.sync_api import Page, expect

from storage.rows import coaches
from storage.transactions import target_calendars
from tests.browser.conftest import Site
from tests.browser.phone import PHONE, small
from tests.browser.readers import at_peace, fits_everybody, violations
from tests.browser.settings_page import at_settings, hours, save, settings_link
from tests.browser.weights import MOST_BYTES, weight
from tests.support import people
from tests.support.page_weight import ACCOUNTS, many_accounts

LOOKED_AT = """document.activeElement.blur(),
    document.dispatchEvent(new Event('visibilitychange'))"""


def receiving(site: Site) -> str:
    with site.desk.database.read() as tx:
        place = target_calendars.receiving(tx, "ada")
    assert place
    return place.calendar_id


def is_open(page: Page) -> list[bool]:
    found: list[bool] = page.locator(".account").evaluate_all("all => all.map(it => it.open)")
    return found


def test_hours_and_calendars_are_chosen_by_keyboard_and_saved_at_once(site: Site) -> None:
    with at_settings(site) as seen:
        page = seen.page
        expect(page.locator("#whose")).to_have_text("For Ada Lovelace")
        menu, work = page.locator("#receives"), page.get_by_label("Work", exact=False).first
        page.get_by_role("checkbox", name="Work").focus()
        page.keyboard.press("Space")
        expect(page.locator("#calendars-later")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(menu).to_be_focused()
        page.keyboard.type("Ho")
        expect(menu).to_have_value(people.HOME)
        expect(page.locator("#unsaved")).to_be_visible()
        hours(page, "sat").fill("10-12")
        # What is not saved stays, though the accounts are looked at again
        page.evaluate(LOOKED_AT)
        page.fill("#per_week", "12")
        save(page)
        assert not [url for url in seen.requests if url.endswith("/settings/accounts")]
        expect(menu).to_have_value(people.HOME)
        expect(work).not_to_be_checked()
        expect(page.locator("#unsaved")).to_be_hidden()
        assert receiving(site) == people.HOME
        with site.desk.database.read() as tx:
            coach = coaches.get(tx, "ada")
        assert coach
        assert coach.per_week == 12
        assert coach.hours.weekly_json()["sat"] == [["10:00", "12:00"]]
        assert violations(page) == []
        at_peace(seen, site)


def test_a_wrong_field_keeps_what_was_chosen_and_has_the_focus(one_site: Site) -> None:
    with at_settings(one_site, width=360, height=740) as seen:
        page = seen.page
        page.get_by_role("checkbox", name="Work").uncheck()
        page.select_option("#receives", people.HOME)
        page.fill("#per_day", "1001")
        page.click("#save")
        expect(page.locator("#problem-per_day")).to_be_visible()
        expect(page.locator("#per_day")).to_be_focused()
        expect(page.locator("#per_day")).to_be_in_viewport()
        expect(page.get_by_role("checkbox", name="Work")).not_to_be_checked()
        expect(page.locator("#receives")).to_have_value(people.HOME)
        assert receiving(one_site) == people.WORK
        page.fill("#per_day", "3")
        save(page)
        assert receiving(one_site) == people.HOME


def test_many_accounts_are_folded_but_for_the_one_that_receives_sessions(one_site: Site) -> None:
    many_accounts(one_site.desk)
    with one_site.visit(**PHONE) as seen:
        page = seen.page
        page.goto(settings_link(one_site))
        page.wait_for_url("**/settings")
        assert is_open(page) == [True] + [False] * (ACCOUNTS - 1)
        assert receiving(one_site) in page.locator(".account").first.inner_html()
        expect(page.locator("summary").nth(1)).to_contain_text("Blocking calendars: 7 of 7")
        assert weight(seen) <= MOST_BYTES
        assert small(page) == []
        fits_everybody(page, (360, 1440))
        # When one is opened, it stays so though the accounts are read again
        page.set_viewport_size({"width": 360, "height": 740})
        page.locator("summary").nth(2).tap()
        with page.expect_response("**/settings/accounts"):
            page.evaluate(LOOKED_AT)
        expect(page.locator(".account[open]")).to_have_count(2)
        at_peace(seen, one_site)
