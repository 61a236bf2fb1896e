"""What Ada does to our events in her own calendar, and what is known of it after a read."""

from dataclasses import replace
from datetime import UTC, date, datetime

from domain.coaches import Coach
from domain.event_differences import EventPolicy, event_id
from domain.sessions import Session
from storage.rows import event_differences as rows
from storage.rows.event_differences import Difference
from storage.slots import bookable
from storage.slots.bookable import Wanted
from storage.transactions import coach_settings, event_differences
from tests.support.written_sessions import HOUR, Diary


def event_uid(ada: Diary, session: Session) -> str:
    return str(ada.house.control.own_event(event_id(session.id))["event_uid"])


def drag(ada: Diary, session: Session, start: int, seconds: int = HOUR) -> None:
    times = [datetime.fromtimestamp(each, UTC) for each in (start, start + seconds)]
    ada.house.control.move_event(event_uid(ada, session), *times)


def drag_to_days(ada: Diary, session: Session, first: date, until: date) -> None:
    """It takes all of these days."""
    ada.house.control.move_event(event_uid(ada, session), first, until)


def take_out(ada: Diary, session: Session) -> None:
    ada.house.control.delete_event(event_uid(ada, session))


def decline(ada: Diary, session: Session) -> None:
    ada.house.control.change_event(event_uid(ada, session), declined=True)


def rename(ada: Diary, session: Session, summary: str) -> None:
    ada.house.control.change_event(event_uid(ada, session), summary=summary)


def read(ada: Diary) -> None:
    """A push came, and her account is read."""
    owe_read(ada)
    ada.house.refresh(ada.account.connection_id)


def owe_read(ada: Diary) -> None:
    ada.house.mark_dirty(ada.account.connection_id)
    ada.house.set_row(ada.account.connection_id, next_attempt_at_ms=0)


def found(ada: Diary) -> list[Difference]:
    with ada.services.database.read() as tx:
        return rows.of_coach(tx, "ada")


def kinds(ada: Diary) -> list[str]:
    return [each.kind for each in found(ada)]


def why_closed(ada: Diary, start: int) -> str | None:
    """Why nobody can book an hour there; None: they can."""
    terms = ada.services.terms()
    with ada.services.database.read() as tx:
        listing = bookable.listing_of(tx, "ada", terms)
        return bookable.why_closed(listing, Wanted("ada", start, 60), terms)


def put_back(ada: Diary, difference: Difference) -> bool:
    """Said, and written by whoever is woken for it."""
    with ada.services.database.write() as tx:
        settled = event_differences.put_back(
            tx, difference.session_id, difference.token, ada.services.now()
        )
    ada.write()
    return settled


def move_there(ada: Diary, difference: Difference) -> None:
    with ada.services.database.write() as tx:
        event_differences.move_there(
            tx, difference.session_id, difference.token, ada.services.terms()
        )
    ada.write()


def choose(ada: Diary, policy: EventPolicy) -> None:
    """As her page does it."""

    def chosen(coach: Coach | None) -> Coach:
        assert coach is not None
        return replace(coach, event_policy=policy)

    with ada.services.database.write() as tx:
        coach_settings.put_coach(tx, "ada", chosen, expected=None, now=ada.services.now())
