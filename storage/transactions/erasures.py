"""Erasing a person: asked for in a row of its own first, then done in steps that may each be
repeated.

    asked       the row is there: whoever dies meanwhile, the clock goes on with it
    revoking    a coach's accounts that Cronofy did not revoke yet are all that is left of them,
                with their id
    done        the row is gone with the rest; the audit keeps who asked, and when

A participant's bookings keep time, seat and status, under a name that says nothing: the coach was
there all the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select

from storage.reports import personal_data, whose_rows
from storage.reports.personal_data import KeptAnswer, Person
from storage.rows import audit_log, feed, idempotency, outbox, push_marks
from storage.rows import coaches as coach_rows
from storage.rows import connections as connection_rows
from storage.rows import farewells as farewell_rows
from storage.rows import oauth_states as oauth_states_rows
from storage.rows import pod_shells as pod_shell_rows
from storage.rows.audit_log import Deed
from storage.rows.outbox import Owed
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import (
    bookings,
    coaches,
    connections,
    erasures,
    events,
    farewells,
    feeds,
    history,
    imported_people,
    links,
    pod_shell_people,
    pod_shells,
    refusals,
    sessions,
    withheld_addresses,
)
from storage.schema.tables import outbox as outbox_rows
from storage.slots import slot_sets
from storage.transactions import retention

row = erasures.c


@dataclass(frozen=True, slots=True)
class Erased:
    """How much there was. `coming`: sessions that had not ended. `revoking`: accounts that Cronofy
    has to revoke yet, with those that were consented to and never confirmed; while there are any,
    the erasure is not over.
    """

    sessions: int
    coming: int
    bookings: int
    outbox: int
    answers: int
    revoking: int = 0


def ask(tx: Connection, person: Person, *, actor: str, now: datetime) -> list[str] | None:
    """Write down that this person is to be erased, and owe the end of each calendar account of
    theirs.

    Answers those accounts: wake a worker for each once this is committed. None: nobody has this id.
    """
    if not is_known(tx, person):
        return None
    _write_down(tx, person, actor=actor, now=now)
    if person.kind != "coach":
        return []
    connected = connection_rows.ids_of_coach(tx, person.id)
    for connection_id in connected:
        push_marks.mark_dirty(tx, connection_id, erase=True)
    return connected


def _write_down(tx: Connection, person: Person, *, actor: str, now: datetime) -> None:
    # Asked twice is asked once: the audit keeps the first, and nobody else is named in it.
    values = {"kind": person.kind, "person_id": person.id, "asked_at": now}
    added = insert(tx, erasures).values(values)
    asked = added.on_conflict_do_nothing(index_elements=["kind", "person_id"])
    if tx.execute(asked.returning(row.person_id)).first() is not None:
        audit_log.note(tx, Deed(now, actor, "erase", person.id, person.kind))


def is_known(tx: Connection, person: Person) -> bool:
    """Whether there is anything to erase."""
    if person.kind == "coach":
        return tx.scalar(select(coaches.c.id).where(coaches.c.id == person.id)) is not None
    rows = whose_rows.of_participant(tx, person.id)
    return any(
        _count(tx, table, rows[table])
        for table in (bookings, sessions, links, feeds, imported_people, pod_shell_people)
    )


def is_owed(tx: Connection, person: Person) -> bool:
    """Whether it was asked for, and is not over: of a coach the farewell belongs to it."""
    if person.kind == "coach" and farewell_rows.is_owed(tx, person.id):
        return True
    return _count(tx, erasures, _is(person)) > 0


def owed(tx: Connection, *, limit: int) -> list[Person]:
    """Who is to be erased and is not yet: any of them, so that each has its turn. The end of an
    account may wait for Cronofy for days, and dozens that wait would keep out all who came later.
    """
    query = select(row.kind, row.person_id).order_by(func.random())
    return records.all_as(tx, Person, query.limit(limit))


def advance(tx: Connection, person: Person, *, now: datetime) -> Erased:
    """Do what can be done of an erasure just now, which may be all of it. May be repeated."""
    if person.kind == "coach":
        return _erase_coach(tx, person, now=now)
    return _erase_participant(tx, person, now=now)


def _erase_coach(tx: Connection, person: Person, *, now: datetime) -> Erased:
    """Forget all that an export holds, but the audit.

    An account that is not revoked yet stays, with the bare row of its coach: without its token
    nobody could end our access to it.
    """
    rows = whose_rows.of_coach(tx, person.id)
    # A page locks its link before it books its coach: in this order, they cannot wait for each
    # other.
    _delete(tx, links, rows[links])
    _delete(tx, feeds, rows[feeds])
    # Nobody books this coach any more from here on, and no read of theirs is stored.
    coach_rows.lock(tx, person.id)
    # Whoever erases a coach at once ends the farewell, too.
    _delete(tx, farewells, rows[farewells])
    coming = and_(sessions.c.active, sessions.c.ends > int(now.timestamp()))
    still_to_come = _count(tx, sessions, and_(rows[sessions], coming))
    seats_taken = _count(tx, bookings, rows[bookings])
    answers = _drop_answers(tx, personal_data.answers_about_coach(tx, person.id))
    _delete(tx, withheld_addresses, rows[withheld_addresses])
    _delete(tx, refusals, rows[refusals])
    consented = oauth_states_rows.end_of_coach(tx, person.id, now=now)
    # Callbacks below: whoever tells an endpoint has the feed's lock, and then wants theirs.
    mails = _delete(tx, outbox_rows, and_(rows[outbox_rows], outbox_rows.c.kind != "callback"))
    _delete(tx, pod_shells, rows[pod_shells])  # as who was to come
    _delete(tx, history, rows[history])
    met = _delete(tx, sessions, rows[sessions])  # their bookings go with them
    revoking = _count(tx, connections, rows[connections]) + consented
    if revoking:
        # One that is connected meanwhile is consented anew: its end is owed once more.
        push_marks.owe_ends(tx, person.id)
        _close(tx, person.id, now=now)
    else:
        _delete(tx, coaches, rows[coaches])  # the rest goes with it
        _delete(tx, erasures, _is(person))
    feed.forget(tx, rows[events])
    # The race: an endpoint was owed one of these events while we waited for the feed's lock.
    mails += _delete(tx, outbox_rows, outbox_rows.c.coach_id == person.id)
    # The race: somebody found the coach and made a feed, after those above were gone. They held the
    # coach's row until it was committed, for which its deletion has waited.
    _delete(tx, feeds, rows[feeds])
    return Erased(met, still_to_come, seats_taken, mails, answers, revoking)


def _erase_participant(tx: Connection, person: Person, *, now: datetime) -> Erased:
    """Forget who it was. Their seats stay taken, and nothing is mailed about them any more."""
    # The sessions of their pages end with their links. A page that books just now has locked its
    # link: what it writes is there, and found, once this has waited for it.
    _delete(tx, links, links.c.participant_id == person.id)
    _delete(tx, feeds, feeds.c.participant_id == person.id)
    _lock_coaches(tx, person.id)
    rows = whose_rows.of_participant(tx, person.id)
    answers = _drop_answers(tx, personal_data.answers_about_participant(tx, person.id))
    _delete(tx, withheld_addresses, rows[withheld_addresses])
    # A hold ends by itself within minutes, and opens its time then;
    # deleted here, the coach's set would not know.
    tx.execute(sessions.update().where(rows[sessions]).values(owner=None))
    _delete(tx, imported_people, rows[imported_people])
    _delete(tx, pod_shell_people, rows[pod_shell_people])
    emptied = _empty_mails(tx, rows[outbox_rows])
    callbacks = and_(rows[outbox_rows], outbox_rows.c.kind == "callback")
    theirs = list(tx.scalars(select(outbox_rows.c.id).where(callbacks)))
    coming = _coming(tx, rows[bookings], now)
    taken = retention.anonymise(tx, rows[bookings], now=now)
    # The platform has heard them: kept, they would say whose the bookings were that are nobody's
    # from now on. Under the feed's lock, in the order of whoever tells an endpoint.
    over = outbox_rows.c.state.in_(("sent", "superseded"))
    _delete(tx, outbox_rows, and_(outbox_rows.c.id.in_(theirs), over))
    _delete(tx, erasures, _is(person))
    # The events in the coaches' calendars are titled with the participant's name.
    # The sweeper wakes their writer.
    outbox.add(tx, [_retitled(*session, now) for session in coming], now=now)
    return Erased(0, len(coming), taken, emptied, answers)


def _lock_coaches(tx: Connection, participant_id: str) -> None:
    """Those with whom the participant has a seat, in the order in which seats are moved; and the
    pods without a time to which they are to come.
    """
    # The race: somebody cancels or moves a booking, has read it under its coach's lock, and writes
    # it back whole: name, address and reason would be there again, and mails be owed to them.
    theirs = (
        select(sessions.c.coach_id)
        .join(bookings)
        .where(bookings.c.participant_id == participant_id)
    )
    # In Python's order, as all who lock several: a database may sort by another.
    for coach_id in sorted(tx.scalars(theirs.distinct())):
        coach_rows.lock(tx, coach_id)
    # The race: somebody gives a pod its time, and has read who is to come to it. They hold it
    # until they are in a seat, where they are found.
    pod_shell_rows.lock_of(tx, participant_id)


def _close(tx: Connection, coach_id: str, *, now: datetime) -> None:
    """Leave a coach of whom nothing is known but the id, and who cannot be booked:
    a session would be lost later.
    """
    # Another version: a form of settings that was opened before is not what is stored any more.
    bare = coaches.update().where(coaches.c.id == coach_id)
    tx.execute(
        bare.values(
            name="",
            email=None,
            place=None,
            place_kinds=None,
            away=None,
            travel=None,
            holidays=None,
        )
    )
    close_hours(tx, coach_id, now=now)


def close_hours(tx: Connection, coach_id: str, *, now: datetime) -> None:
    """From now on no time of theirs can be booked."""
    shut = coaches.update().where(coaches.c.id == coach_id)
    version = coaches.c.version + 1
    tx.execute(shut.values(weekly=[[]] * 7, overrides=[], version=version))
    closed = coach_rows.get(tx, coach_id)
    if closed is not None:
        slot_sets.recompute(tx, closed, now=now)


def _is(person: Person) -> ColumnElement[bool]:
    return and_(row.kind == person.kind, row.person_id == person.id)


def _empty_mails(tx: Connection, chosen: ColumnElement[bool]) -> int:
    """Mails about the bookings lose what they say and whom they are for; those not sent yet never
    are.

    A worker may be sending one just now: without its token it can still send, but not write
    anything back.
    """
    mails = and_(chosen, outbox_rows.c.kind == "mail")
    over = outbox_rows.c.state.in_(("sent", "superseded"))
    ended = {"state": "superseded", "reason": "discarded", "lease_token": None, "lease_until_ms": 0}
    tx.execute(outbox_rows.update().where(mails, ~over).values(ended))
    return retention.empty_mails(tx, select(outbox_rows.c.id).where(mails))


def _coming(tx: Connection, mine: ColumnElement[bool], now: datetime) -> list[tuple[str, str, int]]:
    """The participant's coming sessions: id, coach and version."""
    seated = and_(mine, bookings.c.status == "booked", sessions.c.ends > int(now.timestamp()))
    query = select(sessions.c.id, sessions.c.coach_id, sessions.c.version)
    joined = query.join(bookings, bookings.c.session_id == sessions.c.id)
    return [(found.id, found.coach_id, found.version) for found in tx.execute(joined.where(seated))]


def _retitled(session_id: str, coach_id: str, version: int, now: datetime) -> Owed:
    return Owed(
        kind="calendar",
        topic="upsert",
        dedupe_key=f"calendar:{session_id}:{version}:erased",
        version=version,
        due_at=now,
        coach_id=coach_id,
        session_id=session_id,
    )


def _drop_answers(tx: Connection, answers: Iterable[KeptAnswer]) -> int:
    return idempotency.drop(tx, [(answer.client_id, answer.key) for answer in answers])


def _count(tx: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return len(tx.execute(select(*table.primary_key).where(where)).all())


def _delete(tx: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return tx.execute(table.delete().where(where)).rowcount
