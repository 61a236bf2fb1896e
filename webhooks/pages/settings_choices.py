"""What is chosen among calendars at the settings page: which block, and which one receives
sessions; saved with all else of the page, or not at all.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.accounts import Calendar
from storage.rows import connections
from storage.rows.calendars import UnknownCalendar
from storage.rows.connections import Connected
from storage.schema.database import Tx
from storage.transactions import coach_settings, target_calendars
from webhooks.pages.settings_form import Values


def choose(tx: Tx, coach_id: str, values: Values, *, now: datetime) -> tuple[str, ...]:
    """Let exactly the ticked calendars of the accounts that stood on the page block, and the chosen
    one receive sessions. What is so already is left alone: choosing again would move sessions.

    Returns the sessions that this has put in conflict. Raises UnknownCalendar for what is not the
    coach's, or no longer; ReadOnly.
    """
    accounts = connections.of_coach(tx, coach_id)
    met: list[str] = []
    for connection_id, ticked in _changes(accounts, values):
        met += coach_settings.choose_calendars(tx, coach_id, connection_id, ticked, now=now)
    wanted = values["receives"]
    if wanted is not None and wanted != (chosen(accounts) or ""):
        target_calendars.receive(tx, coach_id, wanted or None, now=now)
    return tuple(dict.fromkeys(met))


def pending(tx: Tx, coach_id: str, values: Values) -> bool:
    """Whether other calendars are ticked than block now."""
    try:
        return bool(_changes(connections.of_coach(tx, coach_id), values))
    except UnknownCalendar:
        return False


def chosen(accounts: list[Connected]) -> str | None:
    """The calendar that the coach chose for sessions, which may be gone; None: none was."""
    for account in accounts:
        if account.receives and not account.erasing:
            return account.receives
    return None


def calendars_of(account: Connected) -> Iterator[Calendar]:
    """Those that are there."""
    for profile in account.profiles:
        for calendar in profile.calendars:
            if not calendar.deleted:
                yield calendar


def main_first(accounts: list[Connected], receiving: str | None) -> list[Connected]:
    """The account that sessions are written into before the others, which stay in their order."""

    def place(account: Connected) -> bool:
        return receiving not in [it.id for it in calendars_of(account)]

    return sorted(accounts, key=place)


def _changes(accounts: list[Connected], values: Values) -> list[tuple[str, set[str]]]:
    """The connections whose ticked calendars are others than block now, and those."""
    known = {account.id: account for account in accounts}
    unowned = set(values["calendars"])
    found = []
    for connection_id in values["accounts"]:
        if connection_id not in known:
            raise UnknownCalendar(connection_id)
        account = known[connection_id]
        ticked = unowned.intersection(it.id for it in calendars_of(account))
        unowned -= ticked
        if ticked != account.blocking:
            found.append((connection_id, ticked))
    if unowned:
        raise UnknownCalendar(min(unowned))
    return found
