"""Links of conferencing: asked for with a session's event, found at it later, and told once.

Cronofy calls when a link is there, or is not to be had; what its calls say is documented nowhere,
and they may be lost, late or doubled. So a call only owes a look at the event, and whoever finds
the link says so here: after a call, after a write, at a look of its own, at a read of the account.
The session's row decides who was first.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, literal, or_, select, update

from domain.coaches import Coach
from domain.conferencing import FAILED_AFTER, is_assigned_later
from domain.event_differences import Standing
from domain.history import HistoryStep
from domain.mail import MailFacts
from domain.mail.endings import REQUESTS
from domain.mail.safety import mail_address
from domain.notices import Notice, facts_of_link
from domain.sessions import Booking, Session, Unknown
from storage.rows import bookings, coaches, outbox
from storage.rows import sessions as session_rows
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DUE_NOW, Wake, wakes
from storage.schema.columns import Instant
from storage.schema.history import note
from storage.schema.leases import taking, to_change
from storage.schema.tables import bookings as booking_rows
from storage.schema.tables import calendars, connections, profiles, sessions
from storage.schema.tables import outbox as outbox_rows
from storage.transactions import looks, notices
from storage.transactions.write_back import owed_row

row, owed = sessions.c, outbox_rows.c


def listen(tx: Connection, session_id: str, address_hash: bytes, *, now: datetime) -> None:
    """An event is about to be written that asks for a link; calls about it come to this address."""
    # The race: Cronofy calls before it has answered the write. Written first, the address is known
    # by then.
    new = row.conferencing_state.is_(None)
    tx.execute(
        update(sessions)
        .where(row.id == session_id)
        .values(
            conferencing_address_hash=address_hash,
            conferencing_state=case((new, "asked"), else_=row.conferencing_state),
            conferencing_since=case((new, literal(now, Instant)), else_=row.conferencing_since),
        )
    )


def called(
    tx: Connection, address_hash: bytes, *, failing: bool, now: datetime
) -> list[Wake] | None:
    """Cronofy called about a session: its event is owed a look that begins after this. None: no
    session of ours, or none any more.
    """
    mine = and_(row.conferencing_address_hash == address_hash, row.active)
    # The race: the same call twice at once. The second waits for the first, and finds its look.
    query = select(row.id, row.coach_id, row.version).where(mine)
    found = tx.execute(to_change(query)).first()
    if found is None:
        return None
    if failing:
        # A link that is there already works: only who still waits for one has trouble.
        waits = and_(row.id == found.id, row.conferencing_state == "asked")
        tx.execute(update(sessions).where(waits).values(conferencing_state="failing"))
    # A row that is not begun yet will read the event. One under way may have read it before.
    waiting = and_(owed.kind == "calendar", owed.session_id == found.id, owed.state == "pending")
    woken = wakes(
        tx, update(outbox_rows).where(waiting).values(DUE_NOW).returning(owed.id, owed.kind)
    )
    if woken:
        return woken
    key = f"{found.id}:{looks.LOOK}:{secrets.token_hex(8)}"
    look = owed_row(found.coach_id, found.id, found.version, key, now, topic=looks.LOOK)
    return outbox.add(tx, [look], now=now)


def seen(tx: Connection, session_id: str, join_url: str | None, now: datetime) -> list[Wake]:
    """This link stands at the session's event. The first who says so has everyone told who was
    mailed without it. Answers what to wake senders for. No link says nothing: one that was lost is
    not told. Nor does that of the place where it was before.

    Takes the coach's lock.
    """
    if join_url is None:
        return []
    # The race: two find it at once, or a booking is changed meanwhile. Whoever has the lock first
    # stores it; the other one finds nothing new.
    coach = _lock(tx, session_id)
    session = _session(tx, session_id)
    if coach is None or session is None or not is_assigned_later(session):
        return []
    if session.join_url == join_url or now.timestamp() >= session.ends:
        return []
    if _has_left(tx.scalar(select(row.left_links).where(row.id == session_id)), join_url):
        return []
    stored = {"join_url": join_url, "conferencing_state": "assigned"}
    tx.execute(update(sessions).where(row.id == session_id).values(stored))
    note(tx, HistoryStep(now, "link_assigned", coach.id, session_id))
    looks.end_for_link(tx, session_id)
    return _tell(tx, coach, replace(session, join_url=join_url), now)


def seen_in(
    tx: Connection, session_id: str, calendar_id: str, join_url: str, now: datetime
) -> list[Wake]:
    """The same, of an event in this calendar: what is left of it in another one says nothing."""
    # The race: the coach chooses another calendar, and its event there gets a link of its own.
    belongs = and_(row.id == session_id, row.event_calendar_id == calendar_id)
    # Nearly every look finds the link that is known: that takes no lock.
    belongs = and_(belongs, row.join_url.is_distinct_from(join_url))
    if tx.scalar(select(row.id).where(belongs)) is None:
        return []
    return seen(tx, session_id, join_url, now)


def keep(tx: Connection, events: Iterable[Standing], *, now: datetime) -> None:
    """Keep the links of our events as a read of an account showed them.
    Nobody has to be woken, the sweeper does that.
    """
    shown = {}
    for each in events:
        if each.join_url is not None:
            shown[each.session_id, each.calendar_id] = each.join_url
    if not shown:
        return
    # Nearly every read shows what is known: one question for all of them, and none for each.
    query = select(row.id, row.event_calendar_id, row.join_url, row.left_links).where(
        row.id.in_({session_id for session_id, _ in shown}),
        row.place["kind"].as_string() == "conferencing",
        row.active,
        row.ends > int(now.timestamp()),
    )
    for session_id, calendar_id, known, left in tx.execute(query).all():
        link = shown.get((session_id, calendar_id))
        if link is not None and link != known and not _has_left(left, link):
            seen(tx, session_id, link, now)


def _has_left(left_links: Sequence[Mapping[str, Any]] | None, link: str) -> bool:
    """Whether this is the link of a place where the session was before."""
    return any(each["link"] == link for each in left_links or ())


def _lock(tx: Connection, session_id: str) -> Coach | None:
    coach_id = tx.scalar(select(row.coach_id).where(row.id == session_id))
    if coach_id is None:
        return None
    return coaches.lock(tx, coach_id)


def _session(tx: Connection, session_id: str) -> Session | None:
    try:
        return session_rows.get(tx, session_id)
    except Unknown:
        return None


def _tell(tx: Connection, coach: Coach, session: Session, now: datetime) -> list[Wake]:
    """A mail to each participant whose last one left without the link. Coaches have it in their
    calendar: that is where we found it.
    """
    seated = []
    for booking in bookings.of_session(tx, session.id):
        if booking.status == "booked" and not booking.participant.is_erased:
            seated.append(booking)
    freed, unsent = _free(tx, session.id, now)
    contact, mails = notices.contact(tx, coach), list[Owed]()
    for booking in seated:
        if (booking.id, _address(booking)) in unsent:
            continue
        # Of the same version: what the platform knows of the booking is as it was. A calendar takes
        # it by its greater SEQUENCE (RFC 5546, 2.1.5). Who accepted it is not asked anew.
        after = replace(booking, sequence=booking.sequence + 1, changed_at=now)
        bookings.put(tx, booking, after, coach.id, answer_stays=True)
        notice = Notice(facts_of_link(session, after, contact, now), now)
        mails.append(notices.mail(notice, session.coach_id, session.id))
    return freed + outbox.add(tx, mails, now=now)


def _address(booking: Booking) -> str:
    return mail_address("participant.email", booking.participant.email)


def _free(
    tx: Connection, session_id: str, now: datetime
) -> tuple[list[Wake], set[tuple[str, str]]]:
    """What waits for the link is due now. Answers what to wake, and (booking, address) of each mail
    that will say the link, because it is written when it is sent.
    """
    # The race: a mail is claimed while we look, written without the link, and sent. These locks
    # are those that a claim takes, in its order: it comes before us, and is `sending`; or after us,
    # and finds the link.
    query = (
        select(owed.id, owed.booking_id, owed.recipient, owed.state, owed.due_at)
        .where(
            owed.kind == "mail",
            owed.session_id == session_id,
            owed.topic.in_(REQUESTS),
            owed.state.in_(("pending", "waiting_for_text", "withheld")),
            # It may have left without the link, whatever becomes of it now.
            owed.unsure == 0,
        )
        .order_by(owed.id)
        .with_for_update()
    )
    found = tx.execute(query).all()
    held_back = [
        each.id
        for each in found
        if each.state == "waiting_for_text" or (each.state == "pending" and each.due_at > now)
    ]
    freed = update(outbox_rows).where(owed.id.in_(held_back)).values(DUE_NOW | {"due_at": now})
    unsent = {(each.booking_id, each.recipient) for each in found}
    return wakes(tx, freed.returning(owed.id, owed.kind)), unsent


def linked(tx: Connection, facts: MailFacts, session_id: str | None) -> MailFacts:
    """The mail with the link as it is now: it may have come since the mail was owed."""
    if facts.place_kind != "conferencing" or session_id is None:
        return facts
    link = tx.scalar(select(row.join_url).where(row.id == session_id))
    if link is None or _is_followed(tx, facts):
        return facts
    return replace(facts, place=link, join_url=link)


def _is_followed(tx: Connection, facts: MailFacts) -> bool:
    """Whether a later mail of this booking brings the link to the same reader."""
    # The race: a mail without the link whose end nobody knows, and the link. It is repeated as it
    # was, or its reader would be told the link twice.
    if facts.kind not in REQUESTS or facts.recipient.role == "coach":
        return False
    mine = booking_rows.c.id == facts.booking_id
    sequence = tx.scalar(select(booking_rows.c.sequence).where(mine))
    return sequence is not None and sequence > facts.sequence


def give_up(tx: Connection, *, now: datetime) -> Sequence[str]:
    """The sessions that have waited for their link for too long. Cronofy goes on trying, and so do
    our looks; but somebody has to know.
    """
    late = or_(row.conferencing_since <= now - FAILED_AFTER, row.starts <= int(now.timestamp()))
    waiting = and_(row.conferencing_state.in_(("asked", "failing")), row.join_url.is_(None))
    coming = and_(row.active, row.ends > int(now.timestamp()))
    # The link in an invitation is shown by no read: that none was seen says nothing.
    unseen = and_(row.conferencing_state == "asked", _is_invited())
    wanted = select(row.id).where(waiting, late, coming, ~unseen)
    failed = taking(sessions, wanted).values(conferencing_state="failed")
    return tx.scalars(failed.returning(row.id)).all()


def _is_invited() -> ColumnElement[bool]:
    """Whether the calendar that the session stands in gets it as an invitation."""
    profile = and_(
        profiles.c.connection_id == calendars.c.connection_id,
        profiles.c.id == calendars.c.profile_id,
    )
    query = (
        select(calendars.c.id)
        .join(profiles, profile)
        .join(connections, connections.c.id == calendars.c.connection_id)
    )
    return exists(
        query.where(
            calendars.c.id == row.event_calendar_id,
            connections.c.coach_id == row.coach_id,
            profiles.c.mode != "read_write",
        )
    )
