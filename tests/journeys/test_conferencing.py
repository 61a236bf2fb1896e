"""Links of sessions over sockets, with the product as its processes: however a link comes,
everybody who booked ends with exactly one mail that says it, whoever was killed meanwhile.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep

import pytest
from sqlalchemy import select

from domain.places import Place
from domain.sessions import Participant, Terms
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings, pods
from tests.support import people, processes
from tests.support.mail_delivery import ORGANIZER
from tests.support.mail_server import PostOffice, Taken, opened
from tests.support.processes import Town
from workers.actors import QUEUES

LINK = re.compile(rb"https://meet\.example/\w+/\w+")
VIDEO = Place("conferencing")
WAYS = {
    "assigned": 1,
    "failing_then_assigned": 1,
    "failing": 0,
    "late": 1,
    "twice": 1,
    "never": 1,
}
"""How a link comes, and how many mails say it to each person."""
HOUR = 3600


@dataclass
class Street:
    town: Town
    office: PostOffice
    free: list[int]
    booked: int = 0

    def book(self, *who: Participant, waits: float = 0) -> None:
        """A 1:1 session, or of several people a pod; committed, and nobody woken."""
        start = self.free.pop(0)
        self.booked += 1
        terms = moment(waits)
        with self.town.database.write() as tx:
            wanted = Wanted("ada", start, 60)
            if len(who) == 1:
                bookings.book(tx, wanted, who[0], people.PROGRAMME, terms, place=VIDEO)
                return
            plan = pods.Plan(wanted, 1, 4, "open", context=people.PROGRAMME, place=VIDEO)
            pods.create(tx, plan, list(who), terms)

    def is_written(self) -> bool:
        """Whether every event stands there that asks for a link."""
        found = 0
        for profile in self.town.control.state()["accounts"][0]["profiles"]:
            for calendar in profile["calendars"]:
                found += sum(each["event_id"] is not None for each in calendar["events"])
        return found == self.booked

    def wait(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        end = monotonic() + seconds
        while not condition():
            assert monotonic() < end, f"not within {seconds} s: {self.told()}"
            sleep(0.05)

    def told(self) -> dict[str, list[bool]]:
        """By address, of each mail whether it says a link."""
        found: dict[str, list[bool]] = {}
        for mail in list(self.office.taken):
            for address in mail.recipients:
                found.setdefault(address, []).append(says_a_link(mail))
        return found

    def looks_now(self) -> bool:
        """The minute passes after which an event is looked at that nobody called about."""
        with self.town.database.write() as tx:
            tx.execute(tables.event_looks.update().values(next_look_at=datetime.now(UTC)))
        return True

    def links(self) -> dict[str, int]:
        return {address: told.count(True) for address, told in self.told().items()}

    def has_left(self) -> bool:
        """Whether the first mail was taken, and that is written down."""
        row = tables.outbox.c
        with self.town.database.read() as tx:
            return tx.scalar(select(row.state).where(row.topic == "booked")) == "sent"

    def with_link(self, who: Participant) -> int:
        return self.told().get(who.email, []).count(True)


def says_a_link(mail: Taken) -> bool:
    text = mail.message.get_body(("plain",))
    assert text is not None
    return LINK.search(text.get_content().encode()) is not None


def moment(waits: float) -> Terms:
    return replace(people.terms(datetime.now(UTC)), link_wait=timedelta(seconds=waits))


def person(name: str) -> Participant:
    return Participant(name, name.title(), f"{name}@example.test", "UTC")


@pytest.fixture
def street(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Street]:
    """Ada's calendar was read; web and clock run."""
    with opened() as office:
        settings = {
            "COACHCAL_MAILER": "smtp",
            "COACHCAL_SMTP_URL": office.url,
            "COACHCAL_MAIL_FROM": f"Coaching <{ORGANIZER}>",
            "COACHCAL_SWEEP_SECONDS": "0.1",
            # The race: one that lives stalls for longer than its lease, and another one mails too.
            "COACHCAL_LEASE_SECONDS": "9",
        }
        with processes.raised(tmp_path, database_url, redis_url, **settings) as town:
            for name in ("web", "worker", "clock"):
                town.start(name)
            town.connect()
            with town.database.write() as tx:
                tx.execute(tables.coaches.update().values(name="Ada Lovelace"))
            first = int(town.a_free_time().timestamp())
            starts = [
                int(datetime.fromisoformat(each).timestamp()) for each in town.slots()["starts"]
            ]
            free, last = [], 0
            for start in starts:
                if start >= first and start - last >= 2 * HOUR:
                    free.append(start)
                    last = start
            yield Street(town, office, free)
            for name in ("web", "worker", "clock", "mortal"):
                with suppress(KeyError, ProcessLookupError):
                    town.signal(name, SIGKILL)


def test_however_a_link_comes_everybody_is_told_it_once(street: Street) -> None:
    control = street.town.control
    # Given a session of each way that a link may come, one of them a pod
    seated = {}
    for way in WAYS:
        control.conferencing(way, seconds=2)
        seated[way] = [person(way)]
        if way == "twice":
            seated[way].append(person("twice-too"))
        street.book(*seated[way])
        street.wait(street.is_written)
    # Then their first mails left without it
    everybody = [who for each in seated.values() for who in each]
    street.wait(lambda: set(street.told()) == {who.email for who in everybody})
    # And each link that comes is in one mail more; that of which nobody calls is looked for
    wanted = {who.email: mails for way, mails in WAYS.items() for who in seated[way]}
    street.wait(lambda: street.looks_now() and street.links() == wanted)
    control.wait_until_quiet()
    sleep(1)  # time for one too many
    assert street.links() == wanted
    assert max(map(len, street.told().values())) == 2
    # And all of a pod have the same
    links = set()
    for who in seated["twice"]:
        for mail in street.office.to(who.email):
            links |= set(LINK.findall(mail.source.replace(b"=\r\n", b"")))
    assert len(links) == 1
    row = tables.sessions.c
    with street.town.database.read() as tx:
        states = list(tx.scalars(select(row.conferencing_state)))
    assert sorted(set(states)) == ["assigned", "failing"]
    # And no log has it
    logs = "".join(street.town.processes.log(name).read_text() for name in ("web", "worker"))
    assert "meet.example" not in logs


@pytest.mark.parametrize("first_mail_left", [False, True])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_killed_between_the_link_and_its_mail_leaves_neither_undone(
    street: Street, first_mail_left: bool
) -> None:
    town, grace = street.town, people.GRACE
    town.control.conferencing("twice", seconds=0)
    town.control.fail("/v1/calendars", 503, times=None)
    street.book(grace, waits=3600 * (not first_mail_left))
    if first_mail_left:
        street.wait(street.has_left)
    town.kill("worker")
    town.control.clear_faults()
    # Given a worker that dies as soon as the link is stored. It sends no mail: the clock wakes for
    # one at once, and another thread could have it sent before this one is dead.
    writing = [queue for queue in QUEUES if queue != "mails"]
    town.start_mortal("mortal", "workers.delivery.conferencing:keep_link:after", *writing)
    town.wait_until_dead("mortal")
    assert street.with_link(grace) == 0
    # When another one works
    town.start("worker")
    # Then she has one mail that says it
    street.wait(lambda: street.with_link(grace) == 1)
    town.control.wait_until_quiet()
    sleep(1)
    assert street.told() == {grace.email: [False] * first_mail_left + [True]}
