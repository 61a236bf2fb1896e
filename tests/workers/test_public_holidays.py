"""Public holidays: by place, under the name that their country gives them, with their dates."""

from dataclasses import replace
from datetime import date

import pytest
from structlog.testing import capture_logs

from domain.absences import PublicHolidays
from domain.errors import Invalid
from tests.support.people import ADA
from workers import public_holidays
from workers.public_holidays import choose, of_place, regions, renewed

TODAY = date(2026, 6, 1)


def named(country: str, region: str = "", language: str = "en") -> dict[str, str]:
    return {it.name: it.shown for it in of_place(country, region, TODAY, language)}


def test_a_region_has_holidays_of_its_own() -> None:
    assert regions("DE")["BY"] == "Bayern"
    assert "Epiphany" in named("DE", "BY").values()
    assert "Epiphany" not in named("DE", "BE").values()


@pytest.mark.parametrize(
    ("country", "language", "name", "shown"),
    [
        ("DE", "de", "Neujahr", "Neujahr"),
        ("DE", "en-GB", "Neujahr", "New Year's Day"),
        ("DE", "ja", "Neujahr", "New Year's Day"),
        ("BR", "pt-BR", "Natal", "Natal"),
        ("JP", "ja", "元日", "元日"),
        ("GB", "fr", "Christmas Day", "Christmas Day"),
    ],
)
def test_a_holiday_has_its_country_s_name_and_is_shown_in_the_reader_s_language(
    country: str, language: str, name: str, shown: str
) -> None:
    assert named(country, language=language)[name] == shown


def test_what_is_observed_on_another_day_is_the_same_holiday() -> None:
    found = {it.name: it.dates for it in of_place("GB", "SCT", TODAY)}
    assert found["Boxing Day"][:2] == (date(2026, 12, 26), date(2026, 12, 28))
    assert [name for name in found if "(" in name] == []


def test_the_dates_reach_as_far_as_anybody_can_book_and_some_days_back() -> None:
    chosen = choose("GB", "", ["Christmas Day"], date(2027, 1, 3))
    assert date(2026, 12, 25) in chosen.dates
    assert chosen.dates[-1] == date(2029, 12, 25)


@pytest.mark.parametrize(
    ("country", "region", "names", "field", "code"),
    [
        ("XX", "", [], "holidays.country", "unknown_country_or_region"),
        ("", "", [], "holidays.country", "unknown_country_or_region"),
        ("country_holidays", "", [], "holidays.country", "unknown_country_or_region"),
        ("GB", "BY", [], "holidays.region", "unknown_country_or_region"),
        ("GB", "", ["Neujahr"], "holidays.names[0]", "unknown_word"),
        ("GB", "", ["Christmas Day", "Saint Andrew's Day"], "holidays.names[1]", "unknown_word"),
    ],
)
def test_what_the_package_does_not_know_is_refused(
    country: str, region: str, names: list[str], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        choose(country, region, names, TODAY)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_another_year_or_release_brings_other_dates_and_nothing_else_does() -> None:
    coach = replace(ADA, holidays=choose("GB", "", ["Christmas Day"], TODAY))
    assert renewed(ADA, TODAY) is ADA
    assert renewed(coach, TODAY) is coach
    later = renewed(coach, date(2027, 6, 1)).holidays
    assert later.names == ("Christmas Day",)
    assert later.dates[-1] == date(2029, 12, 25)


@pytest.mark.parametrize("place", ["GB", "XX"])
def test_a_holiday_that_a_release_calls_otherwise_stays_closed_and_is_told(place: str) -> None:
    known = PublicHolidays(place, "", ("Some Old Name",), (date(2026, 12, 24),))
    with capture_logs() as logs:
        assert renewed(replace(ADA, holidays=known), TODAY).holidays == known
    assert [(each["event"], each["count"]) for each in logs] == [("holidays_not_known", 1)]


def test_every_country_has_a_code_of_two_letters() -> None:
    found = public_holidays.countries()
    assert {"GB", "DE", "JP", "US"} <= set(found)
    assert {len(code) for code in found} == {2}
