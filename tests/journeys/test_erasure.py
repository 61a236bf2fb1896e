"""A person is erased while the command that does it is killed, with -9, at each of its steps: all
of it goes.

A worker and the clock then do what they do every second; nobody asks again.
"""

from itertools import count
from typing import Literal

import pytest

from storage.reports.personal_data import Person
from storage.rows import coaches
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import forks, people
from tests.support.command_line import told
from tests.support.in_process import Connected, House, house
from tests.support.people import at
from workers import clock

__all__ = ["house", "told"]

ADA = Person("coach", "ada")
GRACE = Person("participant", "grace")
COACH_STEPS = (
    "storage.transactions.erasures:ask:after",
    "workers.jobs.erasure:_forget_all:before",
    "workers.jobs.erasure:revoke:before",
    "workers.jobs.erasure:revoke:after",
    "workers.jobs.erasure:forget:after",
    "workers.jobs.erasure:_forget_all:after",
    "storage.transactions.erasures:_drop_answers:after",
    "storage.transactions.erasures:advance:after",
    "workers.jobs.erasure:advance:after",
)
PARTICIPANT_STEPS = (
    "storage.transactions.erasures:ask:after",
    "workers.jobs.erasure:advance:before",
    "storage.transactions.erasures:_empty_mails:after",
    "storage.transactions.retention:anonymise:after",
    "storage.transactions.erasures:advance:after",
    "workers.jobs.erasure:advance:after",
)


STEPS = (
    "sqlalchemy.engine.base:Connection._commit_impl:after",
    "workers.cronofy.transport:Transport.exchange:before",
    "workers.cronofy.transport:Transport.exchange:after",
)
"""Whatever the command does to the world, it does by one of these."""


@pytest.fixture
def ada(told: House) -> Connected:
    return booked(told)


def booked(told: House) -> Connected:
    """Ada with a calendar and a booking of Grace's."""
    told.introduce(people.MAILED)
    account = told.connect()
    told.refresh(account.connection_id)
    with told.runtime.services.database.write() as tx:
        terms = told.runtime.services.terms()
        bookings.book(tx, Wanted("ada", at(4, 10), 60), people.GRACE, people.PROGRAMME, terms)
    return account


def dying(point: str, *arguments: str, may_live: bool = False) -> bool:
    """Run the command of the service in a process that dies at this point. Whether it did."""
    died = forks.run("tests.support.failpoints", point, "--", "webhooks", *arguments)
    if may_live and died.returncode == 0:
        return False
    assert died.returncode == -9, died.stderr
    return True


def begun(house: House, person: Person) -> bool:
    """Whether the erasure was written down, or is over. A command that died before that did nothing
    at all.
    """
    with house.runtime.services.database.read() as tx:
        owed = tx.execute(tables.erasures.select()).first() is not None
        audited = tx.execute(tables.ops_audit.select()).first() is not None
    return owed or audited


def everything(house: House) -> str:
    with house.runtime.services.database.read() as tx:
        rows = {
            table.name: tx.execute(table.select()).all() for table in tables.metadata.sorted_tables
        }
    del rows["ops_audit"]
    return repr(rows)


@pytest.mark.parametrize("point", COACH_STEPS)
def test_a_coach_is_gone_whatever_step_the_command_died_at(
    told: House, ada: Connected, point: str
) -> None:
    # When the command dies
    dying(point, "erase", "ada", "--yes")
    if not begun(told, ADA):
        with told.runtime.services.database.read() as tx:
            assert coaches.get(tx, "ada") is not None
        return
    # Then worker and clock do the rest
    told.refresh(ada.connection_id)
    clock.erase(told.runtime.services, told.runtime.actors)
    left = everything(told)
    for canary in (
        "ada@example.test",
        "Ada Lovelace",
        "Grace Hopper",
        "'ada'",
        ada.seat.sub,
        ada.connection_id,
    ):
        assert canary not in left
    assert told.control.counts().get("POST /oauth/token/revoke", 0) >= 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["coach", "participant"])
def test_whoever_is_erased_is_gone_after_a_death_at_each_step_that_there_is(
    told: House, kind: Literal["coach", "participant"], step: str
) -> None:
    """Found by counting, not by name: a new step is died at too."""
    for nth in count(1):
        account = booked(told)
        options = {"coach": ("ada",), "participant": ("grace", "--participant")}[kind]
        died = dying(f"{step}:{nth}", "erase", *options, "--yes", may_live=True)
        if not begun(told, ADA):
            # Then nothing at all was done, and it is asked for again.
            assert not dying(f"{step}:1000", "erase", *options, "--yes", may_live=True)
        told.refresh(account.connection_id)
        clock.erase(told.runtime.services, told.runtime.actors)
        left = everything(told)
        for canary in (people.GRACE.name, people.GRACE.email, "'grace'"):
            assert canary not in left, nth
        for canary in ("ada@example.test", "'ada'", account.seat.sub):
            assert (canary in left) == (kind == "participant"), nth
        if not died:
            break
        empty(told)
    assert nth > (kind == "coach")


def empty(house: House) -> None:
    with house.runtime.services.database.write() as tx:
        for table in reversed(tables.metadata.sorted_tables):
            tx.execute(table.delete())


@pytest.mark.parametrize("point", PARTICIPANT_STEPS)
def test_a_participant_is_gone_whatever_step_the_command_died_at(
    told: House, ada: Connected, point: str
) -> None:
    dying(point, "erase", "grace", "--participant", "--yes")
    if not begun(told, GRACE):
        assert people.GRACE.email in everything(told)
        return
    clock.erase(told.runtime.services, told.runtime.actors)
    left = everything(told)
    for canary in (people.GRACE.name, people.GRACE.email, "'grace'"):
        assert canary not in left
    assert "'booked'" in left
