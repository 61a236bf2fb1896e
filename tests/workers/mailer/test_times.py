"""Times are the recipient's own: their zone, named; their language; and what a clock change or
midnight adds.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.domain.letters import FACTS, GRACE
from workers.mailer.times import locale_of, spell


def spelled(
    zone: str = "Europe/Berlin", tag: str = "en-GB", language: str = "en", **changes: Any
) -> dict[str, str]:
    return spell(
        replace(FACTS, recipient=replace(GRACE, zone=zone, language=tag), **changes), language
    )


def instant(month: int, day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, month, day, hour, minute, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("tag", "language", "expected"),
    [
        ("en-GB", "en", ("Tuesday, 2 June 2026", "12:00", "Central European Time (Berlin)")),
        ("en-US", "en", ("Tuesday, June 2, 2026", "12:00 PM", "Central European Time (Berlin)")),
        ("de-AT", "de", ("Dienstag, 2. Juni 2026", "12:00", "Mitteleuropäische Zeit (Berlin)")),
        ("fr", "fr", ("mardi 2 juin 2026", "12:00", "heure d’Europe centrale (Berlin)")),
    ],
)
def test_each_language_says_it_its_own_way(
    tag: str, language: str, expected: tuple[str, str, str]
) -> None:
    tokens = spelled(tag=tag, language=language)
    assert (tokens["start_date"], tokens["start_time"], tokens["zone"]) == expected


@pytest.mark.parametrize(
    ("zone", "time", "name"),
    [
        ("America/New_York", "06:00", "Eastern Time (New York)"),
        ("Asia/Kathmandu", "15:45", "Nepal Time (Kathmandu)"),
        ("UTC", "10:00", "Coordinated Universal Time"),
        ("Pacific/Kiritimati", "00:00", "Line Islands Time (Kiritimati)"),
    ],
)
def test_each_zone_has_its_own_time_and_is_named(zone: str, time: str, name: str) -> None:
    tokens = spelled(zone)
    assert (tokens["start_time"], tokens["zone"]) == (time, name)


def test_a_text_in_another_language_is_not_mixed_with_the_reader_s() -> None:
    assert spelled(tag="de-AT", language="en")["start_date"] == "Tuesday, June 2, 2026"
    assert spelled(tag="es", language="en")["start_date"] == "Tuesday, June 2, 2026"
    assert locale_of("en-GB", "en").territory == "GB"


@pytest.mark.parametrize("tag", ["xx", "", "en-XX", "\n", "-", "en-GB-oxendict", "x" * 300, "١"])
def test_a_language_that_nobody_knows_is_english(tag: str) -> None:
    assert locale_of(tag, "en").language == "en"
    assert locale_of("en", tag or "xx").language == "en"


def test_an_end_after_midnight_names_its_day() -> None:
    tokens = spelled("Europe/Berlin", starts=instant(6, 2, 21, 30), ends=instant(6, 2, 22, 30))
    assert tokens["start_time"] == "23:30"
    assert tokens["end_time"] == "00:30 (Wednesday, 3 June 2026)"


def test_an_end_after_a_clock_change_names_its_offset() -> None:
    """02:30 comes twice in Berlin on 25 October 2026."""
    tokens = spelled("Europe/Berlin", starts=instant(10, 25, 0, 30), ends=instant(10, 25, 1, 30))
    assert tokens["start_time"] == "02:30"
    assert tokens["zone"] == "Central European Time (Berlin, GMT+02:00)"
    assert tokens["end_time"] == "02:30 (GMT+01:00)"


def test_the_previous_start_is_there_when_there_was_one() -> None:
    assert "previous_start" not in spelled()
    tokens = spelled(previous_starts=instant(6, 1, 8))
    assert tokens["previous_start"] == "Monday, 1 June 2026, 10:00"
    assert (tokens["previous_start_date"], tokens["previous_start_time"]) == (
        "Monday, 1 June 2026",
        "10:00",
    )


def test_a_mail_about_no_session_has_no_times() -> None:
    assert spelled(starts=None, ends=None) == {}
