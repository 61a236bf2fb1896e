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
    """How many secrets were sealed anew, how many had the newest key before, and how many do not
    have it now.
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
    if found.closed:
        missing = (
            f"{len(found.closed)} of {found.count} stored secrets do not open, those of"
            f" {found.names} among them"
        )
        raise Sealed(f"{missing}: {NEXT_STEP}; nothing was changed")
    ours = {_resealed(services, stored) for stored in found.older} - {None}
    # What was renewed meanwhile has the newest key, unless a process wrote it that was started with
    # another one first.
    after = examine(services)
    already = sum(stored.sealed not in ours for stored in after.newest)
    return Resealed(len(ours), already, len(after.older) + len(after.closed))


def examine(services: Services) -> Seals:
    with services.database.read() as tx:
        stored = sealed_secrets.all_of(tx)
    newest: list[SealedSecret] = []
    older: list[SealedSecret] = []
    closed: list[SealedSecret] = []
    for each in stored:
        try:
            by_newest = services.vault.key_of(each.owner, each.sealed) == 0
        except Sealed:
            closed.append(each)
            continue
        (newest if by_newest else older).append(each)
    return Seals(newest, older, closed)


def _resealed(services: Services, stored: SealedSecret) -> bytes | None:
    """As it is stored now; None: it was left as somebody else wrote it, or is gone.

    In a transaction of its own: a push or a reader of this account waits for one row, and not for
    all of them.
    """
    fresh = services.vault.seal(stored.owner, services.vault.open(stored.owner, stored.sealed))
    with services.database.write() as tx:
        replaced = sealed_secrets.replace(tx, stored, fresh)
    return fresh if replaced else None
