"""A coach is mailed once of each thing that happened to a session in their calendar, of its end
only if they heard of it, and of nothing that was over before its mail left.
"""

import re
from datetime import timedelta
from typing import Any

import pytest

from domain.mail.choice import MailText
from domain.sessions import Participant
from storage.rows import bookings as booking_rows
from storage.rows import event_differences, mail_texts
from storage.rows.event_differences import Difference
from storage.schema import tables
from storage.transactions import calendar_mails, store_reading
from storage.transactions import event_differences as settling
from tests.support import changed_events, people
from tests.support.mail_delivery import ADA, NEXT_WEEK, Mailroom
from tests.support.mail_server import HANG_UP, Taken
from tests.support.people import at
from workers.jobs import calendar_mails as job

HOUR = 3600
OVER = (NEXT_WEEK + HOUR // 2, NEXT_WEEK + 2 * HOUR)
LINK = re.compile(r"http://127\.0\.0\.1:9/p/[\w-]+")


def connection_of(room: Mailroom) -> str:
    with room.database.read() as tx:
        return str(
            tx.scalar(tables.connections.select().with_only_columns(tables.connections.c.id))
        )


def read(room: Mailroom, *periods: tuple[int, int]) -> None:
    """Ada's calendar is read now, and holds this."""
    connection_id = connection_of(room)
    people.mark_dirty(room.database, connection_id)
    claimed = people.claim(room.database, connection_id)
    assert claimed is not None
    observed = people.observed(*periods, account=None, of=people.MAILED)
    with room.database.write() as tx:
        assert store_reading.store(tx, claimed, observed, now=room.now) is not None


def owe(room: Mailroom) -> int:
    """What the clock does each second. How many mails it owed."""
    with room.database.read() as tx:
        waits = calendar_mails.waits(tx)
    with room.database.write() as tx:
        owed = calendar_mails.owe(tx, now=room.now)
    assert waits or not owed
    room.woken += owed
    return len(owed)


def mails(room: Mailroom) -> list[Taken]:
    """What Ada got of these kinds, once all that is owed was delivered."""
    owe(room)
    room.work()
    ids = {row.message_id for row in room.rows() if row.topic in calendar_mails.OWN}
    return [mail for mail in room.office.to(ADA) if mail.id.strip("<").partition("@")[0] in ids]


def states(room: Mailroom) -> list[tuple[str, str, str | None]]:
    return [
        (row.topic, row.state, row.reason) for row in room.rows() if row.topic in calendar_mails.OWN
    ]


def text_of(mail: Taken) -> str:
    body = mail.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def found(room: Mailroom, session_id: str, *where: Any, **options: Any) -> Difference:
    with room.database.write() as tx:
        return changed_events.found(tx, session_id, connection_of(room), *where, **options)


def test_a_conflict_is_told_once_with_when_and_how_long_and_once_that_it_is_over(
    mailroom: Mailroom,
) -> None:
    mailroom.book()
    read(mailroom, OVER)
    [mail] = mails(mailroom)
    # In her own zone: the session, and what of it is taken
    said = text_of(mail)
    assert "11:00 AM – 12:00 PM" in said
    assert "11:30 AM – 12:00 PM" in said
    assert "Grace Hopper" in said
    assert mail.calendar == ""
    other = (at(4, 9), at(4, 10))
    for periods in ((OVER,), (OVER, other)):
        read(mailroom, *periods)
        assert mails(mailroom) == [mail]
    read(mailroom, other)
    first, cleared = mails(mailroom)
    assert cleared.message["In-Reply-To"] == first.id
    read(mailroom, other)
    assert mails(mailroom) == [first, cleared]


def test_another_episode_of_a_conflict_is_told_of_anew(mailroom: Mailroom) -> None:
    mailroom.book()
    for _ in range(2):
        mailroom.pass_time(minutes=5)
        read(mailroom, OVER)
        mails(mailroom)
        read(mailroom)
        mails(mailroom)
    assert [topic for topic, _, _ in states(mailroom)].count("conflict") == 2
    assert {state for _, state, _ in states(mailroom)} == {"sent"}
    assert len(mails(mailroom)) == 4


def test_a_conflict_that_was_over_before_its_mail_left_sends_neither(mailroom: Mailroom) -> None:
    mailroom.book()
    read(mailroom, OVER)
    assert owe(mailroom) == 1
    read(mailroom)
    assert mails(mailroom) == []
    assert states(mailroom) == [
        ("conflict", "superseded", "newer"),
        ("conflict_cleared", "superseded", "never_announced"),
    ]


def test_a_conflict_that_was_over_before_a_mail_was_owed_owes_none(mailroom: Mailroom) -> None:
    mailroom.book()
    read(mailroom, OVER)
    read(mailroom)
    assert owe(mailroom) == 0


def test_a_conflict_whose_mail_may_have_left_is_called_off(mailroom: Mailroom) -> None:
    """The mail server took it, and its answer was lost."""
    mailroom.book()
    mailroom.work()
    read(mailroom, OVER)
    mailroom.office.refuse(HANG_UP, stage="DATA", to=ADA)
    mails(mailroom)
    assert [state for _, state, _ in states(mailroom)] == ["pending"]
    read(mailroom)
    assert len(mails(mailroom)) == 2
    assert [(topic, state) for topic, state, _ in states(mailroom)] == [
        ("conflict", "superseded"),
        ("conflict_cleared", "sent"),
    ]


def test_a_switch_is_obeyed_and_what_was_switched_off_is_not_called_off(mailroom: Mailroom) -> None:
    mailroom.book()
    with mailroom.database.write() as tx:
        off = MailText("company", "acme", "conflict", "en", enabled=False)
        mail_texts.put(tx, off)
    read(mailroom, OVER)
    assert mails(mailroom) == []
    read(mailroom)
    assert mails(mailroom) == []
    assert [reason for _, _, reason in states(mailroom)] == ["switched_off", "never_announced"]


def test_of_a_session_that_ended_meanwhile_nobody_is_told_that_it_is_clear(
    mailroom: Mailroom,
) -> None:
    done = mailroom.book()
    read(mailroom, OVER)
    assert len(mails(mailroom)) == 1
    mailroom.cancel(done.booking)
    assert len(mails(mailroom)) == 1


def test_whoever_has_no_address_is_owed_none(mailroom: Mailroom) -> None:
    mailroom.book()
    mailroom.rename_coach(people.ADA)
    read(mailroom, OVER)
    assert owe(mailroom) == 0
    with mailroom.database.read() as tx:
        assert not calendar_mails.waits(tx)


def test_no_name_waits_in_a_row_so_that_an_erasure_has_nothing_to_find(mailroom: Mailroom) -> None:
    done = mailroom.book()
    read(mailroom, OVER)
    owe(mailroom)
    [row] = mailroom.rows(topic="conflict")
    assert "Grace" not in repr(row.payload)
    with mailroom.database.write() as tx:
        booking_rows.put_participant(tx, done.booking.id, Participant.nobody("1"))
    [mail] = mails(mailroom)
    assert "Grace" not in text_of(mail)


@pytest.mark.parametrize("kind", calendar_mails.KINDS)
def test_a_coach_is_asked_once_with_where_the_event_stands_and_the_link(
    mailroom: Mailroom, kind: str
) -> None:
    session = mailroom.book().session
    found(mailroom, session.id, changed_events.MOVED, kind=kind)
    [mail] = mails(mailroom)
    said = text_of(mail)
    assert "Tuesday, June 9, 2026" in said
    assert ("Wednesday, June 3, 2026" in said) == (kind == "moved")
    assert len(LINK.findall(said)) == 1
    assert owe(mailroom) == 0
    assert mails(mailroom) == [mail]


def test_what_was_settled_before_its_mail_left_sends_none(mailroom: Mailroom) -> None:
    session = mailroom.book().session
    difference = found(mailroom, session.id)
    assert owe(mailroom) == 1
    with mailroom.database.write() as tx:
        assert settling.put_back(tx, session.id, difference.token, mailroom.now)
    assert mails(mailroom) == []
    assert states(mailroom) == [("event_moved", "superseded", "newer")]


def test_what_was_dragged_on_before_its_mail_left_asks_about_the_last_place(
    mailroom: Mailroom,
) -> None:
    session = mailroom.book().session
    found(mailroom, session.id)
    owe(mailroom)
    found(mailroom, session.id, (at(4, 14), at(4, 15)))
    [mail] = mails(mailroom)
    assert "Thursday, June 4, 2026" in text_of(mail)


def test_what_is_settled_and_waits_to_be_told_of_asks_nobody(mailroom: Mailroom) -> None:
    session = mailroom.book().session
    found(mailroom, session.id)
    with mailroom.database.write() as tx:
        tx.execute(tables.event_differences.update().values(told_token="told"))
        assert event_differences.settle(tx, session.id)
    assert owe(mailroom) == 0


def test_a_mail_that_is_tried_again_has_the_same_link(mailroom: Mailroom) -> None:
    session = mailroom.book().session
    mailroom.work()
    found(mailroom, session.id)
    mailroom.office.refuse(HANG_UP, stage="DATA", to=ADA)
    mails(mailroom)
    mailroom.sweep(minutes=30)
    first, again = mails(mailroom)
    assert first.id == again.id
    assert LINK.findall(text_of(first)) == LINK.findall(text_of(again))
    with mailroom.database.read() as tx:
        assert len(tx.execute(tables.links.select()).all()) == 1


def test_the_link_ends_with_the_session_and_after_two_weeks_at_most(mailroom: Mailroom) -> None:
    for start, ends in ((NEXT_WEEK, mailroom.now + timedelta(days=8, hours=2)),
                        (at(26, 10), mailroom.now + timedelta(days=14))):  # fmt: skip
        with mailroom.database.write() as tx:
            tx.execute(tables.links.delete())
        found(mailroom, mailroom.book(start).session.id)
        mails(mailroom)
        with mailroom.database.read() as tx:
            [link] = tx.execute(tables.links.select()).all()
        assert link.expires_at == ends


def test_the_clock_owes_what_waits_and_else_nothing(mailroom: Mailroom) -> None:
    session = mailroom.book().session
    woken: list[Any] = []

    class Actors:
        def wake_outbox(self, wakes: list[Any]) -> bool:
            woken.extend(wakes)
            return True

    actors: Any = Actors()
    assert job.owe(mailroom.services, actors) == 0
    found(mailroom, session.id)
    assert job.owe(mailroom.services, actors) == 1
    assert len(woken) == 1
