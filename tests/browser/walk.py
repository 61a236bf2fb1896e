"""Somebody who goes through pages, each at a link of their own, and how they use and read them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.conftest import Seen
from tests.browser.hands import Hand
from tests.browser.pictures import PICTURES, take
from tests.support.processes import Town
from webhooks.http import translations

PATIENCE = 60
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
    language: str = "en"

    def say(self, key: str, **values: object) -> str:
        """What a page says in the language of whoever is on the way."""
        return translations.say(self.language, key, **values)

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
        context.set_default_timeout(60_000)
        seen = Seen(context.new_page())
        seen.page.clock.install()
        link = self.town.api.post(
            "/v1/links",
            {"coach_id": "ada", "return_url": "https://os.test/me", "language": self.language}
            | asked,
        )
        seen.page.goto(str(link["url"]))
        wanted = translations.direction(self.language)
        assert seen.page.evaluate("document.dir") == wanted
        yield seen
        assert seen.page.evaluate("document.dir") == wanted
        assert seen.complaints == []
        sandbox = self.town.sandbox.origin
        assert [url for url in seen.requests if not url.startswith((origin, sandbox))] == []
        context.close()

    def press(self, page: Page, name: str) -> None:
        self.hand.press(page.get_by_role("button", name=name, exact=True))

    def choose_length(self, page: Page, minutes: int) -> None:
        self.hand.choose(page.locator("#duration"), self.say("book_minutes", minutes=minutes))
        if not self.hand.live:
            self.press(page, self.say("book_show"))
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
                return check(2_000)
            except AssertionError:
                assert time.monotonic() < end
