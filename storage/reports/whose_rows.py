"""Whose each row is: a coach's, or a participant's. A new table has to be named here, or be
nobody's (tests/webhooks/cli/test_erasures.py).
"""

from typing import Literal

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from domain.mail.safety import mail_address
from storage.rows import feed
from storage.schema.tables import (
    bookings,
    busy,
    calendars,
    channels,
    coaches,
    connections,
    erasures,
    event_differences,
    event_looks,
    events,
    farewells,
    feeds,
    history,
    imported_people,
    links,
    oauth_states,
    ops_audit,
    outbox,
    pod_shell_people,
    pod_shells,
    profiles,
    refusals,
    sessions,
    slot_sets,
    withheld_addresses,
)

Rows = dict[Table, ColumnElement[bool]]
"""Which rows of which table are about a person."""
Kind = Literal["coach", "participant"]


def of_coach(tx: Connection, coach_id: str) -> Rows:
    # Subqueries, not lists of ids: a coach of some years has more bookings
    # than a statement takes parameters.
    mine = select(connections.c.id).where(connections.c.coach_id == coach_id)
    met = select(sessions.c.id).where(sessions.c.coach_id == coach_id)
    seats = select(bookings.c.id).where(bookings.c.session_id.in_(met))
    planned = select(pod_shells.c.id).where(pod_shells.c.coach_id == coach_id)
    owed = outbox.c
    # Relink mails are about an account, and have its id where others have a booking's.
    about = or_(
        owed.coach_id == coach_id, owed.session_id.in_(met), owed.booking_id.in_(seats.union(mine))
    )
    # What ops did may have been done to the coach, to an account of theirs, or to a mail.
    deeds = or_(
        ops_audit.c.target == coach_id,
        ops_audit.c.target.in_(select(owed.id).where(about).union(mine)),
    )
    return {
        coaches: coaches.c.id == coach_id,
        connections: connections.c.coach_id == coach_id,
        profiles: profiles.c.connection_id.in_(mine),
        calendars: calendars.c.connection_id.in_(mine),
        channels: channels.c.connection_id.in_(mine),
        busy: busy.c.connection_id.in_(mine),
        oauth_states: oauth_states.c.coach_id == coach_id,
        links: links.c.coach_id == coach_id,
        feeds: feeds.c.coach_id == coach_id,
        slot_sets: slot_sets.c.coach_id == coach_id,
        sessions: sessions.c.coach_id == coach_id,
        bookings: bookings.c.session_id.in_(met),
        pod_shells: pod_shells.c.coach_id == coach_id,
        pod_shell_people: pod_shell_people.c.shell_id.in_(planned),
        event_looks: event_looks.c.session_id.in_(met),
        history: history.c.coach_id == coach_id,
        event_differences: event_differences.c.session_id.in_(met),
        outbox: about,
        events: events.c.coach_id == coach_id,
        withheld_addresses: withheld_addresses.c.address.in_(addresses_of_coach(tx, coach_id)),
        refusals: refusals.c.coach_id == coach_id,
        farewells: farewells.c.coach_id == coach_id,
        erasures: (erasures.c.kind == "coach") & (erasures.c.person_id == coach_id),
        ops_audit: deeds,
    }


def of_participant(tx: Connection, participant_id: str) -> Rows:
    """`sessions` are the holds that keep a time for them."""
    seats = select(bookings.c.id).where(bookings.c.participant_id == participant_id)
    told = feed.subjects_of(seats)
    return {
        bookings: bookings.c.participant_id == participant_id,
        history: history.c.booking_id.in_(seats),
        sessions: (sessions.c.kind == "hold") & (sessions.c.owner == participant_id),
        pod_shell_people: pod_shell_people.c.participant_id == participant_id,
        outbox: outbox.c.booking_id.in_(told),
        events: events.c.subject.in_(told),
        withheld_addresses: withheld_addresses.c.address.in_(
            addresses_of_participant(tx, participant_id)
        ),
        imported_people: imported_people.c.participant_id == participant_id,
        links: links.c.participant_id == participant_id,
        feeds: feeds.c.participant_id == participant_id,
        erasures: (erasures.c.kind == "participant") & (erasures.c.person_id == participant_id),
        ops_audit: ops_audit.c.target == participant_id,
    }


def addresses_of_coach(tx: Connection, coach_id: str) -> set[str]:
    """The coach's mail address as it was typed and as mails have it,
    and those that it was before.
    """
    addresses = _written_to(tx, "coach", outbox.c.coach_id == coach_id)
    typed = tx.scalar(select(coaches.c.email).where(coaches.c.id == coach_id))
    if typed:
        addresses |= {typed, mail_address("email", typed)}
    return addresses


def addresses_of_participant(tx: Connection, participant_id: str) -> set[str]:
    """Every mail address that the participant was ever booked with or written to."""
    mine = bookings.c.participant_id == participant_id
    seats = select(bookings.c.id).where(mine)
    addresses = _written_to(tx, "participant", outbox.c.booking_id.in_(seats))
    planned = pod_shell_people.c.participant_id == participant_id
    for named in (
        select(bookings.c.participant).where(mine),
        select(pod_shell_people.c.participant).where(planned),
    ):
        for participant in tx.scalars(named):
            addresses.add(participant["email"])
    return addresses


def _written_to(tx: Connection, kind: Kind, about: ColumnElement[bool]) -> set[str]:
    role = outbox.c.payload[("recipient", "role")].as_string()
    to = select(outbox.c.recipient).where(
        outbox.c.kind == "mail", role == kind, outbox.c.recipient.is_not(None), about
    )
    return set(tx.scalars(to))
