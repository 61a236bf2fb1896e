"""The pages of the laptop wear the design of the others, for every hand and eye: the post box, the
sandbox, and the index of the demo, from which all others are reached.
"""

import os
import signal
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import laptop
from tests.browser.conftest import Seen, Site
from tests.browser.laptop import Laptop
from tests.browser.phone import PHONE, small
from tests.browser.readers import violations
from tests.browser.screens import LOOKS
from tests.support.listening import listening
from tests.webhooks.demo.box import send

DESK: dict[str, Any] = {"width": 1440, "height": 900}
REFUSED = "Failed to load resource: the server responded with a status of "
"""What a browser says of a page that is itself a refusal."""
NOT_OURS = ("postbox-part",)
"""What a stranger wrote, alone."""
SMALL_LINKS = """() => [...document.querySelectorAll("a")]
  .filter((it) => it.checkVisibility() && !it.closest("p:not(.alone), ol li, .list li"))
  .filter((it) => it.getBoundingClientRect().height < 43.5)
  .map((it) => it.outerHTML.slice(0, 90))"""
"""Of those that stand alone; a link in a sentence is as high as its line."""


@pytest.fixture
def filled(one_site: Site, tmp_path: Path) -> Iterator[Laptop]:
    with laptop.opened(one_site, tmp_path) as found:
        found.fill()
        found.overfill()
        yield found


def looks_well(page: Page, width: int, name: str) -> None:
    """One load: of the other looks only the rules to which colours belong are asked."""
    assert page.locator("h1").count() == page.locator("main").count() == 1, name
    assert page.evaluate("document.documentElement.scrollWidth") == width, name
    assert violations(page) == [], name
    for look in LOOKS[1:]:
        page.emulate_media(**look)
        assert violations(page, "wcag2aa") == [], (name, look)
    page.emulate_media(**LOOKS[0])


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_of_the_laptop_is_for_every_hand_and_eye(
    one_site: Site, filled: Laptop, screen: dict[str, Any]
) -> None:
    with one_site.visit(**screen) as seen:
        for name, path in filled.paths.items():
            if name in NOT_OURS:
                continue
            seen.page.goto(path)
            looks_well(seen.page, screen["width"], name)
            if screen is PHONE:
                assert small(seen.page) == [], name
                assert seen.page.evaluate(SMALL_LINKS) == [], name
    assert [said for said in seen.complaints if not said.startswith(REFUSED)] == []
    here = "http://127.0.0.1:"
    assert [url for url in seen.requests if not url.startswith(here)] == []


def test_all_of_them_have_one_sheet(filled: Laptop, one_site: Site) -> None:
    with one_site.visit() as seen:
        seen.page.goto(f"{one_site.origin}/docs")
        ground = "getComputedStyle(document.body).backgroundColor"
        wanted = seen.page.evaluate(ground)
        for name in filled.paths.keys() - set(NOT_OURS):
            seen.page.goto(filled.paths[name])
            assert seen.page.evaluate("document.styleSheets.length") == 1, name
            assert seen.page.evaluate(ground) == wanted, name


def test_times_are_told_in_the_zone_of_whoever_looks(one_site: Site, filled: Laptop) -> None:
    there: dict[str, Any] = {"timezone_id": "America/New_York", "locale": "en-US"}
    with one_site.visit(**there) as seen:
        seen.page.goto(filled.paths["postbox"])
        expect(seen.page.locator("caption")).to_contain_text("Eastern Time (New York)")
        expect(seen.page.locator("time").first).to_have_text("Mon, Jun 1, 2026, 04:00:00 AM EDT")
        seen.page.goto(filled.paths["sandbox"])
        expect(seen.page.locator("time").first).to_contain_text("04:0")
        expect(seen.page.locator("time").first).to_contain_text("EDT")
    with one_site.visit(timezone_id="UTC") as seen:
        seen.page.goto(filled.paths["postbox"])
        expect(seen.page.locator("caption")).to_have_text(
            "Mails, the newest first; times are in UTC"
        )
    with one_site.visit(java_script_enabled=False) as seen:
        seen.page.goto(filled.paths["postbox"])
        expect(seen.page.locator("time").first).to_have_text("Mon 01 Jun 2026, 08:00:00 UTC")


def test_what_is_empty_says_so(one_site: Site, tmp_path: Path) -> None:
    with laptop.opened(one_site, tmp_path) as bare, one_site.visit(**PHONE) as seen:
        for name, said in (
            ("postbox", "No mail has come yet."),
            ("sandbox", "None yet: the application has to open a channel first."),
        ):
            seen.page.goto(bare.paths[name])
            expect(seen.page.locator("main")).to_contain_text(said)
            looks_well(seen.page, 360, name)


def at_index(seen: Seen, found: Laptop) -> Page:
    seen.page.goto(found.index)
    return seen.page


@pytest.mark.parametrize(
    ("name", "leads"), [("The week of Ada", "/book"), ("Book", "/book"), ("Settings", "/settings")]
)
def test_each_click_makes_a_link_that_opens(
    one_site: Site, filled: Laptop, name: str, leads: str
) -> None:
    with one_site.visit() as seen:
        page = at_index(seen, filled)
        for _ in range(2):  # a link opens once: the second click has one of its own
            with page.expect_popup() as opening:
                page.get_by_role("link", name=name).first.click()
            opened = opening.value
            opened.wait_for_url(f"{one_site.origin}{leads}**")
            expect(opened.locator("main")).to_contain_text("Ada")
            opened.close()


def test_a_part_that_is_down_is_named_first(one_site: Site, filled: Laptop) -> None:
    with one_site.visit(**PHONE) as seen:
        page = at_index(seen, filled)
        expect_down(page, "")
        os.killpg(filled.processes.pid("worker"), signal.SIGKILL)
        filled.sandbox.stop()
        expect_down(page, "Not all of it runs: Worker, Sandbox Cronofy.")
        expect(page.locator("#runs ~ table")).to_contain_text("it ended with -9")
        expect(page.locator("#runs ~ table")).to_contain_text("it does not answer")
        looks_well(page, 360, "index, two parts down")


def expect_down(page: Page, said: str) -> None:
    """At a look that sees it: a signal takes its time, and so does an answer. "": all runs."""
    for _ in range(300):
        told = " ".join(page.get_by_role("alert").all_inner_texts())
        if said in told and bool(said) == bool(told):
            return
        page.wait_for_timeout(100)
        page.get_by_role("link", name="Look again").click()
    raise AssertionError(told)


HOSTILE = """<html><head><title>Hello</title><link rel="stylesheet" href="{there}/a.css">
<meta http-equiv="refresh" content="0;url={there}/gone"></head>
<body onload="document.title = 'ran'"><script>document.title = 'ran'</script>
<script src="{there}/a.js"></script><img src="{there}/a.png" onerror="document.title = 'ran'">
<iframe src="{there}/frame"></iframe><style>@import "{there}/b.css";
p {{ background: url({there}/b.png) }}</style>
<p>Read me</p><form action="{there}/sent"><button>Send</button></form></body></html>"""


def test_what_a_mail_brings_runs_and_loads_nothing(one_site: Site, filled: Laptop) -> None:
    """As the frame shows it, and alone: nobody is asked for anything."""
    asked: list[str] = []

    def stranger(environ: Any, start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return [b""]

    message = EmailMessage()
    message.set_content("Read me")
    with listening(stranger) as there:
        message.add_alternative(HOSTILE.format(there=there), subtype="html")
        number = send(filled.postbox, message.as_bytes()).number
        for path in (f"/mails/{number}", f"/mails/{number}/html"):
            with one_site.visit() as seen:
                seen.page.goto(filled.postbox.url + path)
                frame = seen.page.main_frame
                if not path.endswith("html"):
                    frame = seen.page.frames[1]
                expect(frame.locator("p").first).to_have_text("Read me")
                frame.locator("button").click()
                seen.page.wait_for_timeout(300)  # what loads, runs or leads on has begun by then
                assert "ran" not in (frame.title(), seen.page.title())
                assert [url for url in (frame.url, seen.page.url) if there in url] == []
    assert asked == []
