"""A withheld address and its mails, whoever withholds and releases at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from storage import tables, withheld
from storage.database import Database
from storage.outbox import Held
from tests import cast
from tests.storage.test_outbox import claim, held, mail, owe, row, set_row

NOW = cast.NOW
REFUSED = {"reason": "no mailbox", "reply": "550 5.1.1 nobody"}


def refuse(database: Database, mine: Held, **more: str) -> bool:
    with database.write() as tx:
        return withheld.refused(tx, mine, **REFUSED | more, now=NOW)


def keep(database: Database, mine: Held) -> bool:
    with database.write() as tx:
        return withheld.keep(tx, mine, error="no mailbox")


def release(database: Database, address: str) -> withheld.Released | None:
    with database.write() as tx:
        return withheld.release(tx, address, now=NOW)


def forgotten(database: Database) -> list[str]:
    """Mails that are withheld for an address that is on no list: nobody would ever free them."""
    each, listed = tables.outbox.c, tables.withheld_addresses.c
    query = select(each.id).where(each.state == "withheld", each.recipient.not_in(select(listed.address)))
    with database.read() as tx:
        return list(tx.scalars(query))


def test_no_mail_is_forgotten_however_withholding_and_releasing_meet(database: Database) -> None:
    ids = owe(database, *(mail(booking=f"bkg_{number}", who="grace@example.test") for number in range(24)))
    claims = [held(database, outbox_id) for outbox_id in ids]

    def withhold(number: int) -> bool:
        record = refuse if number % 3 == 0 else keep
        return record(database, claims[number])

    with ThreadPoolExecutor(6) as pool:
        kept = [pool.submit(withhold, number) for number in range(24)]
        freed = [pool.submit(release, database, "grace@example.test") for _ in range(12)]
        assert all(each.result(timeout=60) for each in kept)
        assert [each.result(timeout=60) for each in freed]
    assert forgotten(database) == []


def test_a_withheld_mail_is_claimed_by_nobody_and_is_in_nobody_s_way(database: Database) -> None:
    (booked,) = owe(database, mail())
    assert refuse(database, held(database, booked))
    (reminder,) = owe(database, mail(1, "reminder"))
    assert claim(database, booked) is None
    assert claim(database, reminder) is not None
    assert row(database, booked).state == "withheld"


def test_a_newer_mail_ends_a_withheld_one_and_an_ending_that_nobody_needs(database: Database) -> None:
    (booked,) = owe(database, mail())
    assert refuse(database, held(database, booked))
    (cancelled,) = owe(database, mail(2, "cancelled"))
    assert claim(database, cancelled) is None
    assert [row(database, each).state for each in (booked, cancelled)] == ["superseded", "superseded"]


def test_who_lost_the_lease_withholds_nothing(database: Database) -> None:
    (booked,) = owe(database, mail())
    late = held(database, booked)
    set_row(database, booked, lease_until_ms=0)
    held(database, booked)
    assert not refuse(database, late)
    with database.read() as tx:
        assert withheld.find_all(tx) == []


def test_the_first_reply_is_kept_and_its_thirty_days_are_not_begun_anew(database: Database) -> None:
    first, second = owe(database, mail(), mail(booking="bkg_2"))
    assert refuse(database, held(database, first))
    mine = held(database, second)
    with database.write() as tx:
        assert withheld.refused(tx, mine, reason="another", reply="550", now=NOW + timedelta(days=3))
        (found,) = withheld.find_all(tx)
    assert (found.reason, found.since, found.outbox_id, found.waiting) == ("no mailbox", NOW, first, 2)
