"""Do the stored secrets open? One whose key is gone is a calendar that nobody can read any more."""

from collections.abc import Iterator

from workers.doctor.finding import Finding
from workers.jobs import sealing
from workers.services import Services

RESEAL = "run: coachcal secrets reseal"


def look(services: Services) -> Iterator[Finding]:
    found = sealing.examine(services)
    if found.closed:
        detail = (
            f"{len(found.closed)} of {found.count} do not open, those of {found.names} among them"
        )
        yield Finding("secrets", detail, sealing.NEXT_STEP)
    elif found.older:
        kept = f"{len(found.older)} with a later one of COACHCAL_SECRET_KEYS: keep that meanwhile"
        yield Finding("secrets", f"{found.count} stored, all open, {kept}", RESEAL)
    else:
        yield Finding("secrets", f"{found.count} stored, all open with the newest key")
