"""Mails that ask a coach to connect a calendar again, or a service that makes links: owed when it
is lost, until it is back.

An episode begins when a connection gets a trouble that only its coach can mend, and is called after
that moment. All its mails are written then, each due on its day; a reader finds whether one is
still wanted, and with which link.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select

from domain.coaches import Coach
from domain.mail import Kind, MailFacts, Recipient
from domain.mail.kinds import LOGINS
from domain.notices import Notice
from storage.rows import conferencing_profiles, outbox
from storage.rows.outbox import Owed
from storage.rows.outbox_claims import DUE_NOW, WAITING, Wake, wakes
from storage.schema.tables import connections, profiles
from storage.schema.tables import outbox as rows
from storage.transactions import notices

DAYS = (0, 1, 3, 7, 14)
LATELY = timedelta(hours=1)
LOST = ("disconnected", "revoked")


@dataclass(frozen=True, slots=True)
class Login:
    """What a coach may have to connect again. `kind`: of its mails. `ending`: of what they have in
    common after the connection's id. `since`: the column that says when the episode began.
    """

    kind: Kind
    ending: str
    since: str

    def thread(self, connection_id: str) -> str:
        return f"{connection_id}{self.ending}"


# Threads of their own: in one queue the newer episode would end the mails of the older one.
CALENDAR = Login("relink", "", "troubled_since")
SERVICE = Login("relink_conferencing", ":conferencing", "conferencing_lost_since")
EACH = (CALENDAR, SERVICE)


def follow(tx: Connection, coach: Coach, connection_id: str, *, now: datetime) -> None:
    """Begin the episodes, or end them, as the connection has it now.
    The caller holds the coach's lock.
    """
    for login in EACH:
        _follow(tx, coach, connection_id, login, now)


def _follow(tx: Connection, coach: Coach, connection_id: str, login: Login, now: datetime) -> None:
    found = _state(tx, connection_id, login)
    if found is None or found.is_lost == (found.since is not None):
        return
    mine = connections.update().where(connections.c.id == connection_id)
    if not found.is_lost:
        tx.execute(mine.values({login.since: None}))
        _withdraw(tx, login.thread(connection_id))
        return
    tx.execute(mine.values({login.since: now}))
    if coach.email is not None:
        owed = [_owed(coach, coach.email, connection_id, day, now, login=login) for day in DAYS]
        outbox.add(tx, owed, now=now)


def ask(tx: Connection, coach: Coach, *, now: datetime) -> list[Wake]:
    """Send the next mail of each lost account of the coach now, whatever its day; one a day beyond
    the last.

    Nothing for a coach without an address, or who was asked within the hour: a second click is no
    second mail.
    """
    if coach.email is None:
        return []
    query = select(connections.c.id, connections.c.troubled_since).where(
        connections.c.coach_id == coach.id,
        connections.c.trouble.in_(LOST),
        connections.c.troubled_since.is_not(None),
    )
    wake: list[Wake] = []
    for connection_id, since in tx.execute(query).all():
        if _asked_lately(tx, connection_id, now):
            continue
        woken = _pull_forward(tx, connection_id, now)
        if not woken:
            woken = _one_more(tx, coach, connection_id, since, now)
        wake += woken
    return wake


def _asked_lately(tx: Connection, connection_id: str, now: datetime) -> bool:
    lately = (rows.c.due_at <= now, rows.c.due_at > now - LATELY, rows.c.state != "superseded")
    asked = select(rows.c.id).where(*_mails_of(connection_id), *lately)
    return tx.scalar(asked.limit(1)) is not None


def _pull_forward(tx: Connection, connection_id: str, now: datetime) -> list[Wake]:
    waits = (*_mails_of(connection_id), rows.c.state == "pending")
    next_one = select(rows.c.id).where(*waits).order_by(rows.c.version).limit(1)
    pulled = rows.update().where(rows.c.id == next_one.scalar_subquery())
    pulled = pulled.values(DUE_NOW | {"due_at": now})
    return wakes(tx, pulled.returning(rows.c.id, rows.c.kind))


def _one_more(
    tx: Connection, coach: Coach, connection_id: str, since: datetime, now: datetime
) -> list[Wake]:
    """All that were planned have left."""
    # The day is a part of the row's key: a second click of the same day finds it, and adds none.
    day = max((now - since).days, DAYS[-1]) + 1
    owed = _owed(coach, str(coach.email), connection_id, day, since, due_at=now)
    return outbox.add(tx, [owed], now=now)


def _mails_of(thread: str) -> tuple[ColumnElement[bool], ...]:
    return (rows.c.kind == "mail", rows.c.topic.in_(LOGINS), rows.c.booking_id == thread)


def wanted(tx: Connection, facts: MailFacts) -> bool:
    """Whether what this mail asks for is still lost, and was all the time since."""
    login = _login(facts)
    found = _state(tx, _connection_of(facts, login), login)
    if found is None or not found.is_lost:
        return False
    # Lost again is another episode, which has mails of its own.
    return _episode(found.since) == facts.nonce


def linked(tx: Connection, facts: MailFacts) -> MailFacts:
    """The mail with the link of today: the provider's own, of the profile that lost its login."""
    login = _login(facts)
    if login is SERVICE:
        return replace(facts, relink_url=_service_link(tx, _connection_of(facts, login)))
    # Of several profiles the one that lost its login: false comes before true, on both databases.
    row = profiles.c
    links = select(row.relink_url).where(
        row.connection_id == facts.booking_id, row.relink_url.is_not(None)
    )
    return replace(facts, relink_url=tx.scalar(links.order_by(row.connected, row.id).limit(1)))


def _service_link(tx: Connection, connection_id: str) -> str | None:
    """Of the first that lost its login and has a link."""
    for profile in conferencing_profiles.of_connection(tx, connection_id):
        if not profile.connected and profile.relink_url:
            return profile.relink_url
    return None


def _login(facts: MailFacts) -> Login:
    if facts.kind == SERVICE.kind:
        return SERVICE
    return CALENDAR


def _connection_of(facts: MailFacts, login: Login) -> str:
    return facts.booking_id.removesuffix(login.ending)


@dataclass(frozen=True, slots=True)
class _State:
    """`since`: when the episode began that goes on."""

    is_lost: bool
    since: datetime | None


def _state(tx: Connection, connection_id: str, login: Login) -> _State | None:
    """None when the connection is gone."""
    query = select(connections.c.trouble, connections.c[login.since])
    found = tx.execute(query.where(connections.c.id == connection_id)).first()
    if found is None:
        return None
    is_lost = found.trouble in LOST
    if login is SERVICE:
        # Without a calendar nobody can say how the services are: that is asked for first.
        known = conferencing_profiles.of_connection(tx, connection_id)
        is_lost = not is_lost and any(not profile.connected for profile in known)
    return _State(is_lost, found[1])


def _episode(since: datetime | None) -> str:
    if since is None:
        return ""
    return str(_ms(since))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _owed(
    coach: Coach,
    email: str,
    connection_id: str,
    day: int,
    since: datetime,
    *,
    due_at: datetime | None = None,
    login: Login = CALENDAR,
) -> Owed:
    due_at = due_at or since + timedelta(days=day)
    facts = MailFacts(
        kind=login.kind,
        recipient=Recipient(coach.name, email, coach.hours.zone, coach.language, "coach"),
        booking_id=login.thread(connection_id),
        version=day,
        changed_at=due_at,
        coach_name=coach.name,
        nonce=_episode(since),
    )
    # The queue's versions grow from episode to episode:
    # what the last one left must not supersede this one.
    return replace(notices.mail(Notice(facts, due_at), coach.id, None), version=_ms(since) + day)


def _withdraw(tx: Connection, thread: str) -> None:
    """The rows not sent yet end here; one under way is asked about by its sender."""
    waits = rows.c.state.in_((*WAITING, "withheld"))
    over = {
        "state": "superseded",
        "reason": "newer",
        "last_error": "it is connected again",
    }
    tx.execute(rows.update().where(*_mails_of(thread), waits).values(over))
