"""Who is named in a roster: those of whom it knows but the address get an id that says nothing."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import sha256

from sqlalchemy import Connection, select

from storage.schema.database import insert
from storage.schema.tables import imported_people
from storage.transactions.pod_import_entries import PodEntry


def know(tx: Connection, entries: Sequence[PodEntry]) -> list[PodEntry]:
    """The entries with ids that say nothing:
    the same for one address each time, whichever file it stands in.
    """
    digests = {}
    for entry in entries:
        for person in entry.participants:
            if person.id not in entry.known:
                digests[person.id] = sha256(person.id.encode()).digest()
    ids = _ids_of(tx, digests)
    found = []
    for entry in entries:
        people = []
        for person in entry.participants:
            if person.id not in entry.known:
                person = replace(person, id=ids[person.id])  # noqa: PLW2901 (as it is known)
            people.append(person)
        found.append(replace(entry, participants=tuple(people)))
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
