"""The product's help article, walked through in Chromium: a coach connects calendars and sets
hours, and a participant books, rebooks, cancels and joins a group, before the whole product and a
sandbox Cronofy.

The same journey with a mouse, by keyboard alone, with a finger on a narrow screen, and without a
script. The mouse leaves pictures in docs/screenshots: those that are not there. To have them anew,
delete them and run this.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.hours import Hours
from storage.rows import coaches
from storage.slots import slot_sets
from tests.browser.booking_page import button
from tests.browser.conftest import Seen
from tests.browser.hands import Finger, Hand, Keyboard, Mouse, NoScript, to_the_middle
from tests.browser.pictures import PICTURES, take
from tests.support import people, processes
from tests.support.databases import Kind
from tests.support.page_visitor import GRACE
from tests.support.people import at
from tests.support.processes import Town
from workers.cronofy.sandbox.control import ReadyAccount

# A Sunday morning: the week that is booked lies ahead, whenever this is run.
NOW = datetime(2026, 5, 31, 8, 0, tzinfo=UTC)
NEW = replace(
    people.MAILED, hours=Hours.parse("Europe/London", {}, {}), pre=0, post=0, durations=(30, 60)
)
PATIENCE = 20
"""Seconds until something that is read from a calendar has to show."""


@dataclass
class Walk:
    """Somebody on the way: `hand` is how they use pages; `pictures` whether they
    photograph them.
    """

    town: Town
    hand: Hand
    browser: Browser
    screen: dict[str, Any]
    pictures: bool

    @contextmanager
    def follows(self, **asked: Any) -> Iterator[Seen]:
        """A browser at the page that the link leads to."""
        origin = self.town.api.origin
        context = self.browser.new_context(
            base_url=origin,
            java_script_enabled=self.hand.live,
            locale="en-GB",
            **self.screen,
        )
        context.set_default_timeout(15_000)
        seen = Seen(context.new_page())
        seen.page.clock.install()
        link = self.town.api.post(
            "/v1/links", {"coach_id": "ada", "return_url": "https://os.test/me"} | asked
        )
        seen.page.goto(str(link["url"]))
        yield seen
        assert seen.complaints == []
        sandbox = self.town.sandbox.origin
        assert [url for url in seen.requests if not url.startswith((origin, sandbox))] == []
        context.close()

    def press(self, page: Page, name: str) -> None:
        self.hand.press(page.get_by_role("button", name=name, exact=True))

    def choose_length(self, page: Page, minutes: int) -> None:
        self.hand.choose(page.locator("#duration"), f"{minutes} minutes")
        if not self.hand.live:
            self.press(page, "Show")
        page.wait_for_url(f"**duration={minutes}**")

    def picture(self, page: Page, name: str, at: str = "h1") -> None:
        """Of the screen, from `at` on."""
        path = PICTURES / f"{name}.webp"
        if self.pictures and not path.exists():
            take(page, path, at, tallest=800)

    def sees(self, page: Page, check: Callable[[int], None]) -> None:
        """It comes by itself, when the page asks again (its five seconds are made short here); to
        whoever has no script, when they look again. `check` takes the ms of one look.
        """
        end = time.monotonic() + PATIENCE
        while True:
            if self.hand.live:
                page.clock.fast_forward(5_000)
            else:
                page.reload()
            try:
                return check(500)
            except AssertionError:
                assert time.monotonic() < end


WAYS: dict[str, tuple[Hand, Kind, dict[str, Any]]] = {
    "mouse": (Mouse(), "postgresql", {"viewport": {"width": 1100, "height": 800}}),
    "keyboard": (Keyboard(), "sqlite", {"viewport": {"width": 1100, "height": 800}}),
    "touch": (
        Finger(),
        "sqlite",
        {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    ),
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
        yield Walk(running, hand, chromium, screen, pictures=request.param == "mouse")


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
        walk.press(page, "Connect it")
        expect(page.locator(".account")).to_have_count(number)
    walk.sees(page, lambda ms: expect(page.locator("#synced")).to_be_visible(timeout=ms))
    walk.picture(page, "01-connect", "#accounts")


def choose_hours(walk: Walk, page: Page) -> None:
    """Step 2."""
    if walk.hand.live:
        to_the_middle(page.get_by_role("gridcell", name="Wednesday 11:00"))
        walk.hand.sweep(
            *(page.get_by_role("gridcell", name=name) for name in ("Monday 09:00", "Friday 12:45"))
        )
    else:
        for day in people.OFFICE:
            walk.hand.fill(page.locator(f"#hours-{day}"), "09:00-13:00")
        walk.hand.press(page.locator("#show-effect"))
    expect(page.locator("#hours-fri")).to_have_value("09:00-13:00")
    expect(page.locator("#change")).to_contain_text("more than saved")
    walk.picture(page, "02-hours", "#hours-heading")
    save(walk, page)


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
    expect(coach.locator("#change")).to_contain_text("fewer than saved")
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
    expect(cell).to_have_text("Unavailable")
    assert page.evaluate("window.sameLoad === true") == walk.hand.live
    walk.picture(page, "05-an-event-came")


def book_rebook_cancel(walk: Walk, page: Page) -> None:
    """Step 5, of a session for two."""
    heading, main = page.locator("h1"), page.locator("main")
    walk.hand.press(button(page, at(5, 9)))
    expect(heading).to_have_text("Book this time?")
    walk.picture(page, "06-book")
    walk.hand.press(page.locator("#yes"))
    expect(heading).to_have_text("Your session is booked")
    expect(main).to_contain_text("10:00 – 11:00")
    expect(main).to_contain_text("United Kingdom Time (London)")
    walk.hand.press(page.locator("#move"))
    walk.hand.press(button(page, at(5, 9, 30)))
    expect(heading).to_have_text("Move your session to this time?")
    walk.hand.press(page.locator("#yes"))
    expect(main).to_contain_text("10:30 – 11:30")
    walk.picture(page, "07-rebook")
    walk.hand.press(page.locator("#cancel"))
    walk.hand.press(page.locator("#yes"))
    expect(heading).to_have_text("Your session is cancelled")
    walk.picture(page, "08-cancel")


def save(walk: Walk, page: Page) -> None:
    walk.hand.press(page.locator("#save"))
    expect(page.locator("#said")).to_contain_text("Saved.")


def make_and_join_a_group(walk: Walk, coach: Page, participant: Page) -> None:
    """And of a group: its coach chooses a time, whoever wants takes a seat."""
    walk.hand.press(participant.locator("#times"))
    walk.choose_length(coach, 60)
    walk.hand.press(coach.locator("#next"))
    expect(coach.locator("#grid")).to_contain_text("busy")
    walk.picture(coach, "09-the-coach-sees-why")
    walk.hand.press(button(coach, at(4, 8)))
    expect(coach.locator("h1")).to_have_text("Make a group at this time")
    walk.hand.fill(coach.locator("#title"), "Peer circle")
    walk.picture(coach, "10-make-a-group")
    walk.hand.press(coach.locator("#make-group"))
    expect(coach.locator("h1")).to_have_text("Peer circle")
    join = participant.get_by_role("button", name="Join: Thu 4 Jun, 09:00")
    walk.sees(participant, lambda ms: expect(join).to_be_visible(timeout=ms))
    walk.hand.press(join)
    expect(participant.locator("h1")).to_have_text("Your session is booked")
    expect(participant.locator("main")).to_contain_text("Group session")
    walk.picture(participant, "11-join-it")
    coach.reload()
    expect(coach.locator("#seated")).to_have_text("Grace Hopper")
