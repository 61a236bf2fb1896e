"""The coach's calendar settings: the page, its preview, and the save; all of it of the guest's own
coach.
"""

from datetime import date, datetime
from typing import Any

from flask import Response, abort, render_template, request

from domain.coaches import Coach
from domain.hours import timezone
from domain.sessions import Refused
from domain.windows import WEEKDAYS
from storage.rows import coaches, connections
from storage.rows.calendars import UnknownCalendar
from storage.rows.coaches import StaleVersion
from storage.rows.connections import Connected
from storage.schema.database import Tx
from storage.slots import listings
from storage.transactions import coach_settings, target_calendars
from storage.transactions.coach_settings import CoachChange
from storage.transactions.target_calendars import ReadOnly
from webhooks.http import after_change
from webhooks.http.context import runtime
from webhooks.http.listing import listing_of
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep, language, reader
from webhooks.pages import hours_text, zones
from webhooks.pages import settings_choices as choices
from webhooks.pages import settings_form as forms
from webhooks.pages import settings_week as weeks
from webhooks.pages.settings_form import Read
from webhooks.pages.settings_words import PROVIDERS, Words

HOME = "/settings"
# What may be said on top of the page after something was done; the others are what came of
# connecting.
GOOD = ("saved", "disconnecting", "connected")
SAID = (*GOOD, "declined", "expired", "refused", "in_use", "away", "calendars_changed")
FRAGMENT = "X-Fragment"
MOST_DIGITS = 9


class Wrong(Exception):
    """What was sent means no coach; nothing was written."""

    def __init__(self, found: Read) -> None:
        super().__init__("the settings form has errors")
        self.found = found


def settings_page() -> Response:
    """GET /settings"""
    with runtime().services.database.read() as tx:
        coach = mine(tx)
        said = request.args.get("said", "")
        found = Read(forms.values_of(coach, today(coach)), coach)
        if said not in SAID:
            said = ""
        return _page(tx, found, said=said)


def settings_accounts() -> str:
    """GET /settings/accounts: the accounts alone, for a page that waits for a first read."""
    with runtime().services.database.read() as tx:
        return render_template(
            "pages/settings_accounts.html", values=None, **common(), **accounts_of(tx, mine(tx))
        )


def settings_preview() -> Response:
    """POST /settings/preview: what these settings would make of the coming week; nothing is
    written.

    To a script the week alone, to a browser without one the page around what was typed.
    """
    with runtime().services.database.read() as tx:
        coach = mine(tx)
        found = forms.read(forms.sent(request.form), coach, today(coach))
        if FRAGMENT in request.headers:
            later = choices.pending(tx, coach.id, found.values)
            shown = {"unsaved": True, "later": later} | common() | _effect(tx, found)
            return Response(render_template("pages/settings_effect.html", **shown))
        return _page(tx, found, unsaved=True)


def settings_save() -> Response:
    """POST /settings: all of the form in one transaction, with the slot set that follows; or
    nothing.
    """
    services = runtime().services
    values = forms.sent(request.form)
    if not is_number(values["version"]):
        abort(403, "foreign_form")

    def change(coach: Coach | None) -> Coach:
        if coach is None:
            abort(404, "not_here")
        found = forms.read(values, coach, today(coach))
        if found.errors:
            raise Wrong(found)
        return found.coach

    def save(tx: Tx) -> tuple[CoachChange, list[str]]:
        keep(tx)
        coach_id, now = guest().coach_id, services.now()
        expected = int(values["version"])
        changed = coach_settings.put_coach(tx, coach_id, change, expected=expected, now=now)
        return changed, choices.choose(tx, coach_id, values, now=now)

    try:
        changed, met = services.database.transact(save)
    except (Wrong, StaleVersion) as error:
        return _refused(values, error)
    except (UnknownCalendar, ReadOnly):
        return _calendars_changed(values)
    except Refused:
        # The coach leaves: there is nothing to be set any more.
        abort(404, "not_here")
    # Hours and a calendar may have met the same session: it is told once.
    conflicts = dict.fromkeys((*changed.conflicts, *met))
    after_change.follow(changed.coach.id, wake=changed.wake, conflicts=conflicts)
    return see(f"{HOME}?said=saved")


def _refused(values: forms.Values, error: Wrong | StaleVersion) -> Response:
    """The page with what was typed: with an error beside its field, or ready to be saved over the
    other change.
    """
    with runtime().services.database.read() as tx:
        if isinstance(error, Wrong):
            return _page(tx, error.found, unsaved=True, said="wrong", status=422)
        coach = mine(tx)
        found = forms.read(values | {"version": str(coach.version)}, coach, today(coach))
        return _page(tx, found, unsaved=True, said="stale", status=409)


def _calendars_changed(values: forms.Values) -> Response:
    """The page with what was typed, but with the calendars as they are now."""
    with runtime().services.database.read() as tx:
        coach = mine(tx)
        kept = values | {"accounts": [], "calendars": [], "receives": None}
        found = forms.read(kept, coach, today(coach))
        return _page(tx, found, unsaved=True, said="calendars_changed", status=409)


def mine(tx: Tx) -> Coach:
    """The guest's own coach."""
    coach = coaches.get(tx, guest().coach_id)
    if coach is None:
        abort(404, "not_here")
    return coach


def today(coach: Coach) -> date:
    now: datetime = runtime().services.now()
    return now.astimezone(timezone(coach.hours.zone)).date()


def accounts_of(tx: Tx, coach: Coach) -> dict[str, Any]:
    """The coach's accounts, whether all of them are connected and healthy, and where sessions are
    written.
    """
    # The race: a read is stored between the two questions, of which PostgreSQL answers each as of
    # its own moment. Accounts first: asked last they would all be read and the coach not synced
    # yet, and a page on which nothing waits asks no more.
    connected = connections.of_coach(tx, coach.id)
    listing = listing_of(tx, coach.id, now=runtime().services.now())
    synced = bool(connected) and listing is not None and listing.state in ("fresh", "refreshing")
    place = target_calendars.receiving(tx, coach.id)
    receiving = None
    if place is not None:
        receiving = place.calendar_id
    shown = {
        "accounts": choices.main_first(connected, receiving),
        "in_form": choices.in_form,
        "providers": PROVIDERS,
        "synced": synced,
        "coach_name": coach.name or coach.id,
        "coach_id": coach.id,
    }
    return shown | _receiving(connected, receiving)


def _receiving(connected: list[Connected], receiving: str | None) -> dict[str, Any]:
    """`named`: every calendar that may be chosen, or could be if it were not read-only. `chosen`:
    by the coach, and not perhaps `receiving`.
    """
    named = {}
    choosable = set()
    for account in connected:
        if account.erasing:
            continue
        for calendar in choices.calendars_of(account):
            named[calendar.id] = calendar.name
            if not calendar.readonly:
                choosable.add(calendar.id)
    chosen = choices.chosen(connected)
    return {"named": named, "choosable": choosable, "chosen": chosen, "receiving": receiving}


def _page(
    tx: Tx, found: Read, *, said: str = "", unsaved: bool = False, status: int = 200
) -> Response:
    values = found.values
    spare = [("", "")] * forms.SPARE_ROWS
    lengths = sorted({*forms.LENGTHS, *found.coach.durations})
    page = render_template(
        "pages/settings.html",
        **common(),
        **accounts_of(tx, found.coach),
        **_effect(tx, found),
        said=said,
        good=said in GOOD,
        unsaved=unsaved,
        values=values | {"overrides": [*values["overrides"], *spare]},
        lengths=list(map(str, lengths)),
        units=tuple(forms.UNITS),
        nights={day for day in WEEKDAYS if hours_text.overnight(values["hours"][day])},
        zones_url=zones.list_url(),
        today=today(found.coach),
    )
    return Response(page, status)


def _effect(tx: Tx, found: Read) -> dict[str, Any]:
    services = runtime().services
    now = services.now()
    stale_after = services.stale_after()
    listing, stored = listings.preview(tx, found.coach, now=now, stale_after=stale_after)
    length = None
    asked = request.form.get("show", "")
    if is_number(asked):
        length = int(asked)
    return {"week": weeks.of(listing, stored, length, now), "errors": found.errors}


def is_number(text: str) -> bool:
    """Short enough for a column, too."""
    return text.isdecimal() and len(text) <= MOST_DIGITS


def common() -> dict[str, Any]:
    """What every page of the settings shows, or is made by."""
    embedded = runtime().settings.embed_origins is not None
    return {
        "st": Words(language(), reader()),
        "weekdays": WEEKDAYS,
        "now": runtime().services.now(),
        "embedded": embedded,
    }


ROUTES = (
    ("GET", HOME, settings_page),
    ("POST", HOME, settings_save),
    ("POST", f"{HOME}/preview", settings_preview),
    ("GET", f"{HOME}/accounts", settings_accounts),
)
