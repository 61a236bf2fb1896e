"""Something is really stopped: the first line of the overview names it, and what it offers mends
it.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from dramatiq import Worker

from storage.rows import api_keys
from storage.schema import tables
from storage.schema.database_clock import clock_ms
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.browser import scene
from tests.support import mail_server, outbox_states, people
from tests.support.databases import Kind
from tests.support.in_process import House, built
from tests.support.ops_pages import csrf, log_in
from tests.support.ports import free_port
from webhooks.app import create_app
from webhooks.ops import runbook, worst
from workers import clock
from workers.bootstrap import Runtime, bootstrap
from workers.jobs import freebusy

SECONDS = 60.0


@dataclass
class Watch:
    """Ops at the overview, over a house whose product clock can be moved."""

    house: House
    runtime: Runtime
    at: list[datetime]
    client: Any = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        app = create_app(self.runtime)
        self.client = app.test_client()
        with self.database.write() as tx:
            self.key = api_keys.create_key(tx, "ops", ("ops",), now=self.at[0])
        assert log_in(self.client, self.key).status_code == 303

    @property
    def database(self) -> Any:
        return self.runtime.services.database

    @property
    def first(self) -> str:
        """The first line, as it is read."""
        page = self.client.get("/ops/live").text
        found = re.search(r'id="worst".*?</section>|id="worst".*?</p>', page, re.DOTALL)
        assert found is not None
        return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())

    def becomes(self, pattern: str, look: Callable[[], str] | None = None) -> str:
        """The first line, or what else is looked at, once it says this."""
        look = look or (lambda: self.first)
        end = time.monotonic() + SECONDS
        while not re.search(pattern, said := look(), re.DOTALL):
            assert time.monotonic() < end, said
            time.sleep(0.05)
        return said

    def press(self, path: str) -> str:
        """What the deed says of itself."""
        token = csrf(self.client.get("/ops"))
        answer = self.client.post(path, data={"csrf": token}, headers={"HX-Request": "true"})
        assert answer.status_code == 204
        return str(answer.headers["HX-Trigger"])

    def pass_time(self, **by: float) -> None:
        self.at[0] += timedelta(**by)
        self.client.delete_cookie("coachcal-ops")
        log_in(self.client, self.key)  # a session lasts eight hours

    @contextmanager
    def clock(self) -> Iterator[None]:
        """The clock's own loop."""
        stop = threading.Event()
        loop = (self.runtime.services, self.runtime.actors, stop)
        running = threading.Thread(target=clock.run, args=loop)
        running.start()
        try:
            yield
        finally:
            stop.set()
            running.join()

    @contextmanager
    def worker(self) -> Iterator[None]:
        working = Worker(self.runtime.broker, worker_timeout=20, worker_threads=2)
        working.start()
        try:
            yield
        finally:
            working.stop()


@pytest.fixture
def watch(fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[Watch]:
    """All is well: Ada's calendar was read, the clock has just ticked, and no mail server listens
    yet.
    """
    mail: dict[str, Any] = {
        "mailer": "smtp",
        "smtp_url": f"smtp://127.0.0.1:{free_port()}?tls=none",
        "mail_from": "us@example.test",
    }
    with built(fresh_database("sqlite"), redis_url, **mail) as house:
        at = [people.NOW]
        services = replace(house.runtime.services, now=lambda: at[0])
        runtime = bootstrap(house.runtime.settings, services=services)
        house.introduce(people.MAILED)
        made = Watch(house, runtime, at)
        clock.tick(services, house.runtime.actors)
        yield made


def book(watch: Watch) -> None:
    wanted = Wanted("ada", people.at(9, 10), 60)
    with watch.database.write() as tx:
        done = bookings.book(
            tx, wanted, people.GRACE, people.PROGRAMME, watch.runtime.services.terms()
        )
    watch.runtime.actors.wake_outbox(done.wake)


def send_mails(watch: Watch) -> None:
    """What a worker does when the sweep wakes it for each mail."""
    with watch.database.read() as tx:
        rows = tx.execute(tables.outbox.select().where(tables.outbox.c.kind == "mail")).all()
    watch.runtime.actors.wake_outbox([(row.id, "mail") for row in rows])


def test_all_is_well_and_the_first_line_says_so(watch: Watch) -> None:
    assert "All well" in watch.first
    assert "<title>Overview" in watch.client.get("/ops").text


def test_a_stopped_mail_server_is_named_and_its_mails_leave_when_it_is_back(watch: Watch) -> None:
    with watch.clock(), watch.worker():
        connected = watch.house.connect()
        freebusy.refresh(watch.runtime.services, connected.connection_id)
        book(watch)
        watch.becomes("Nothing is late")
        watch.pass_time(hours=4.5)
        line = watch.becomes("Mail is not leaving: 2 due, oldest 4.5 h, connection refused[.]")
        assert "Act now" in line
        assert "Runbook: CoachcalMailerTrouble" in line
        page = watch.becomes(
            r"Errors by cause.*connection refused.*?<td[^>]*>mail <a.*?>2<",
            lambda: str(watch.client.get("/ops").text),
        )
        assert re.search(r"<title>[(]\d+[)] Overview", page)
        assert 'id="hurry-mail"' in page
        # The race: their next try, which comes by itself after some seconds, and finds the server.
        with watch.database.write() as tx:
            tx.execute(tables.outbox.update().values(next_attempt_at_ms=clock_ms() + 900_000))
        with mail_server.opened(mail_port(watch)) as office:
            assert "2 of kind mail tried now" in watch.press("/ops/hurry/mail")
            office.wait(2)
            watch.becomes(r"^(?!.*Mail is not leaving)")
    with watch.database.read() as tx:
        assert outbox_states.states(tx)["mail", "sent"] == 2


def mail_port(watch: Watch) -> int:
    url = watch.runtime.settings.smtp_url
    assert url is not None
    return int(url.get_secret_value().split(":")[2].split("?")[0])


def test_a_revoked_account_is_mended_by_asking_its_coach(watch: Watch) -> None:
    with mail_server.opened(mail_port(watch)) as office, watch.clock(), watch.worker():
        connected = watch.house.connect()
        freebusy.refresh(watch.runtime.services, connected.connection_id)
        watch.house.control.revoke_tokens(connected.seat.sub)
        watch.house.mark_dirty(connected.connection_id)
        freebusy.refresh(watch.runtime.services, connected.connection_id)
        send_mails(watch)  # the one of the first day
        office.wait(1)
        watch.pass_time(hours=20)
        line = watch.becomes("ada are connected no more")
        assert "The calendars of ada are connected no more, for 20.0 h: ask to reconnect." in line
        assert "Look soon" in line
        coach = watch.client.get("/ops/coaches/ada").text
        assert "Ask the coach to reconnect" in coach
        assert "Read the calendars now" not in coach
        assert "A mail asks ada to reconnect" in watch.press("/ops/coaches/ada/ask")
        assert office.wait(2)[1].recipients == ("ada@example.test",)
        assert "Nothing was done" in watch.press(
            "/ops/coaches/ada/ask"
        )  # a second click is no second mail
        watch.house.connect_again(connected)
        freebusy.refresh(watch.runtime.services, connected.connection_id)
        watch.becomes(r"^(?!.*connected no more)")
        assert "Read the calendars now" in watch.client.get("/ops/coaches/ada").text


def owe_reads(watch: Watch, count: int, *, seconds: int, attempts: int = 0) -> None:
    """A storm: changes of many calendars, announced so long ago."""
    for number in range(count):
        coach_id = f"coach-{number}"
        watch.house.introduce(replace(people.ADA, id=coach_id))
        connected = watch.house.connect(coach_id)
        watch.house.set_row(
            connected.connection_id,
            dirty_since_ms=clock_ms() - seconds * 1000,
            attempts=attempts,
            last_error="rate limited (429)" if attempts else None,
            next_attempt_at_ms=clock_ms() + 900_000 if attempts else 0,
        )
    # The clock ran a moment ago, however long a machine takes for all this.
    with watch.database.write() as tx:
        tx.execute(tables.schedule.update().values(next_run_at_ms=clock_ms()))


def test_a_storm_is_named_and_what_failed_in_it_is_tried_again(watch: Watch) -> None:
    owe_reads(watch, 3, seconds=665, attempts=4)
    line = watch.first
    assert "Calendars are read late: 3 owed, oldest 11 min, 429." in line
    assert "Act now" in line
    assert 'id="hurry-read"' in watch.client.get("/ops").text
    assert "3 of kind read tried now" in watch.press("/ops/hurry/read")
    with watch.worker():
        watch.becomes(r"^(?!.*Calendars are read late)")


def test_a_dead_worker_is_named_and_another_one_does_its_work(watch: Watch) -> None:
    owe_reads(watch, 2, seconds=20)
    line = watch.first
    assert re.search(r"takes any work: 2 reads and 0 messages wait, the oldest for [2-9]\d s", line)
    assert "Start the workers: coachcal work" in line
    # As that command does; the clock wakes it for what was missed
    with watch.clock(), watch.worker():
        watch.becomes("All well")


def test_a_stopped_clock_is_named_and_goes_on_where_it_was(watch: Watch) -> None:
    with watch.clock():
        watch.becomes("All well")
    with watch.database.write() as tx:
        row = tables.schedule.c
        tx.execute(tables.schedule.update().values(next_run_at_ms=row.next_run_at_ms - 240_000))
    line = watch.first
    assert "The clock has stopped: it last ran 3 min ago" in line or "it last ran 4 min ago" in line
    assert "Start the clock: coachcal clock" in line
    assert "Act now" in line
    with watch.clock():
        watch.becomes("All well")


# -- the words alone ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["ClockStopped", "OutboxLate", "CalendarWritesLate", "MailerTrouble"]
)
def test_each_paragraph_is_there(name: str) -> None:
    assert len(runbook.paragraph(f"Coachcal{name}").split()) > 30


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            "not accepted this time, because of the server (connection refused)",
            "connection refused",
        ),
        ("given up after 5 days: refused for good (552 5.3.4)", "552 5.3.4"),
        ("the database was away", "the database was away"),
        ("(", "("),
    ],
)
def test_an_error_is_said_short(error: str, shown: str) -> None:
    assert worst.short(error) == shown


@pytest.mark.parametrize(("minutes", "level"), [(2, "To know"), (6, "Look soon"), (16, "Act now")])
def test_the_same_thing_is_worse_when_it_is_older(watch: Watch, minutes: int, level: str) -> None:
    watch.pass_time(minutes=-7 + minutes)
    scene.owe(watch.database, scene.owed(1))
    watch.pass_time(minutes=7)
    with watch.database.write() as tx:
        later = {"next_attempt_at_ms": clock_ms() + 900_000, "due_at": people.NOW}
        tx.execute(tables.outbox.update().values(later))
    watch.at[0] = people.NOW + timedelta(minutes=minutes)
    assert level in watch.first
