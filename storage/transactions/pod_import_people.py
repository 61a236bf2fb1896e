"""Who is named in a roster: those of whom it knows but the address get an id that says nothing."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256

from sqlalchemy import Connection, select

from storage.rows import bookings
from storage.schema.database import insert
from storage.schema.tables import imported_people
from storage.transactions.pod_import_entries import PodEntry


def know(tx: Connection, entries: Sequence[PodEntry]) -> list[PodEntry]:
    """The entries with ids that say nothing:
    the same for one address each time, whichever file it stands in. Whoever has a seat already is
    known by another id: they keep it, and are told by their address here.
    """
    seated = _seated(tx, entries)
    digests = {}
    for entry in entries:
        for person in entry.participants:
            there = (entry.pod_id, person.id) in seated
            if person.id not in entry.known and not there:
                digests[person.id] = sha256(person.id.encode()).digest()
    ids = _ids_of(tx, digests)
    found = []
    for entry in entries:
        people = []
        for person in entry.participants:
            there = (entry.pod_id, person.id) in seated
            known_as = person.id
            if person.id not in entry.known and not there:
                known_as = ids[person.id]
            people.append(replace(person, id=known_as))
        found.append(replace(entry, participants=tuple(people)))
    return found


def _seated(tx: Connection, entries: Sequence[PodEntry]) -> set[tuple[str | None, str]]:
    """Who is in the pods that these entries name: (pod, mail address in small letters)."""
    pod_ids = [entry.pod_id for entry in entries if entry.pod_id is not None]
    found: set[tuple[str | None, str]] = set()
    if not pod_ids:
        return found
    for pod_id, seats in bookings.of_sessions(tx, pod_ids).items():
        for seat in seats:
            if seat.status == "booked":
                found.add((pod_id, seat.participant.email.lower()))
    return found


def _ids_of(tx: Connection, digests: dict[str, bytes]) -> dict[str, str]:
    """By address; those that are new get one."""
    known = _known(tx, digests.values())
    # Two rosters with the same people write in one order: neither waits for the other in a circle.
    new = sorted(set(digests.values()) - known.keys())
    if new:
        rows = []
        for digest in new:
            name = f"imp_{secrets.token_hex(12)}"
            rows.append({"address_hash": digest, "participant_id": name})
        # Another roster may have given one an id since the look: read again, theirs is the one.
        tx.execute(insert(tx, imported_people).on_conflict_do_nothing(), rows)
        known |= _known(tx, new)
    return {address: known[digest] for address, digest in digests.items()}


def _known(tx: Connection, digests: Collection[bytes]) -> dict[bytes, str]:
    row = imported_people.c
    query = select(row.address_hash, row.participant_id).where(row.address_hash.in_(digests))
    return {bytes(found.address_hash): found.participant_id for found in tx.execute(query)}
