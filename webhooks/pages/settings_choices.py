"""What is chosen among calendars at the settings page: which block, and which one receives
sessions; saved with all else of the page, or not at all.
"""

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b

from domain.accounts import Calendar
from storage.rows import connections
from storage.rows.calendars import UnknownCalendar
from storage.rows.connections import Connected
from storage.schema.database import Tx
from storage.transactions import coach_settings, target_calendars
from webhooks.pages.settings_form import Values


def choose(tx: Tx, coach_id: str, values: Values, *, now: datetime) -> list[str]:
    """Let exactly the ticked calendars of the accounts that stood on the page block, and the chosen
    one receive sessions.

    Returns the sessions that this has put in conflict, perhaps one of them twice. Raises
    UnknownCalendar for what is not the coach's, or no longer, and where others stood on the page
    than there are; ReadOnly.
    """
    accounts = connections.of_coach(tx, coach_id)
    met: list[str] = []
    for connection_id, ticked in _changes(accounts, values):
        met += coach_settings.choose_calendars(tx, coach_id, connection_id, ticked, now=now)
    wanted = values["receives"]
    # None: the page had no such choice. Empty: the main one, chosen automatically.
    if wanted is None:
        return met
    # What is so already is left alone: choosing it again would move every coming session.
    before = chosen(accounts) or ""
    if wanted != before:
        target_calendars.receive(tx, coach_id, wanted or None, now=now)
    return met


def pending(tx: Tx, coach_id: str, values: Values) -> bool:
    """Whether other calendars are ticked than block now."""
    try:
        return bool(_changes(connections.of_coach(tx, coach_id), values))
    except UnknownCalendar:
        # An account was disconnected since: the save says so, a preview need not.
        return False


def chosen(accounts: list[Connected]) -> str | None:
    """The calendar that the coach chose for sessions, which may be gone; None: none was."""
    for account in accounts:
        # One that is being erased still names it, and receives nothing more.
        if account.receives and not account.erasing:
            return account.receives
    return None


def calendars_of(account: Connected) -> Iterator[Calendar]:
    """Those that are there."""
    for profile in account.profiles:
        for calendar in profile.calendars:
            if not calendar.deleted:
                yield calendar


def in_form(account: Connected) -> str:
    """What the form calls an account: its id, and which calendars it has while the page is made."""
    listed = " ".join(sorted(_ids(account)))
    return f"{account.id}.{blake2b(listed.encode(), digest_size=4).hexdigest()}"


def main_first(accounts: list[Connected], receiving: str | None) -> list[Connected]:
    """The account that sessions are written into before the others, which stay in their order."""

    def is_another(account: Connected) -> bool:
        return receiving not in _ids(account)

    # False sorts before True, and a sort leaves equals in their order.
    return sorted(accounts, key=is_another)


def _ids(account: Connected) -> set[str]:
    return {calendar.id for calendar in calendars_of(account)}


def _changes(accounts: list[Connected], values: Values) -> list[tuple[str, set[str]]]:
    """The connections whose ticked calendars are others than block now, and those calendars.

    The form names the accounts that stood on the page, and which calendars they had: what came
    since has no tick there, and is not to stop blocking for that.
    """
    known = {account.id: account for account in accounts}
    unowned = set(values["calendars"])
    found = []
    for named in values["accounts"]:
        connection_id, _, listed = named.partition(".")
        if connection_id not in known:
            raise UnknownCalendar(connection_id)
        account = known[connection_id]
        # A page of the release before names the account alone.
        if listed and named != in_form(account):
            raise UnknownCalendar(connection_id)
        ticked = unowned & _ids(account)
        unowned -= ticked
        if ticked != account.blocking:
            found.append((connection_id, ticked))
    # Ticked, and of no account that stood on the page: another coach's, or gone.
    if unowned:
        raise UnknownCalendar(min(unowned))
    return found
