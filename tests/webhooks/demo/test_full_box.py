"""A post box with a great many mails, and with long ones: pages and memory stay bounded."""

import asyncio
import re

from aiosmtpd.smtp import Envelope

from tests.domain.letters import NOW
from tests.webhooks.demo.box import YOU, get, send
from webhooks.demo.postbox import KEPT, KEPT_OCTETS, LARGEST_MAIL, Letters, Postbox
from webhooks.demo.postbox_pages import AT_ONCE, create_app

LONG = "Moved " * 50
MOST_OCTETS = 250_000


def filled(count: int, content: bytes) -> Letters:
    async def fill(kept: Letters) -> None:
        for _ in range(count):
            envelope = Envelope()
            envelope.original_content, envelope.rcpt_tos = content, [YOU] * 500
            await kept.handle_DATA(None, None, envelope)  # type: ignore[arg-type]  # it looks at the envelope only

    kept = Letters(lambda: NOW)
    asyncio.run(fill(kept))
    return kept


def test_a_full_box_is_listed_a_page_at_a_time_the_newest_first() -> None:
    kept = filled(KEPT + 7, f"Subject: {LONG}\n\n".encode())
    app = create_app(kept.kept).test_client()
    path, seen = "/", []
    while path:
        page = app.get(path, base_url="http://127.0.0.1").text
        assert len(page) <= MOST_OCTETS
        found = [int(number) for number in re.findall('href="/mails/([0-9]+)"', page)]
        assert len(found) <= AT_ONCE
        seen += found
        path = "".join(re.findall(r'href="(/\?before=[0-9]+)"', page))
    assert seen == list(range(KEPT + 7, 7, -1))
    assert "and 495 more" in page


def test_what_is_kept_is_bounded_in_octets_too() -> None:
    count = KEPT_OCTETS // LARGEST_MAIL + 3
    kept = filled(count, b"Subject: large\n\n" + b"x" * (LARGEST_MAIL - 16)).kept()
    assert sum(len(letter.raw) for letter in kept) <= KEPT_OCTETS
    assert len(kept) == count - 3
    assert kept[-1].number == count


def test_a_subject_without_end_is_cut_on_every_page_and_whole_as_it_came(postbox: Postbox) -> None:
    send(postbox, b"Subject: " + b"\n ".join([b"x" * 900] * 1000) + b"\n\nhello")
    for path in ("/", "/mails/1"):
        assert len(get(postbox, path).text) <= 20_000
    assert len(get(postbox, "/mails/1/raw").content) > 900_000
