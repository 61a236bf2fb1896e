"""Web, worker and clock are processes, and one thing at a time is really stopped: whoever looks at
the overview reads of it first, and what the page offers mends it.
"""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import ColumnElement

from storage.rows import coaches
from storage.schema import tables
from storage.schema.database_clock import clock_ms
from tests.browser.conftest import Seen
from tests.browser.readers import violations
from tests.journeys import storm
from tests.support import http_load, mail_server, people, processes
from tests.support.booking_requests import BOOKING
from tests.support.databases import Kind
from tests.support.ports import free_port
from tests.support.processes import Town
from webhooks.demo import browser
from workers.cronofy.sandbox.control import ReadyAccount

pytestmark = pytest.mark.timeout(400)  # processes that start and take over, on any machine
PATIENCE_MS = 60_000
"""A worker counts as gone after 15 s, a clock after 10 s; the machine may be busy."""
SLOW_SECONDS = 4.0
COACHES = 20
PUSHES = 400


@pytest.fixture
def town(tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[Town]:
    """All is well: three processes run. No mail server listens yet at its address."""
    more = {
        "COACHCAL_MAILER": "smtp",
        "COACHCAL_SMTP_URL": f"smtp://127.0.0.1:{free_port()}?tls=none",
        "COACHCAL_MAIL_FROM": "us@example.test",
        "COACHCAL_WORKER_THREADS": "1",
        "COACHCAL_LEASE_SECONDS": "30",  # for reads that are slow on purpose
    }
    with processes.raised(tmp_path, fresh_database("sqlite"), redis_url, **more) as running:
        for name in ("web", "worker", "clock"):
            running.start(name)
        yield running


@contextmanager
def overview(town: Town, chromium: Browser) -> Iterator[Page]:
    """The overview of somebody with a phone, which is never loaded again."""
    context = chromium.new_context(base_url=town.api.origin, viewport={"width": 360, "height": 740})
    context.set_default_timeout(PATIENCE_MS)
    seen = Seen(context.new_page())
    seen.page.goto("/ops/login")
    seen.page.fill("#key", town.key)
    seen.page.keyboard.press("Enter")
    says(seen.page, "All well")
    yield seen.page
    says(seen.page, "All well")
    expect(seen.page).to_have_title("Overview · coachcal ops")
    assert seen.complaints == []
    context.close()


def says(page: Page, pattern: str) -> None:
    """The first line, within the time that it takes to be noticed."""
    expect(page.locator("#worst")).to_contain_text(re.compile(pattern), timeout=PATIENCE_MS)


def is_told(page: Page, pattern: str, deed: str) -> None:
    """The first line, what it offers and what comes of it; the tab counts, and axe is content."""
    says(page, pattern)
    expect(page.locator("#worst .deeds")).to_contain_text(deed)
    expect(page.locator("#worst .does")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(\d+\) Overview"))
    assert violations(page) == []


def mail_port(town: Town) -> int:
    return int(town.environment["COACHCAL_SMTP_URL"].split(":")[2].split("?")[0])


def ready(town: Town) -> ReadyAccount:
    """Ada, whose calendar was read, and who has a name and an address to mail to."""
    seat, _ = town.connect()
    with town.database.write() as tx:
        coaches.put(tx, people.MAILED)
    return seat


def book(town: Town) -> None:
    start = town.a_free_time().isoformat().replace("+00:00", "Z")
    town.api.post("/v1/bookings", BOOKING | {"start": start})


def until_there_are(town: Town, count: int, *which: ColumnElement[bool]) -> None:
    """Until there are so many such mails."""
    end = time.monotonic() + PATIENCE_MS / 1000
    mails = tables.outbox.select().where(tables.outbox.c.kind == "mail", *which)
    found = 0
    while found < count:
        assert time.monotonic() < end, f"{found} of {count} mails"
        time.sleep(0.05)
        with town.database.read() as tx:
            found = len(tx.execute(mails).all())


def age_mails(town: Town, state: str, count: int) -> None:
    """Two hours pass for so many that were due, once they are in this state: of all that happens
    here only the waiting is not real.
    """
    end, aged = time.monotonic() + PATIENCE_MS / 1000, 0
    row = tables.outbox.c
    while aged < count:
        assert time.monotonic() < end, f"{aged} of {count} mails are {state}"
        now = datetime.now(UTC)
        chosen = (row.kind == "mail", row.state == state, row.due_at <= now)
        # And none is tried again by itself while somebody looks at the page.
        values = {"due_at": now - timedelta(hours=2), "next_attempt_at_ms": clock_ms() + 900_000}
        passed = tables.outbox.update().where(*chosen).values(values)
        # A mail that has arrived is `sent` a moment later, when its sender has written that down.
        with town.database.write() as tx:
            aged = tx.execute(passed).rowcount


def test_a_mail_server_that_stops_is_named_and_all_leaves_once_it_is_back(
    town: Town, chromium: Browser
) -> None:
    ready(town)
    row = tables.outbox.c
    with overview(town, chromium) as page:
        with mail_server.opened(mail_port(town)):
            book(town)
            # And is known to have taken them: cut off before, it would be asked again
            until_there_are(town, 2, row.state == "sent")
        # When nobody listens any more
        book(town)
        until_there_are(town, 2, row.last_error.is_not(None))
        age_mails(town, "pending", 2)
        is_told(page, "Mail is not leaving: 2 due, oldest 2.0 h, connection refused", "Try them")
        with mail_server.opened(mail_port(town)) as office:
            page.click("#hurry-mail")
            expect(page.locator("#said")).to_have_text("2 of kind mail tried now.")
            office.wait(2)
            says(page, "All well")


def test_an_account_that_is_revoked_is_named_and_its_coach_is_asked_and_mends_it(
    town: Town, chromium: Browser
) -> None:
    seat = ready(town)
    with overview(town, chromium) as page, mail_server.opened(mail_port(town)) as office:
        (channel,) = town.control.state()["channels"]
        last_push = storm.pushed(town, channel)  # under way as the account is revoked
        town.control.revoke_tokens(seat.sub)
        http_load.send(town.api.origin, [last_push], lines=1)
        is_told(page, "ada are connected no more, for .*: ask to reconnect", "Ask the coach")
        office.wait(1)  # the one that leaves by itself
        age_mails(town, "sent", 1)
        page.click("#ask-ada")
        expect(page.locator("#said")).to_contain_text("A mail asks ada to reconnect.")
        assert office.wait(2)[1].recipients == (people.MAILED.email,)
        # When the coach does what the mail asks for
        link = str(town.api.post("/v1/coaches/ada/connect", {})["authorize_url"])
        browser.connect(link, town.control, profile=seat.profiles[0])
        says(page, "All well")


def test_a_worker_that_was_killed_is_named_and_another_one_does_its_work(
    town: Town, chromium: Browser
) -> None:
    seat, _ = town.connect()
    with overview(town, chromium) as page:
        town.kill("worker")
        start = town.a_free_time()
        town.control.add_event(seat.calendars[0], start, start + timedelta(hours=1))
        is_told(page, "No worker takes any work: 1 read and 0 messages wait", "coachcal work")
        town.start("worker")
        town.wait(lambda found: start.isoformat() not in map(utc, found["starts"]))


def utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def test_a_clock_that_stands_still_is_named_and_another_one_takes_over(
    town: Town, chromium: Browser
) -> None:
    with overview(town, chromium) as page:
        town.freeze("clock")
        is_told(page, "The clock has stopped: it last ran .* ago", "coachcal clock")
        town.rename("clock", "frozen")
        town.start("clock")
        says(page, "All well")
        town.signal("frozen", signal.SIGCONT)


def test_a_storm_is_named_with_count_and_age_and_more_workers_end_it(
    town: Town, chromium: Browser
) -> None:
    targets = storm.connect(town, COACHES)
    with overview(town, chromium) as page:
        # When all calendars change, told by many pushes, and the only worker is too slow for them
        town.control.delay("/v1/free_busy", SLOW_SECONDS)
        changed = {}
        for target in targets:
            starts = town.slots(target.coach_id)["starts"]
            changed[target.coach_id] = starts[len(starts) // 2]
            start = datetime.fromisoformat(changed[target.coach_id])
            end = start + timedelta(hours=1)
            town.control.add_event(target.calendar, start, end, notify=False)
        pushes = [targets[number % COACHES].push for number in range(PUSHES)]
        assert len(http_load.send(town.api.origin, pushes, lines=8)) == PUSHES
        pattern = r"A storm of changes: 1\d calendars wait to be read, oldest \d+ s"
        is_told(page, pattern, "Start more workers: coachcal work")
        expect(page.locator("#worst .does")).to_contain_text("read once, however often")
        shown = page.locator("#worst strong").inner_text()
        left = int(re.findall(r"changes: (\d+)", shown)[0])
        # Then what the page says helps: it is over before the one could have done it alone
        began = time.monotonic()
        for number in range(2, 6):
            town.processes.start(f"worker-{number}", "work", env=town.environment)
        owed = page.locator(".tiles > div", has_text="Reads owed").locator("dd").first
        expect(owed).to_have_text("0", timeout=PATIENCE_MS)
        assert time.monotonic() - began < left * SLOW_SECONDS
        for coach_id, start in changed.items():
            assert start not in town.slots(coach_id)["starts"]
