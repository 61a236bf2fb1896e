"""What a coach's calendar calls a session."""

from collections.abc import Iterable

from domain.mail.safety import one_line
from domain.sessions import Session


def calendar_title(session: Session, people: Iterable[str], programme_name: str | None) -> str:
    """Of a pod its own title, of a 1:1 session who comes. `people`: the names of those who have a
    seat.
    """
    if session.pod:
        return one_line(session.title or programme_name or "Group session")
    subject = one_line(session.title or programme_name or "Session")
    # A calendar is often shared: who booked under an address instead of a name stays unnamed.
    named = [one_line(name) for name in people if name and "@" not in name]
    if not named:
        return subject
    return f"{subject}: {', '.join(named)}"
