"""What is owed, late or wrong now, as figures: few of them, whatever the number of coaches."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, not_, or_, select

from storage.reports import causes
from storage.reports.lists import moved_for_somebody
from storage.rows import pauses
from storage.rows.acknowledgements import Acknowledgement
from storage.rows.outbox_claims import OPEN
from storage.schema.database_clock import clock_ms
from storage.schema.tables import connections, outbox, samples, schedule, sessions


def clock_late(tx: Connection, names: Iterable[str]) -> dict[str, float]:
    """For how many seconds each periodic job has been due, by the database's clock;
    infinite for one that never ran.
    """
    overdue = select(schedule.c.name, clock_ms() - schedule.c.next_run_at_ms)
    known: dict[str, int] = dict(tx.execute(overdue).all())
    late = {}
    for name in names:
        late[name] = max(known.get(name, float("inf")) / 1000, 0.0)
    return late


def clock_failures(tx: Connection, names: Iterable[str]) -> dict[str, float]:
    """How often each periodic job raised since it last went well."""
    known: dict[str, int] = dict(tx.execute(select(schedule.c.name, schedule.c.failures)).all())
    return {name: float(known.get(name, 0)) for name in names}


def conflicts(tx: Connection, *, now: datetime) -> int:
    """How many coming sessions an external event lies over."""
    row = sessions.c
    coming = and_(row.conflict_since.is_not(None), row.active, row.starts > int(now.timestamp()))
    return tx.scalar(select(func.count()).where(coming)) or 0


def linkless(tx: Connection, *, now: datetime) -> int:
    """How many coming sessions wait for a link that does not come."""
    row = sessions.c
    failed = and_(row.conferencing_state == "failed", row.active, row.ends > int(now.timestamp()))
    return tx.scalar(select(func.count()).where(failed)) or 0


def moved_clocks(tx: Connection, *, now: datetime) -> int:
    """How many coming sessions have another local time by newer time zone rules."""
    row = sessions.c
    moved = or_(row.wall_moved.is_not(None), row.id.in_(moved_for_somebody()))
    coming = and_(moved, row.active, row.starts > int(now.timestamp()))
    return tx.scalar(select(func.count()).where(coming)) or 0


def missed_pushes(tx: Connection) -> int:
    """Changes that were found without having been announced,
    over all connections that there are.
    """
    return int(tx.scalar(select(func.sum(connections.c.missed_pushes))) or 0)


def outbox_rows(tx: Connection, *, now: datetime) -> list[tuple[str, str, int]]:
    """(kind, state, how many) of what is owed or was given up; pending rows whose time has not come
    are `scheduled`.

    Each part has an index: what was sent is all that ever was, and is never counted here.
    """
    row = outbox.c
    to_come = and_(row.state == "pending", row.due_at > now)
    state = case((to_come, "scheduled"), else_=row.state).label("shown")
    query = select(row.kind, state, func.count()).group_by(row.kind, state)
    # Two queries: what is open has a partial index of its own, which PostgreSQL uses only where the
    # query's own condition implies it.
    found = [*tx.execute(query.where(row.state.in_(OPEN)))]
    found += tx.execute(query.where(row.state.in_(("dead", "withheld"))))
    return [(kind, shown, count) for kind, shown, count in found]


def dead_letters(tx: Connection, *, but: Collection[Acknowledgement]) -> dict[str, int]:
    """How many of each kind were given up, without those that somebody answers for."""
    row = outbox.c
    query = select(row.kind, func.count()).where(row.state == "dead", not_(_known(tx, but)))
    return dict(tx.execute(query.group_by(row.kind)).all())


def _known(tx: Connection, acknowledged: Collection[Acknowledgement]) -> ColumnElement[bool]:
    """Rows of causes that somebody answers for."""
    row = outbox.c
    found: list[ColumnElement[bool]] = [false()]
    for each in acknowledged:
        same = and_(row.kind == each.kind, row.state.in_(causes.states_of(each.state)))
        # One that never failed has no error, and is of no cause.
        error = func.coalesce(row.last_error, "")
        found.append(and_(same, error.in_(causes.texts_of(tx, each))))
    return or_(*found)


def oldest_due(
    tx: Connection, *, now: datetime, but: Collection[Acknowledgement] = ()
) -> dict[str, datetime]:
    """Since when the oldest row of each kind should have gone, without those that somebody answers
    for. Mails that wait for a person's
    correction, or for the mail server, are told by figures of their own; so are coaches who have to
    link a calendar again, for which its sessions wait.
    """
    row = outbox.c
    # An endpoint, or Cronofy, that is away is no figure of its own: what waits for it is old.
    told = and_(row.trouble.is_not(None), or_(row.kind == "mail", row.trouble != "away"))
    late = (
        row.state.in_(OPEN),
        row.state != "waiting_for_text",
        ~told,
        row.due_at <= now,
        not_(_known(tx, but)),
        ~pauses.covers(),
    )
    query = select(row.kind, func.min(row.due_at)).where(*late)
    return dict(tx.execute(query.group_by(row.kind)).all())


def waiting_mails(tx: Connection, *, but: Collection[Acknowledgement] = ()) -> dict[str, int]:
    """How many mails wait for something beside their turn: `text` to be corrected, an `address`
    that does not exist, a `mailer` that is in trouble; without those that somebody answers for.
    """
    row = outbox.c
    in_trouble = and_(row.kind == "mail", row.state.in_(OPEN), row.trouble.is_not(None))
    wheres = {
        "text": row.state == "waiting_for_text",
        "address": row.state == "withheld",
        "mailer": in_trouble,
    }
    counts, untold = {}, not_(_known(tx, but))
    for name, where in wheres.items():
        counts[name] = tx.scalar(select(func.count()).where(where, untold)) or 0
    return counts


def latest(tx: Connection, names: Iterable[str], *, since: datetime) -> dict[str, float]:
    """The newest sample of each of these figures that is not older than `since`."""
    row = samples.c
    wanted = select(row.name, row.value).where(row.name.in_(tuple(names)), row.at >= since)
    # In the order of time: of each name the last one stays.
    return dict(tx.execute(wanted.order_by(row.at)).all())
