"""Sessions whose links Cronofy assigns, and the mails that say them."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from icalendar import Calendar
from sqlalchemy import select

from domain.places import Place
from domain.sessions import Participant
from storage.rows import outbox as stored
from storage.schema import tables
from storage.transactions import conferencing
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.memory_mailer import MemoryMailer, SentMessage
from tests.support.written_sessions import Diary
from workers.delivery import outbox

VIDEO = Place("conferencing")
LINK = re.compile(r"https://meet\.example/\S+")
WAIT = timedelta(seconds=10)


@dataclass(frozen=True)
class Said:
    """Of one mail: the link, and what it tells a calendar."""

    link: str | None
    uid: str
    sequence: int


def book(ada: Diary, who: Participant = people.GRACE, **options: Any) -> BookingChange:
    return ada.book(who=who, place=VIDEO, **options)


def post(ada: Diary) -> None:
    """Deliver the mails that are due, as the sweeper has it done."""
    for _ in range(3):
        with ada.services.database.write() as tx:
            tx.execute(tables.outbox.update().values(wake_after_ms=0))
            due = stored.sweep(tx, now=ada.services.now())
        for outbox_id, kind in due:
            if kind == "mail":
                outbox.deliver(ada.services, outbox_id)


def call(ada: Diary, session_id: str, *, failing: bool = False) -> list[Any] | None:
    """What Cronofy's call does."""
    with ada.services.database.write() as tx:
        row = tables.sessions.c
        digest = tx.scalar(select(row.conferencing_address_hash).where(row.id == session_id))
        assert digest is not None
        return conferencing.called(tx, digest, failing=failing, now=ada.services.now())


def state(ada: Diary, session_id: str) -> str | None:
    with ada.services.database.read() as tx:
        row = tables.sessions.c
        return tx.scalar(select(row.conferencing_state).where(row.id == session_id))


def link_of(ada: Diary, done: BookingChange) -> str | None:
    return ada.session(done.session).join_url


def said_to(ada: Diary, address: str) -> list[Said]:
    mailer = ada.services.mailer
    assert isinstance(mailer, MemoryMailer)
    return [said(mail) for mail in mailer.sent if mail.recipients == (address,)]


def said(mail: SentMessage) -> Said:
    text, uid, sequence = "", "", -1
    for part in mail.parsed.walk():
        if part.get_content_type() == "text/plain":
            text = part.get_content()
        if part.get_content_type() == "text/calendar" and not part.is_attachment():
            [event] = Calendar.from_ical(part.get_content()).walk("VEVENT")
            uid, sequence = str(event["UID"]), int(str(event["SEQUENCE"]))
    found = LINK.search(text)
    return Said(found and found[0], uid, sequence)


def move_on(ada: Diary, by: timedelta) -> None:
    """For us alone: Cronofy's clock stands."""
    now = ada.services.now() + by
    services = replace(ada.services, now=lambda: now)
    ada.house.runtime = replace(ada.house.runtime, services=services)
