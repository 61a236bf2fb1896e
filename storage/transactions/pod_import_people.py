"""Who is named in a roster: those of whom it knows but the address get an id that says nothing."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from sqlalchemy import Connection, select

from storage.rows import bookings, pod_shells
from storage.schema.database import insert
from storage.schema.tables import imported_people
from storage.transactions.pod_import_entries import PodEntry


def know(tx: Connection, entries: Sequence[PodEntry]) -> list[PodEntry]:
    """The entries with ids that say nothing:
    the same for one address each time, whichever file it stands in. Whoever has a seat already is
    known by another id: they keep it, and are told by their address here.
    """
    seated = _seated(tx, entries)
    ids = _ids_of(tx, _digests(entries, seated))
    return _named(entries, ids, {})


def known(tx: Connection, entries: Sequence[PodEntry]) -> list[PodEntry]:
    """As `know`, with nothing written: who is new keeps the address. Whoever has a seat in the pod
    of the entry has the id of that seat.
    """
    seated = _seated(tx, entries)
    digests = _digests(entries, seated)
    known_ids = _known(tx, digests.values())
    ids = {}
    for address, digest in digests.items():
        ids[address] = known_ids.get(digest, address)
    return _named(entries, ids, seated)


Seated = Mapping[tuple[str | None, str], str]
"""The ids of those who have a seat, or are to have one; by pod, and mail address in small
letters.
"""


def _digests(entries: Sequence[PodEntry], seated: Seated) -> dict[str, bytes]:
    """Of the addresses of those for whom the roster has no id."""
    digests = {}
    for entry in entries:
        for person in entry.participants:
            there = (entry.pod_id, person.id) in seated
            if person.id not in entry.known and not there:
                digests[person.id] = sha256(person.id.encode()).digest()
    return digests


def _named(entries: Sequence[PodEntry], ids: Mapping[str, str], seated: Seated) -> list[PodEntry]:
    found = []
    for entry in entries:
        people = []
        for person in entry.participants:
            named = person.id
            if person.id not in entry.known:
                named = seated.get((entry.pod_id, person.id)) or ids.get(person.id, person.id)
            people.append(replace(person, id=named))
        found.append(replace(entry, participants=tuple(people)))
    return found


def _seated(tx: Connection, entries: Sequence[PodEntry]) -> dict[tuple[str | None, str], str]:
    pod_ids = [entry.pod_id for entry in entries if entry.pod_id is not None]
    found: dict[tuple[str | None, str], str] = {}
    if not pod_ids:
        return found
    for pod_id, seats in bookings.of_sessions(tx, pod_ids).items():
        for seat in seats:
            if seat.status == "booked":
                found[pod_id, seat.participant.email.lower()] = seat.participant.id
    for shell in pod_shells.of_ids(tx, pod_ids):
        for who in shell.participants:
            found[shell.id, who.email.lower()] = who.id
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
