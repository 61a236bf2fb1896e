"""Links for one person each. What a token leads to is kept here, and the token itself nowhere.

made      good for ten minutes, one in a mail until its session begins;
          whoever only looks at it spends nothing
opened    by one browser, which alone may come back to it, until `expires_at`
gone      with whoever is erased: the sessions that came of it end
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, select

from storage.schema.database import insert
from storage.schema.tables import link_uses, links

KEPT = timedelta(days=1)
"""So long is it known of a link that ended that there was one."""

CHANGES: dict[str, Any] = {"page": "changes"}
"""The meaning of a link in a mail: the page where its coach settles what changed."""
MORE: dict[str, Any] = {"page": "more"}
"""Of another one: More settings, where services are connected."""

Leads = Literal["page", "connect"]
Reason = Literal["altered", "used", "expired"]

row = links.c


@dataclass(frozen=True, slots=True)
class Link:
    """`meaning`: what whoever made it wants to know again, as JSON takes it."""

    coach_id: str
    participant_id: str | None
    meaning: dict[str, Any]
    expires_at: datetime


class Closed(Exception):
    """This link opens nothing for this browser: `altered` is none of ours, or older than a day."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def make(tx: Connection, token: str, leads: Leads, link: Link) -> None:
    tx.execute(links.insert().values(_values(token, leads, link)))


def make_once(tx: Connection, token: str, leads: Leads, link: Link) -> None:
    """The same, or nothing: one that is there already stays as it is."""
    made = insert(tx, links).values(_values(token, leads, link))
    tx.execute(made.on_conflict_do_nothing(index_elements=["token_hash"]))


def look(tx: Connection, token: str, leads: Leads, *, browser: str | None, now: datetime) -> Link:
    """What the link would open; nothing is spent.
    `browser`: its secret; None: it has none yet. Raises Closed.
    """
    found = tx.execute(select(links).where(_is(token, leads))).first()
    if found is None:
        raise Closed("altered")
    # A mail is easily forwarded: what one browser has opened no other one gets.
    is_theirs = browser is not None and found.browser_hash == _digest(browser)
    if found.browser_hash is not None and not is_theirs:
        raise Closed("used")
    if found.expires_at <= now:
        raise Closed("expired")
    return Link(found.coach_id, found.participant_id, found.meaning, found.expires_at)


def meaning_of(tx: Connection, token: str, leads: Leads) -> dict[str, Any]:
    """What the link was made with, also a day after it ended; {} for none of ours."""
    meaning: dict[str, Any] | None = tx.execute(
        select(row.meaning).where(_is(token, leads))
    ).scalar()
    return meaning or {}


def follow(
    tx: Connection, token: str, leads: Leads, *, browser: str, now: datetime, until: datetime
) -> Link:
    """Open it: from now on it is this browser's, until `until`,
    or as it was opened before. Raises Closed.
    """
    link = look(tx, token, leads, browser=browser, now=now)
    # Of two browsers that follow it at once, one finds it unopened;
    # the other looks again, and is told.
    unopened = links.update().where(_is(token, leads), row.browser_hash.is_(None))
    opened = tx.execute(unopened.values(browser_hash=_digest(browser), expires_at=until)).rowcount
    if opened:
        return replace(link, expires_at=until)
    return look(tx, token, leads, browser=browser, now=now)


def stands(
    tx: Connection, coach_id: str, participant_id: str | None, until: int, *, lock: bool = False
) -> bool:
    """Whether the link that a session came of is still there: an erasure takes it away. `until`:
    when the session ends, in epoch seconds.

    `lock`: nobody takes it away before this transaction has ended.
    """
    ends = datetime.fromtimestamp(until, UTC)
    about = (row.coach_id == coach_id) & row.participant_id.is_not_distinct_from(participant_id)
    then = (row.expires_at >= ends) & (row.expires_at < ends + timedelta(seconds=1))
    query = select(row.leads).where(about, then, row.browser_hash.is_not(None)).limit(1)
    if lock:
        query = query.with_for_update(read=True)
    return tx.execute(query).first() is not None


def drop_old(tx: Connection, *, now: datetime) -> int:
    """How many had ended longer ago than they are kept."""
    before = now - KEPT
    of_release_before = tx.execute(link_uses.delete().where(link_uses.c.at <= before)).rowcount
    return of_release_before + tx.execute(links.delete().where(row.expires_at <= before)).rowcount


def _values(token: str, leads: Leads, link: Link) -> dict[str, Any]:
    return {
        "token_hash": _digest(token),
        "leads": leads,
        "coach_id": link.coach_id,
        "participant_id": link.participant_id,
        "meaning": link.meaning,
        "expires_at": link.expires_at,
    }


def _is(token: str, leads: Leads) -> ColumnElement[bool]:
    return (row.token_hash == _digest(token)) & (row.leads == leads)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogateescape")).digest()
