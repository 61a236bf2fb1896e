"""What a read of a calendar says that was not known, and whether it is to be believed at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from domain.accounts import Account
from domain.freebusy import Reading
from domain.suspicious_reads import vanished
from storage.rows import calendars
from storage.schema.tables import busy


@dataclass(frozen=True, slots=True)
class News:
    """What a read says that was not known. `changed`: in the days that were known before, too;
    `doubt`: the mark of a read that is not to be believed at once.
    """

    digest: bytes
    first: bool
    changed: bool
    doubt: bytes | None = None


def compare(
    tx: Connection,
    connection_id: str,
    found: Reading,
    account: Account | None,
    *,
    until: int,
    now: datetime,
) -> News:
    """`found`: the periods up to `until` (epoch seconds); `account`: userinfo, if it was due.

    Compared are the days ahead that both readings tell of:
    the window moves on, and that is no change.
    """
    digest = found.digest()
    mine = busy.c.connection_id == connection_id
    stored = tx.scalar(select(busy.c.digest).where(mine))
    if stored is None:
        return News(digest, first=True, changed=True)
    unlisted = _unlisted(tx, connection_id, account)
    if stored == digest and not unlisted:
        return News(digest, first=False, changed=False)
    packed, known_until = tx.execute(select(busy.c.reading, busy.c.window_end).where(mine)).one()
    since, end = int(now.timestamp()), min(known_until, until)
    known = Reading.unpack(packed).between(since, end)
    read = found.between(since, end)
    doubt = None
    if vanished(known, read, unlisted=unlisted):
        doubt = digest + "".join(sorted(unlisted)).encode()
    return News(digest, first=False, changed=known.digest() != read.digest(), doubt=doubt)


def _unlisted(tx: Connection, connection_id: str, account: Account | None) -> Collection[str]:
    """The blocking calendars that the account lists no more."""
    if account is None:
        return ()
    listed = set()
    for profile in account.profiles:
        for calendar in profile.calendars:
            if not calendar.deleted:
                listed.add(calendar.id)
    return calendars.blocking_calendars(tx, connection_id) - listed
