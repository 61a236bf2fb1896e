"""The link of a session, as its calendar event asks for it and brings it."""

import base64
import hmac
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import structlog

from domain.conferencing import is_assigned_later
from domain.sessions import Session
from storage.rows import outbox
from storage.rows.calendars import TargetCalendar
from storage.rows.channels import channel_hash
from storage.transactions import conferencing
from storage.transactions.write_back import CalendarEntry
from workers.cronofy.errors import Rejected
from workers.cronofy.wire import ManagedEvent, Written
from workers.services import Services

log = structlog.get_logger()

PATH = "/webhooks/conferencing/"
ASKED = ("conferencing", "subscriptions")
"""The fields of an event that ask for a link."""
EMPTIED = ("location", "url")
"""Those that say where it is, empty in one that says it no more."""
BYTES = 24


def fitted(event: ManagedEvent, place: TargetCalendar) -> ManagedEvent:
    """The event as this calendar can have it."""
    if event.conferencing is None:
        return event
    return replace(event, conferencing=event.conferencing.within(place.provider))


def listen(services: Services, entry: CalendarEntry) -> str | None:
    """Where Cronofy's calls about the link of this session are to come, written down before Cronofy
    hears it. None: nobody assigns one.
    """
    if not is_assigned_later(entry.session):
        return None
    token = _token(services, entry.session.id)
    digest = channel_hash(token)
    if entry.address_hash != digest:
        with services.database.write() as tx:
            conferencing.listen(tx, entry.session.id, digest, now=services.now())
    return f"{services.settings.base_url}{PATH}{token}"


def _token(services: Services, session_id: str) -> str:
    """The same for each write of a session, so that its event keeps one address, and none that
    anybody could guess. A new first key makes another one with the next write; who still calls the
    old one is nobody, and the looks find what they had to say.
    """
    key = services.settings.secret_keys[0].get_secret_value().encode()
    digest = hmac.digest(key, b"coachcal conferencing " + session_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:BYTES]).decode()


def upsert(
    services: Services,
    access: str,
    place: TargetCalendar,
    event: ManagedEvent,
    *,
    calls: str | None,
    unanswered: Callable[[], None],
) -> None:
    """Write the event; without its link where Cronofy refuses what it asks for, a service that is
    gone perhaps, and with what is left of an old place where it refuses to empty that. A session
    that holds its time is worth more. Raises CronofyError.
    """
    write = partial(services.cronofy.upsert_event, access, place.calendar_id, unanswered=unanswered)
    try:
        write(event, calls=calls)
    except Rejected as error:
        if any(key.startswith(ASKED) for key in error.keys):
            log.warning("conferencing_refused", written=event.id, error=str(error))
            write(replace(event, conferencing=None, clears=False))
        elif event.clears and all(key.startswith(EMPTIED) for key in error.keys):
            log.warning("emptying_refused", written=event.id, error=str(error))
            write(replace(event, clears=False), calls=calls)
        else:
            raise


def keep_link(
    services: Services, session: Session, calendar_id: str, here: Iterable[Written]
) -> None:
    """Keep the link of the session's event as it stands in this calendar, if it belongs there."""
    if not is_assigned_later(session):
        return
    for each in here:
        if each.join_url is not None and each.join_url != session.join_url:
            with services.database.write() as tx:
                wakes = conferencing.seen_in(
                    tx, session.id, calendar_id, each.join_url, services.now()
                )
                # Nobody here can wake a sender: the next sweep does.
                outbox.not_woken(tx, [outbox_id for outbox_id, _ in wakes])
