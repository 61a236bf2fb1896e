"""What follows a change of a coach's settings, once it is committed."""

from collections.abc import Iterable

import structlog

from webhooks.http.context import runtime

log = structlog.get_logger()


def follow(coach_id: str, *, wake: Iterable[str] = (), conflicts: Iterable[str] = ()) -> None:
    """Wake for the connections that are owed a read, and tell ops of the sessions that are in
    conflict now.
    """
    runtime().actors.wake(*wake)
    for session_id in conflicts:
        log.warning("session_conflict", session=session_id, coach=coach_id)
