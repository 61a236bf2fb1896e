"""A coach's calendars in a real browser: the first read, the one that receives sessions, and an
account that is added.
"""

from collections.abc import Callable
from dataclasses import replace

from playwright.sync_api import Browser, expect
from werkzeug.wrappers import Request, Response

from domain.accounts import Calendar
from tests.browser.conftest import Site, served
from tests.browser.readers import at_peace
from tests.browser.settings_page import at_settings, in_words, settings_link
from tests.support import people
from tests.support.databases import Kind
from tests.support.listening import listening

CONSENT = "http://127.0.0.1:8002"  # nobody listens there


def test_a_first_read_shows_without_a_reload(one_site: Site) -> None:
    with at_settings(one_site) as seen:
        page = seen.page
        another = people.connect(one_site.desk.database, sub="acc_second")
        page.reload()
        page.evaluate("window.sameLoad = true")
        card = page.locator(f"#{another}")
        expect(card).to_contain_text("Reading for the first time")
        # When it is read, and closes two hours on Wednesday
        profile = replace(people.ACCOUNT.profiles[0], calendars=(Calendar(people.WORK, "Second"),))
        found = replace(people.ACCOUNT, sub="acc_second", profiles=(profile,))
        people.read(
            one_site.desk.database, another, (people.at(3, 9), people.at(3, 11)), account=found
        )
        # Then the account and the week say so
        expect(card).to_contain_text("Second")
        expect(card).not_to_contain_text("Reading for the first time")
        expect(in_words(page, "Wednesday")).to_have_text("09:00 to 09:15, 12:15 to 16:30")
        assert page.evaluate("window.sameLoad")
        at_peace(seen, one_site)


def test_in_a_frame_an_account_that_was_connected_beside_it_shows_without_a_reload(
    chromium: Browser, fresh_database: Callable[[Kind], str], redis_url: str
) -> None:
    # Given Coach OS, on an origin of its own, which shows the settings in a frame
    with listening(framing) as outside, served(
        fresh_database("sqlite"), redis_url, chromium, embed_origins=outside, cronofy_origin=CONSENT
    ) as site, site.visit() as seen:  # fmt: skip
        page = seen.page
        people.introduce(site.desk.database, people.MAILED)
        page.context.route(
            f"{CONSENT}/**", lambda route: route.fulfill(body="Agreed.", content_type="text/plain")
        )
        page.goto(f"{outside}/?{settings_link(site)}")
        frame = page.frame_locator("iframe")
        # When the coach goes to the consent, which opens beside it
        frame.get_by_role("button", name="Google").click()
        expect(frame.get_by_role("link", name="Continue to Google")).to_be_visible()
        page.frames[-1].wait_for_load_state()  # another page: its script is to be at work
        with page.expect_popup() as beside:
            frame.get_by_role("link", name="Continue to Google").click()
        # It begins on a page of ours, which says for whom
        expect(beside.value.get_by_role("heading")).to_have_text(
            "Connect a calendar of Ada Lovelace’s"
        )
        beside.value.get_by_role("button", name="Continue to Google").click()
        beside.value.wait_for_url("**provider_name=google**")
        # Then the frame shows the settings again
        expect(frame.locator("#accounts")).to_contain_text("No calendar is connected yet")
        page.frames[-1].wait_for_load_state()
        # And when the account is connected, and the coach comes back
        people.connect(site.desk.database)
        beside.value.close()
        frame.locator("body").evaluate("dispatchEvent(new Event('focus'))")
        # Then it is there
        expect(frame.locator(".account")).to_contain_text("Reading for the first time")
        expect(frame.locator("#live")).to_contain_text("Your calendar is connected")
        assert seen.complaints == []


@Request.application
def framing(request: Request) -> Response:
    """A page that frames what it is asked for."""
    framed = f'<iframe src="{request.query_string.decode()}" width="900" height="800"></iframe>'
    return Response(f"<!doctype html><title>Coach OS</title>{framed}", mimetype="text/html")
