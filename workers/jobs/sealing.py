"""Sealing what is stored with the newest of COACHCAL_SECRET_KEYS, so that the older ones may go."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.rows import sealed_secrets
from storage.rows.sealed_secrets import SealedSecret
from storage.schema.vault import Sealed
from workers.services import Services

SHOWN = 3
NEXT_STEP = "add their key back to COACHCAL_SECRET_KEYS, or have these calendars connected again"


@dataclass(frozen=True, slots=True)
class Seals:
    """What is stored, by the key that opens it."""

    newest: Sequence[SealedSecret]
    older: Sequence[SealedSecret]
    closed: Sequence[SealedSecret]

    @property
    def count(self) -> int:
        return len(self.newest) + len(self.older) + len(self.closed)

    @property
    def names(self) -> str:
        """Whose some of those are that do not open."""
        owners = dict.fromkeys(each.owner for each in self.closed[:SHOWN])
        return ", ".join(owners)


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many secrets were sealed anew,
    how many had the newest key before, and how many do not have it now.
    """

    done: int
    already: int
    left: int


def reseal(services: Services) -> Resealed:
    """Seal with the newest key whatever an older one sealed; it may be done while everything runs,
    and again.

    Raises Sealed, with the next step, where something does not open; then nothing was changed.
    """
    found = examine(services)
    # All or nothing: whoever was told that it went well takes the old key away, and what was not
    # opened with it would be lost then.
    if found.closed:
        missing = (
            f"{len(found.closed)} of {found.count} stored secrets do not open, those of"
            f" {found.names} among them"
        )
        raise Sealed(f"{missing}: {NEXT_STEP}; nothing was changed")
    ours = set()
    for stored in found.older:
        ours.add(_resealed(services, stored))
    ours.discard(None)
    # The race: tokens that a worker renews while we are at it. They have the newest key, unless
    # that worker was started with another one first: so everything is looked at once more.
    after = examine(services)
    already = 0
    for stored in after.newest:
        already += stored.sealed not in ours
    return Resealed(len(ours), already, len(after.older) + len(after.closed))


def examine(services: Services) -> Seals:
    with services.database.read() as tx:
        stored = sealed_secrets.all_of(tx)
    newest: list[SealedSecret] = []
    older: list[SealedSecret] = []
    closed: list[SealedSecret] = []
    for each in stored:
        try:
            number = services.vault.key_of(each.owner, each.sealed)
        except Sealed:
            closed.append(each)
            continue
        if number == 0:
            newest.append(each)
        else:
            older.append(each)
    return Seals(newest, older, closed)


def _resealed(services: Services, stored: SealedSecret) -> bytes | None:
    """As it is stored now; None: it was left as somebody else wrote it, or is gone.

    In a transaction of its own: a push or a reader of this account waits for one row, and not for
    all of them.
    """
    fresh = services.vault.seal(stored.owner, services.vault.open(stored.owner, stored.sealed))
    with services.database.write() as tx:
        # Compared and swapped: tokens that were renewed since we read them are newer than ours.
        if sealed_secrets.replace(tx, stored, fresh):
            return fresh
    return None
