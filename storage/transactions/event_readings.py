"""Our own events as a read of an account showed them: what coaches did to them, and what becomes of
that.

Whatever happened between two reads, and whichever push was lost: each read shows all of our events,
so what stands in the calendar is compared with what should, and nothing depends on what was read
before.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection

from domain.accounts import Account
from domain.coaches import Coach
from domain.event_differences import (
    NO_LATE_WRITES,
    SEVERAL,
    OwnWrites,
    Standing,
    State,
    Verdict,
    by_session,
    chosen,
    compare,
    verdict,
)
from domain.sessions import Refused, Session, Terms, Unknown
from storage.rows import event_differences as rows
from storage.rows import participant_times, push_marks, sessions
from storage.rows.event_differences import Difference
from storage.rows.refresh_jobs import ReadClaim
from storage.transactions import attendee_answers, conferencing, own_writes, watched_events
from storage.transactions.event_differences import move_there, owe_writing, times_put_back
from storage.transactions.watched_events import Watched

OFTEN = 3
"""Put-backs of an event that is declined all the same: then its coach is asked."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """How it stands, and who did that. `before`: what was known of it and not settled."""

    event: Watched
    found: Standing | None
    state: State
    said: Verdict
    own: OwnWrites
    before: Difference | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a read says about our events. `deeds`: the coach's, as the events stand now. `gone`:
    sessions whose events were there before. `over`: whose difference has ended. `stood`: whose
    events are known from now on to have stood there. `crossed`: a write of ours was under way.
    """

    deeds: tuple[Difference, ...] = ()
    gone: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    stood: tuple[str, ...] = ()
    crossed: bool = False

    @property
    def doubt(self) -> bytes:
        """The mark of a read that is not believed at once; empty: it is."""
        # Providers have reported events as deleted that were not, a whole calendar's at once.
        if len(self.gone) < SEVERAL:
            return b""
        return " ".join(("gone", *self.gone)).encode()


NOTHING = Judged()


def judge(
    tx: Connection,
    claimed: ReadClaim,
    events: Sequence[Standing],
    account: Account | None,
    *,
    now: datetime,
) -> Judged:
    """What the coach did to our events. Writes nothing; the caller holds the coach's lock."""
    # The race: a write of ours ends between two of these looks. First which are owed, then what is
    # known to stand: whatever is owed no longer has been seen to stand by then.
    coach_id, connection_id = claimed.coach_id, claimed.connection_id
    owed = own_writes.owed(tx, coach_id, now=now)
    late = own_writes.late(tx, connection_id)
    known = {each.session_id: each for each in rows.of_connection(tx, connection_id)}
    stands = by_session(events)
    watched = list(watched_events.watched(tx, coach_id, connection_id, account, now=now))
    untouched = own_writes.untouched(tx, _unnoted(watched), now=now)
    seen = []
    for event in watched:
        key = event.session_id, event.calendar_id
        found = chosen(stands.get(key, ()), event.times)
        stood_ms = event.stood_ms
        # Written before anybody noted that it stood. One that was never there is nobody's deed.
        if stood_ms is None and found is not None and event.session_id in untouched:
            stood_ms = 0
        own = OwnWrites(
            waiting=bool(owed.get(event.session_id)),
            under_way="sending" in owed.get(event.session_id, ()),
            stood_ms=stood_ms,
            late=late.get(key, NO_LATE_WRITES).late,
            may_vanish=late.get(key, NO_LATE_WRITES).may_vanish,
        )
        seen.append(_see(event, found, own, known.get(event.session_id), claimed))
    return _judged(tx, claimed, seen, known, now)


def _unnoted(watched: Sequence[Watched]) -> list[str]:
    """The sessions whose events nobody noted to have stood."""
    found = []
    for event in watched:
        if event.stood_ms is None:
            found.append(event.session_id)
    return found


def _see(
    event: Watched,
    found: Standing | None,
    own: OwnWrites,
    before: Difference | None,
    claimed: ReadClaim,
) -> _Seen:
    # The coach chose another calendar since: what was done to the event in the old one is over.
    if before is not None and before.calendar_id != event.calendar_id:
        before = None
    asked = None
    if before is not None:
        asked = before.starts or 0, before.ends or 0
    state = compare(event.times, found)
    said = verdict(state, found, own, read_from_ms=claimed.claimed_at_ms, asked=asked)
    return _Seen(event, found, state, said, own, before)


def _judged(
    tx: Connection,
    claimed: ReadClaim,
    seen: Sequence[_Seen],
    known: Mapping[str, Difference],
    now: datetime,
) -> Judged:
    deeds, gone, stood = [], [], []
    # What is crossed stays as it was until it is read again.
    lasting = {each.event.session_id for each in seen if each.said == "crossed" and each.before}
    for each in seen:
        session_id = each.event.session_id
        if each.said == "theirs":
            deeds.append(_difference(claimed, each, now))
            lasting.add(session_id)
            if each.state == "deleted" and (each.before is None or each.before.starts is not None):
                gone.append(session_id)
        is_first = each.event.stood_ms is None and not each.own.waiting
        if each.said in ("as_written", "theirs") and is_first:
            stood.append(session_id)
    read = {each.event.session_id for each in seen}
    unread = [each for session_id, each in known.items() if session_id not in read]
    lasting.update(watched_events.lasting(tx, unread, now))
    over = tuple(session_id for session_id in known if session_id not in lasting)
    crossed = any(each.said == "crossed" for each in seen)
    return Judged(tuple(deeds), tuple(sorted(gone)), over, tuple(stood), crossed)


def _difference(claimed: ReadClaim, seen: _Seen, now: datetime) -> Difference:
    """As it stands now: the same episode, unless it is of another kind, or elsewhere. One that is
    declined is that wherever it stands: nothing else is asked about it.
    """
    event, kind = seen.event, seen.state
    if kind not in ("moved", "declined"):
        kind = "deleted"
    starts = ends = None
    if seen.found is not None and kind != "deleted":
        starts, ends = seen.found.times
    before = seen.before
    if before is not None and (before.kind, before.starts, before.ends) == (kind, starts, ends):
        return before
    # The race: a write of ours that comes late moves the event which the coach has declined.
    if before is not None and kind == before.kind == "declined":
        return replace(before, starts=starts, ends=ends)
    return Difference(
        event.session_id,
        event.calendar_id,
        claimed.connection_id,
        kind,
        starts,
        ends,
        now,
        rows.new_token(),
    )


def store(
    tx: Connection, coach: Coach, claimed: ReadClaim, judged: Judged, *, now: datetime
) -> tuple[str, ...] | None:
    """Write down what was found, as the coach's policy has it. Answers the sessions of which it is
    news; None: nothing changed.
    """
    changed = [rows.settle(tx, session_id) for session_id in judged.over]
    if judged.stood:
        own_writes.stood(tx, judged.stood, claimed.claimed_at_ms)
    if judged.crossed:
        # No push tells of our own writes: without this read what the coach did meanwhile would be
        # found by the next reconcile.
        push_marks.mark_dirty(tx, claimed.connection_id)
    known = {each.token: each for each in rows.of_connection(tx, claimed.connection_id)}
    news = []
    for deed in judged.deeds:
        session = sessions.get(tx, deed.session_id)
        if coach.event_policy == "restore" and _can_be_restored(tx, deed, session):
            changed.append(rows.settle(tx, deed.session_id))
            owe_writing(tx, session, deed, now)
            news.append(deed.session_id)
        elif deed.token not in known:
            rows.put(tx, deed)
            news.append(deed.session_id)
        elif deed != known[deed.token]:
            rows.put(tx, deed)
            changed.append(True)
    if news or any(changed):
        return tuple(news)
    return None


def _can_be_restored(tx: Connection, deed: Difference, session: Session) -> bool:
    """What cannot be put back is asked about, or each read would owe one more write of it."""
    # An event that is declined stays so where Cronofy does not let us take that back.
    if deed.kind == "declined" and times_put_back(tx, session, deed.kind) >= OFTEN:
        return False
    return not own_writes.is_refused(tx, session)


def keep_shown(tx: Connection, events: Sequence[Standing], *, now: datetime) -> None:
    """What events show besides their times: links that were assigned, and who answered."""
    conferencing.keep(tx, events, now=now)
    attendee_answers.keep(tx, events, now=now)


def may_follow(coach: Coach, judged: Judged) -> bool:
    """Whether there are sessions to move to where their events stand, by the coach's policy. It is
    tried with each read: that time may have opened since.
    """
    if coach.event_policy != "follow":
        return False
    return any(deed.kind == "moved" for deed in judged.deeds)


def follow(tx: Connection, coach: Coach, judged: Judged, terms: Terms) -> bool:
    """Move the sessions to where their events stand, if that is the coach's policy and the times
    are open; what cannot be moved stays to be asked about. Whether any moved.
    """
    if not may_follow(coach, judged):
        return False
    moved = False
    # All at once: session by session, two coaches of the same people would wait for each other.
    participant_times.lock_seated(tx, map(attrgetter("session_id"), judged.deeds))
    for deed in judged.deeds:
        if deed.kind == "moved":
            # Refused before anything is written.
            with suppress(Refused, Unknown):
                move_there(tx, deed.session_id, deed.token, terms)
                moved = True
    return moved
