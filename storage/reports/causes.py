"""What rows that failed alike have in common: errors by cause, each with how many have it, since
when, and who knows about it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, case, func, literal, null, or_, select

from domain.mail.safety import without_addresses
from storage.reports.overview import seconds
from storage.rows import acknowledgements
from storage.rows.acknowledgements import Acknowledgement
from storage.rows.outbox_claims import UNSENT
from storage.schema.database_clock import clock_ms
from storage.schema.tables import connections as reads
from storage.schema.tables import outbox as rows

MOST_TEXTS = 300
ADDRESS = without_addresses("nobody@example.com")
"""What stands in a cause for each address."""


@dataclass(frozen=True, slots=True)
class SharedError:
    """An error, without addresses, and how many rows of a kind (`read`, or the outbox's) in a state
    (`dead`, `pending`...) have it now; `seconds`: for how long the first of them, None where that
    is not known.
    """

    kind: str
    state: str
    error: str
    count: int
    seconds: float | None = None
    known: Acknowledgement | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        return id_of(self.kind, self.state, self.error)


def id_of(kind: str, state: str, error: str) -> str:
    """The same for the same cause, always."""
    digest = blake2b(f"{kind}\0{state}\0{error}".encode(), digest_size=8)
    return f"cau_{digest.hexdigest()}"


def find_all(tx: Connection, *, now: datetime) -> list[SharedError]:
    """What stands in the way of what is owed or was given up, the most frequent first."""
    # Grouped twice: texts that differ only in the address they name are one cause, and only here
    # are they without it. Inexact where there are more texts than MOST_TEXTS.
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    oldest: dict[tuple[str, str, str], float] = {}
    for kind, state, error, count, age in [*tx.execute(_MESSAGES), *tx.execute(_READS)]:
        cause = (kind, state, without_addresses(error))
        counts[cause] += count
        if age is not None:
            oldest[cause] = max(age, oldest.get(cause, 0.0))
    known = acknowledgements.find_all(tx, now=now)
    found = [
        SharedError(*cause, count, oldest.get(cause), known.get(id_of(*cause)))
        for cause, count in counts.items()
    ]
    return sorted(found, key=lambda each: (-each.count, each.kind, each.state, each.error))


def find(tx: Connection, cause_id: str, *, now: datetime) -> SharedError | None:
    """None: no row fails so any more."""
    return next((each for each in find_all(tx, now=now) if each.id == cause_id), None)


def states_of(state: str) -> tuple[str, ...]:
    """The states of the rows that are told as this one."""
    if state == "pending":
        return ("pending", "sending")
    return (state,)


def texts_of(tx: Connection, known: Acknowledgement) -> list[str]:
    """The errors of its rows as they are stored, each with the address that it names.
    Inexact where there are more than MOST_TEXTS: what is not told here is counted as unknown.
    """
    if ADDRESS not in known.error:
        return [known.error]
    row = rows.c
    # Few rows of few causes come as far as the look at each text, which SQL cannot do.
    asked = (row.kind == known.kind, row.state.in_(states_of(known.state)))
    query = select(row.last_error).where(*asked, row.last_error.contains("@"))
    query = query.group_by(row.last_error).order_by(func.count().desc(), row.last_error)
    stored = tx.scalars(query.limit(MOST_TEXTS)).all()
    return [known.error, *(each for each in stored if without_addresses(each) == known.error)]


def shown_ms(tx: Connection) -> int:
    """The database's clock, by which a deed tells what was counted from what failed since."""
    return tx.scalar(select(clock_ms())) or 0


def drop_acknowledged(tx: Connection, *, now: datetime) -> int:
    """Forget who knew about what is over. How many there were."""
    ids = [each.id for each in find_all(tx, now=now)]
    return acknowledgements.keep_only(tx, ids, now=now)


# One that is being sent just now is pending to whoever looks: it would come and go each second.
_STATE = case((rows.c.state == "sending", "pending"), else_=rows.c.state)
_AGE = seconds(func.max(clock_ms() - rows.c.failing_since_ms))
_MESSAGES = (
    select(rows.c.kind, _STATE, rows.c.last_error, func.count().label("count"), _AGE)
    .where(rows.c.state.in_((*UNSENT, "dead")), rows.c.last_error.is_not(None))
    .group_by(rows.c.kind, _STATE, rows.c.last_error)
    .order_by(func.count().desc())
    .limit(MOST_TEXTS)
)
_READS = (
    select(literal("read"), literal("pending"), reads.c.last_error, func.count(), null())
    .where(or_(reads.c.attempts > 0, reads.c.trouble.is_not(None)), reads.c.last_error.is_not(None))
    .group_by(reads.c.last_error)
    .limit(MOST_TEXTS)
)
