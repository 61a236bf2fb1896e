"""The public holidays on which a coach takes no sessions, on "More settings": a country, perhaps a
region of it, and a switch for each of its holidays.
"""

from dataclasses import replace
from datetime import date, timedelta

from flask import request

from domain.absences import NO_HOLIDAYS, PublicHolidays
from domain.coaches import Coach
from storage.schema.database import Tx
from storage.transactions.coach_settings import CoachChange
from webhooks.api.holidays import Names, country_names, region_names
from webhooks.http.context import runtime
from webhooks.http.page_sessions import language, reader
from webhooks.pages.more_inside import inside
from webhooks.pages.more_rows import here_and_now, store
from webhooks.pages.more_sections import Form, Section, Sent, Values
from workers import public_holidays
from workers.public_holidays import Holiday

COMING = timedelta(days=400)
"""Each holiday of a year once, though Easter be late."""


def shown(tx: Tx, coach: Coach, typed: Form | None) -> Values:
    """Of the place that was just chosen, or the one that is stored; with what is switched on."""
    today = here_and_now(coach).date()
    country, region = _place(coach.holidays, typed)
    on = set(coach.holidays.names)
    if typed is not None:
        on = set(typed.getlist("name"))
    elif (country, region) != (coach.holidays.country, coach.holidays.region):
        on = set()
    regions: Names = []
    coming: list[tuple[Holiday, list[date]]] = []
    if country:
        regions = region_names(country)
        for each in public_holidays.of_place(country, region, today, language()):
            dates = [day for day in each.dates if today <= day < today + COMING]
            if dates or each.name in on:
                coming.append((each, dates))
    return {
        "countries": country_names(reader()),
        "regions": regions,
        "country": country,
        "region": region,
        "holidays": coming,
        "on": on,
        "lost": sorted(on - {each.name for each, _ in coming}),
        "inside": inside(tx, coach, "holiday"),
    }


def save(tx: Tx, sent: Sent) -> CoachChange:
    chosen = _chosen(sent.form)

    def change(coach: Coach) -> Coach:
        return replace(coach, holidays=chosen)

    return store(tx, sent, change)


def _chosen(form: Form) -> PublicHolidays:
    """Raises Invalid."""
    country, region = form.get("country", ""), form.get("region", "")
    if not country:
        return NO_HOLIDAYS
    today = runtime().services.now().date()
    return public_holidays.choose(country, region, form.getlist("name"), today)


def _place(stored: PublicHolidays, typed: Form | None) -> tuple[str, str]:
    """A region of another country is none: those of a country are known once it is chosen."""
    sent = request.args
    if typed is not None:
        sent = typed
    country = sent.get("country", stored.country)
    if country not in public_holidays.countries():
        return "", ""
    usual = ""
    if country == stored.country:
        usual = stored.region
    region = sent.get("region", usual)
    if region not in public_holidays.regions(country):
        region = ""
    return country, region


def _load(coach: Coach, typed: Form | None) -> None:
    _place(coach.holidays, typed)


# A country is loaded when it is first asked for: a second, in which nobody else is to wait.
SECTION = Section("holidays", shown, save, look_up=_chosen, load=_load)
