"""Do the stored secrets open? One whose key is gone is a calendar that nobody can read any more."""

from collections.abc import Iterator

from storage import seals
from storage.vault import Sealed
from workers.doctor.finding import Finding
from workers.services import Services

SHOWN = 3
NEXT_STEP = "add their key back to COACHCAL_SECRET_KEYS, or have these calendars connected again"


def look(services: Services) -> Iterator[Finding]:
    with services.database.read() as tx:
        stored = seals.all_of(tx)
    old, closed = 0, []
    for owner, sealed in stored:
        try:
            old += services.vault.key_of(owner, sealed) > 0
        except Sealed:
            closed.append(owner)
    if closed:
        few = ", ".join(dict.fromkeys(closed[:SHOWN]))
        detail = f"{len(closed)} of {len(stored)} do not open, those of {few} among them"
        yield Finding("secrets", detail, NEXT_STEP)
        return
    kept = f", {old} with a later one of COACHCAL_SECRET_KEYS: keep that" if old else ""
    yield Finding("secrets", f"{len(stored)} stored, all open{kept}")
