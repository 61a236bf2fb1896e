"""Which sessions a calendar was put over after they were booked."""

from collections.abc import Iterable

from domain.sessions import Session
from domain.slots.cells import Periods


def conflicting(sessions: Iterable[Session], busy: Periods) -> set[str]:
    """The ids of those that an external busy period meets. Their own time counts, not their
    buffers; a session that was forced over busy time is where somebody wanted it.
    """
    # One session against all periods at once: a coach has few sessions, and thousands of periods.
    return {
        session.id
        for session in sessions
        if session.force_reason is None
        and ((busy[:, 0] < session.ends) & (busy[:, 1] > session.starts)).any()
    }


def overlap(session: Session, busy: Periods) -> tuple[int, int] | None:
    """From when to when of the session's own time something else is there, the first to the last
    of it, in epoch seconds; None: nothing is.
    """
    met = busy[(busy[:, 0] < session.ends) & (busy[:, 1] > session.starts)]
    if not len(met):
        return None
    first, last = int(met[:, 0].min()), int(met[:, 1].max())
    return max(first, session.starts), min(last, session.ends)
