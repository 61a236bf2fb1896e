"""A withheld address and its mails, whoever withholds and releases at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from storage.rows import withheld_addresses
from storage.rows.outbox_claims import DeliveryClaim
from storage.schema import tables
from storage.schema.database import Database
from tests.storage.rows.owed_mails import claim, held, mail, owe, row, set_row
from tests.support import people

NOW = people.NOW
GRACE = "grace@example.test"
REFUSED = {"reason": "no mailbox", "reply": "550 5.1.1 nobody"}


def refuse(database: Database, mine: DeliveryClaim, **more: str) -> bool:
    with database.write() as tx:
        return withheld_addresses.refused(tx, mine, **REFUSED | more, now=NOW)


def in_a_transaction(database: Database, work: Callable[[Any], object]) -> object:
    with database.write() as tx:
        return work(tx)


def forgotten(database: Database) -> list[str]:
    """Mails that are withheld for an address that is on no list: nobody would ever free them."""
    each, listed = tables.outbox.c, tables.withheld_addresses.c
    query = select(each.id).where(
        each.state == "withheld", each.recipient.not_in(select(listed.address))
    )
    with database.read() as tx:
        return list(tx.scalars(query))


@pytest.mark.parametrize("listed_before", [True, False], ids=["kept", "refused"])
@pytest.mark.parametrize("first", ["withhold", "release"])
def test_no_mail_is_forgotten_when_withholding_and_releasing_meet(
    database: Database, first: str, listed_before: bool
) -> None:
    earlier, later = owe(database, mail(who=GRACE), mail(booking="bkg_2", who=GRACE))
    assert refuse(database, held(database, earlier))
    mine = held(database, later)

    def withhold(tx: Any) -> object:
        if listed_before:
            return withheld_addresses.keep(tx, mine, error="no mailbox")
        return withheld_addresses.refused(tx, mine, **REFUSED, now=NOW)

    def release(tx: Any) -> object:
        return withheld_addresses.release(tx, GRACE, now=NOW)

    works = [withhold, release] if first == "withhold" else [release, withhold]
    with ThreadPoolExecutor(1) as pool, database.write() as tx:
        # Given that one has done its work and has not committed when the other begins
        assert works[0](tx)
        other = pool.submit(in_a_transaction, database, works[1])
        wait([other], timeout=0.3)
        tx.commit()
        assert other.result(timeout=60)
    assert forgotten(database) == []


def test_a_withheld_mail_is_claimed_by_nobody_and_is_in_nobody_s_way(database: Database) -> None:
    (booked,) = owe(database, mail())
    assert refuse(database, held(database, booked))
    (reminder,) = owe(database, mail(1, "reminder"))
    assert claim(database, booked) is None
    assert claim(database, reminder) is not None
    assert row(database, booked).state == "withheld"


def test_a_newer_mail_ends_a_withheld_one_and_an_ending_that_nobody_needs(
    database: Database,
) -> None:
    (booked,) = owe(database, mail())
    assert refuse(database, held(database, booked))
    (cancelled,) = owe(database, mail(2, "cancelled"))
    assert claim(database, cancelled) is None
    assert [row(database, each).state for each in (booked, cancelled)] == [
        "superseded",
        "superseded",
    ]


def test_who_lost_the_lease_withholds_nothing(database: Database) -> None:
    (booked,) = owe(database, mail())
    late = held(database, booked)
    set_row(database, booked, lease_until_ms=0)
    held(database, booked)
    assert not refuse(database, late)
    with database.read() as tx:
        assert withheld_addresses.find_all(tx) == []


def test_the_first_reply_is_kept_and_its_thirty_days_are_not_begun_anew(database: Database) -> None:
    first, second = owe(database, mail(), mail(booking="bkg_2"))
    assert refuse(database, held(database, first))
    mine = held(database, second)
    with database.write() as tx:
        assert withheld_addresses.refused(
            tx, mine, reason="another", reply="550", now=NOW + timedelta(days=3)
        )
        (found,) = withheld_addresses.find_all(tx)
    assert (found.reason, found.since, found.outbox_id, found.waiting) == (
        "no mailbox",
        NOW,
        first,
        2,
    )
