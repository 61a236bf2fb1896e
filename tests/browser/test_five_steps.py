"""The product's help article, walked through in Chromium: a coach connects calendars and sets
hours, and a participant books, rebooks, cancels and joins a group, before the whole product and a
sandbox Cronofy.

The same journey with a mouse, by keyboard alone, with a finger on a narrow screen, in Arabic too,
and without a script. The mouse leaves pictures in docs/screenshots: those that are not there. To
have them anew, delete them and run this.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from playwright.sync_api import Browser, Locator, Page, expect

from domain.hours import Hours
from storage.rows import coaches
from storage.slots import slot_sets
from tests.browser.booking_page import button
from tests.browser.hands import Finger, Hand, Keyboard, Mouse, NoScript, to_the_middle
from tests.browser.walk import Walk
from tests.support import people, processes
from tests.support.databases import Kind
from tests.support.page_visitor import GRACE
from tests.support.people import at
from tests.support.processes import Town
from webhooks.pages import hours_text
from workers.cronofy.sandbox.control import ReadyAccount

# A Sunday morning: the week that is booked lies ahead, whenever this is run.
NOW = datetime(2026, 5, 31, 8, 0, tzinfo=UTC)
MORNING = [["09:00", "13:00"]]
NEW = replace(
    people.MAILED, hours=Hours.parse("Europe/London", {}, {}), pre=0, post=0, durations=(30, 60)
)
AFTER = replace(
    NEW,
    hours=Hours.parse("Europe/London", dict.fromkeys(people.OFFICE, MORNING), {}),
    pre=15,
    post=15,
    version=3,
)
"""What is kept of all that the coach sets."""
ZONES = {"en": "United Kingdom Time (London)", "ar": "توقيت المملكة المتحدة (لندن)"}
pytestmark = pytest.mark.timeout(400)  # processes of the product and a browser, on any machine
HOURS = {
    "en": ("10:00 – 11:00", "10:30 – 11:30"),
    "ar": ("10:00 ص – 11:00 ص", "10:30 ص – 11:30 ص"),
}
"""When the session is, before and after the move, by the clock of each language."""
NARROW = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
WAYS: dict[str, tuple[Hand, Kind, dict[str, Any]]] = {
    "mouse": (Mouse(), "postgresql", {"viewport": {"width": 1100, "height": 800}}),
    "keyboard": (Keyboard(), "sqlite", {"viewport": {"width": 1100, "height": 800}}),
    "touch": (Finger(), "sqlite", NARROW),
    "touch in ar": (Finger(), "sqlite", NARROW),
    "no script": (NoScript(), "sqlite", {"viewport": {"width": 1100, "height": 800}}),
}


@pytest.fixture(params=WAYS)
def walk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    fresh_database: Callable[[Kind], str],
    redis_url: str,
    chromium: Browser,
) -> Iterator[Walk]:
    hand, kind, screen = WAYS[request.param]
    offset = round((NOW - datetime.now(UTC)).total_seconds())
    with processes.raised(
        tmp_path, fresh_database(kind), redis_url, COACHCAL_CLOCK_OFFSET_SECONDS=str(offset)
    ) as running:
        running.control.set_clock(NOW)
        for name in ("web", "worker", "clock"):
            running.start(name)
        language = request.param.partition(" in ")[2] or "en"
        yield Walk(running, hand, chromium, screen, request.param == "mouse", language)


def test_the_five_steps_of_the_article(walk: Walk) -> None:
    accounts = introduced(walk.town)
    with walk.follows(purpose="settings") as seen:
        connect_two_accounts(walk, seen.page, accounts)
        choose_hours(walk, seen.page)
        with walk.follows(purpose="booking", participant=GRACE) as other:
            set_buffers(walk, seen.page, other.page)
            an_event_closes_a_time(walk, other.page, accounts["google"])
            book_rebook_cancel(walk, other.page)
            with walk.follows(purpose="booking", viewer="coach") as third:
                make_and_join_a_group(walk, third.page, other.page)
    with walk.town.database.read() as tx:
        assert coaches.get(tx, "ada") == AFTER


def introduced(running: Town) -> dict[str, ReadyAccount]:
    """Ada, who has no hours yet, and her two accounts: on Tuesday and on Thursday she is busy for
    an hour.
    """
    with running.database.write() as tx:
        slot_sets.recompute(tx, coaches.put(tx, NEW), now=NOW)
    found = {
        "google": running.control.create_account(
            "Ada Lovelace", provider="google", calendars=("Work",)
        ),
        "office365": running.control.create_account(
            "Ada L.", provider="office365", calendars=("Board",)
        ),
    }
    for provider, begins in (("google", at(2, 9)), ("office365", at(4, 12))):
        add_event(running, found[provider], begins)
    return found


def add_event(running: Town, seat: ReadyAccount, begins: int, hours: int = 1) -> None:
    start, end = (datetime.fromtimestamp(it, UTC) for it in (begins, begins + 3600 * hours))
    running.control.add_event(seat.calendars[0], start, end)


def connect_two_accounts(walk: Walk, page: Page, accounts: dict[str, ReadyAccount]) -> None:
    """Step 1."""
    for number, (name, provider) in enumerate(
        (("Google", "google"), ("Office 365", "office365")), start=1
    ):
        walk.press(page, name)
        walk.hand.press(page.locator(f"input[value='{accounts[provider].profiles[0]}']"))
        walk.press(page, "Allow")
        walk.press(page, walk.say("consent_confirm_yes"))
        expect(page.locator(".account")).to_have_count(number)
    walk.sees(page, lambda ms: expect(page.locator("#synced")).to_be_visible(timeout=ms))
    walk.picture(page, "01-connect", "#accounts")


def choose_hours(walk: Walk, page: Page) -> None:
    """Step 2."""
    if walk.hand.live:
        to_the_middle(quarter(walk, page, "wed", "11:00"))
        walk.hand.sweep(quarter(walk, page, "mon", "09:00"), quarter(walk, page, "fri", "12:45"))
    else:
        for day in people.OFFICE:
            walk.hand.fill(page.locator(f"#hours-{day}"), "09:00-13:00")
        walk.hand.press(page.locator("#show-effect"))
    written = hours_text.text_of(MORNING, clock_of(walk))
    expect(page.locator("#hours-fri")).to_have_value(written)
    expect(page.locator("#change")).to_have_class("more")
    walk.picture(page, "02-hours", "#hours-heading")
    save(walk, page)


def quarter(walk: Walk, page: Page, day: str, clock: str) -> Locator:
    """Of the hours, by what it is called."""
    name = page.locator(f"#hours-{day}").get_attribute("data-long")
    shown = hours_text.clock(clock, clock_of(walk))
    return page.get_by_role("gridcell", name=f"{name} {shown}")


def clock_of(walk: Walk) -> Locale:
    """Whose clock the pages show: that of the language, or British where it is English."""
    return Locale.parse({"en": "en_GB"}.get(walk.language, walk.language))


def set_buffers(walk: Walk, coach: Page, participant: Page) -> None:
    """Step 3: white and blue change before the coach's eyes, and after saving before the
    participant's.
    """
    walk.choose_length(participant, 60)
    beside, away = button(participant, at(2, 8)), button(participant, at(2, 11))
    expect(beside).to_be_visible()
    walk.picture(participant, "04-white-and-blue")
    for name in ("pre", "post"):
        walk.hand.fill(coach.locator(f"#{name}"), "15")
    if not walk.hand.live:
        walk.hand.press(coach.locator("#show-effect"))
    expect(coach.locator("#change")).to_have_class("fewer")
    walk.picture(coach, "03-buffers", "#sessions-heading")
    save(walk, coach)
    walk.sees(participant, lambda ms: expect(beside).to_have_count(0, timeout=ms))
    expect(away).to_be_visible()


def an_event_closes_a_time(walk: Walk, page: Page, account: ReadyAccount) -> None:
    """Step 4: white and blue follow the calendar."""
    page.evaluate("window.sameLoad = true")
    taken = button(page, at(3, 9))
    expect(taken).to_be_visible()
    add_event(walk.town, account, at(3, 9))
    walk.sees(page, lambda ms: expect(taken).to_have_count(0, timeout=ms))
    cell = page.locator("tr", has=page.locator("th", has_text="10:00")).locator("td").nth(2)
    expect(cell).to_have_text(walk.say("book_unavailable"))
    assert page.evaluate("window.sameLoad === true") == walk.hand.live
    walk.picture(page, "05-an-event-came")


def book_rebook_cancel(walk: Walk, page: Page) -> None:
    """Step 5, of a session for two."""
    heading, main = page.locator("h1"), page.locator("main")
    walk.hand.press(button(page, at(5, 9)))
    expect(heading).to_have_text(walk.say("book_confirm_heading"))
    walk.picture(page, "06-book")
    walk.hand.press(page.locator("#yes"))
    expect(heading).to_have_text(walk.say("book_is_booked"))
    expect(main).to_contain_text(HOURS[walk.language][0])
    expect(main).to_contain_text(ZONES[walk.language])
    walk.hand.press(page.locator("#move"))
    walk.hand.press(button(page, at(5, 9, 30)))
    expect(heading).to_have_text(walk.say("book_confirm_move_heading"))
    walk.hand.press(page.locator("#yes"))
    expect(main).to_contain_text(HOURS[walk.language][1])
    walk.picture(page, "07-rebook")
    walk.hand.press(page.locator("#cancel"))
    walk.hand.press(page.locator("#yes"))
    expect(heading).to_have_text(walk.say("book_is_cancelled"))
    walk.picture(page, "08-cancel")


def save(walk: Walk, page: Page) -> None:
    walk.hand.press(page.locator("#save"))
    expect(page.locator("#said")).to_contain_text(walk.say("set_saved"))


def make_and_join_a_group(walk: Walk, coach: Page, participant: Page) -> None:
    """And of a group: its coach chooses a time, whoever wants takes a seat."""
    walk.hand.press(participant.locator("#times"))
    walk.choose_length(coach, 60)
    walk.hand.press(coach.locator("#next"))
    expect(coach.locator("#grid")).to_contain_text(walk.say("why_busy"))
    walk.picture(coach, "09-the-coach-sees-why")
    walk.hand.press(button(coach, at(4, 8)))
    expect(coach.locator("h1")).to_have_text(walk.say("book_make_group"))
    walk.hand.fill(coach.locator("#title"), "Peer circle")
    walk.picture(coach, "10-make-a-group")
    walk.hand.press(coach.locator("#make-group"))
    expect(coach.locator("h1")).to_have_text("Peer circle")
    # Thursday, at nine
    join = participant.get_by_role(
        "button", name=re.compile(rf"{walk.say('book_join')}: .*4.*\b0?9:00")
    )
    walk.sees(participant, lambda ms: expect(join).to_be_visible(timeout=ms))
    walk.hand.press(join)
    expect(participant.locator("h1")).to_have_text(walk.say("book_is_booked"))
    expect(participant.locator("main")).to_contain_text(walk.say("book_in_group"))
    walk.picture(participant, "11-join-it")
    coach.reload()
    expect(coach.locator("#seated")).to_have_text("Grace Hopper")
