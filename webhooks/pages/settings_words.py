"""What the settings page says, in the languages of the pages; days, dates and spans as CLDR has
them.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_timedelta, get_day_names

from domain.errors import Invalid
from domain.windows import WEEKDAYS
from webhooks.http.translations import say
from webhooks.pages import hours_text
from webhooks.pages.settings_form import BOUNDS
from workers.mailer.times import LONG_DAYS

PREFIX = "set_"
# The errors that have a sentence in every language; the rest are told as the rule tells them.
TOLD = (
    "not_a_whole_number",
    "longer_than_a_year",
    "not_distinct",
    "not_a_multiple_of_5",
    "starts_at_24",
    "invalid_date",
    "repeated_date",
    "unknown_zone",
    "too_many",
    "unknown_word",
    "not_a_link",
    "not_a_phone_number",
    "place_forbidden",
    "empty",
    "too_long",
    "reversed_range",
    "ranges_overlap",
    "unknown_country_or_region",
)
# Google's name is Google in every language; these are what a link to Cronofy's consent may name
# (the sandbox refuses others, and says how far that is known), and what people call them.
PROVIDERS = {
    "office365": "Office 365",
    "google": "Google",
    "apple": "Apple iCloud",
    "exchange": "Exchange",
    "live_connect": "Outlook.com",
}
# An Office 365 is an `exchange` among the profiles, and some are called after what they give.
SERVICES = {
    "office365": "office365",
    "outlook_com": "live_connect",
    "google_free_busy": "google",
    "ms_graph_free_busy": "office365",
}


@dataclass(frozen=True, slots=True)
class Words:
    """Called with a key of words/words.pot, without its prefix, and the values of its text."""

    language: str
    locale: Locale
    """Its clock and its order of dates, where the reader is."""

    def __call__(self, key: str, **values: object) -> str:
        return say(self.language, PREFIX + key, **values)

    def example(self, name: str) -> str:
        """How hours are written."""
        return hours_text.text_of(hours_text.EXAMPLES[name], self.locale)

    def clock(self, quarter: str) -> str:
        """09:00 or 9:00 AM"""
        return hours_text.clock(quarter, self.locale)

    def full_hour(self, hour: int) -> str:
        """09:00 or 9 AM"""
        return hours_text.full_hour(hour, self.locale)

    def clocks(self) -> str:
        """Of every full hour to the end of the day, for a script."""
        return "|".join(self.clock(f"{hour:02}:00") for hour in range(25))

    def error(self, error: Invalid) -> str:
        """Beside a field: in words of ours where there are some, else in the rule's own."""
        if error.code == "out_of_range" and error.field in BOUNDS:
            low, high = BOUNDS[error.field]
            return self("error_out_of_range", low=low, high=high)
        if error.code == "out_of_range" and error.field.startswith(("away[", "travel[")):
            return self("error_invalid_date")
        if error.code == "too_many" and error.field.endswith(".note"):
            return self("error_too_long")
        if error.code == "invalid_time":
            return self("error_invalid_time", hours=self.example("window"))
        if error.code == "invalid_clock":
            return self("error_invalid_clock", time=self.clock("09:30"))
        if error.code in TOLD:
            return self(f"error_{error.code}")
        return error.detail

    def weekday(self, day: str, width: Literal["wide", "abbreviated"] = "wide") -> str:
        names = get_day_names(width, "stand-alone", self.locale)
        if width == "abbreviated" and self.language in LONG_DAYS:
            names = get_day_names("short", "stand-alone", self.locale)
        return str(names[WEEKDAYS.index(day)])

    def day(self, day: date, pattern: str) -> str:
        if pattern == "EEE" and self.language in LONG_DAYS:
            pattern = "EEEEEE"
        return format_date(day, pattern, self.locale)

    def ago(self, at: datetime, now: datetime) -> str:
        passed = min(at - now, timedelta(seconds=-1))  # nothing was "in 0 seconds"
        return format_timedelta(passed, add_direction=True, locale=self.locale)

    def provider(self, name: str, service: str = "") -> str:
        """Of a profile, by its service where that says more."""
        return PROVIDERS.get(SERVICES.get(service, name), name)

    def reconnects(self, name: str, service: str) -> str:
        """What to name in a link that connects such a profile again; google where nobody knows."""
        known = SERVICES.get(service, name)
        if known in PROVIDERS:
            return known
        return "google"
