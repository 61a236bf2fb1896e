"""The public holidays that a coach may switch on: a chooser's lists."""

from dataclasses import asdict
from unicodedata import normalize

from babel import Locale

from domain.errors import Invalid
from domain.mail.choice import default_language
from webhooks.api.schemas.absences import HolidayPlacesOut, HolidaysQuery
from webhooks.http.context import runtime
from workers import public_holidays
from workers.mailer.times import locale_of

Names = list[tuple[str, str]]
"""Codes and names, in order of the names."""


def show(query: HolidaysQuery) -> HolidayPlacesOut:
    """The countries whose public holidays are known, or the regions and holidays of one."""
    countries: Names = []
    regions: Names = []
    holidays: list[dict[str, object]] = []
    if query.country is None:
        countries = country_names(locale_of(query.language, default_language(query.language)))
    else:
        today = runtime().services.now().date()
        try:
            regions = region_names(query.country)
            found = public_holidays.of_place(query.country, query.region, today, query.language)
        except Invalid as why:
            # Of a coach they are fields of `holidays`, here they are parameters.
            field = why.field.removeprefix("holidays.")
            raise Invalid(field, why.code, why.detail) from None
        for each in found:
            dates = [day.isoformat() for day in each.dates]
            holidays.append(asdict(each) | {"dates": dates})
    fields = {"countries": _listed(countries), "regions": _listed(regions), "holidays": holidays}
    return HolidayPlacesOut.model_validate(fields)


def country_names(locale: Locale) -> Names:
    names = {code: str(locale.territories.get(code, code)) for code in public_holidays.countries()}
    return sorted(names.items(), key=_in_order)


def region_names(country: str) -> Names:
    """Raises Invalid."""
    return sorted(public_holidays.regions(country).items(), key=_in_order)


def _in_order(place: tuple[str, str]) -> str:
    """Accents count for nothing: Égypte stands before Fidji."""
    return normalize("NFKD", place[1]).casefold()


def _listed(names: Names) -> list[dict[str, str]]:
    return [{"code": code, "name": name} for code, name in names]
