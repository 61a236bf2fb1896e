"""The rows of an uploaded table: green, doubted or red, with every flaw named."""

from datetime import datetime

import pytest

from domain.sessions import Context, Participant
from storage.transactions.pod_import_entries import Placed, PodEntry
from tests.support import people
from tests.support.spreadsheets import reds, row
from webhooks.api import pod_import_verdicts
from webhooks.api.pod_import_verdicts import ImportRow


def yellows(found: ImportRow) -> list[tuple[str, str | None]]:
    return [(remark.code, remark.column) for remark in found.yellow]


def test_a_good_row_is_green_and_means_what_it_says() -> None:
    found = row(
        cohort="c-1",
        company="acme",
        title="Kick-off",
        format="hybrid",
        duration="60",
        language="de",
    )
    assert found.verdict == "green"
    assert found.entry == PodEntry(
        coach="ada",
        start=people.at(2, 12),
        duration=60,
        min_seats=1,
        capacity=4,
        format="hybrid",
        title="Kick-off",
        context=Context("acme", None, "c-1", "Lead Well"),
        participants=(
            Participant("pat@example.test", "Pat Doe", "pat@example.test", "Europe/London", "de"),
        ),
        zone="Europe/London",
    )


def test_a_participants_id_is_the_mail_address_in_small_letters() -> None:
    entry = row(participants='"Doe, Pat" <Pat@Example.TEST>').entry
    assert entry is not None
    assert [(each.id, each.name, each.email) for each in entry.participants] == [
        ("pat@example.test", "Doe, Pat", "Pat@example.test")
    ]


@pytest.mark.parametrize(
    ("cells", "flaw"),
    [
        ({"coach": ""}, ("missing", "coach")),
        ({"programme": ""}, ("missing", "programme")),
        ({"date": "06/02/2026"}, ("invalid_date", "date")),
        ({"date": "2026-02-30"}, ("invalid_date", "date")),
        ({"date": "0001-01-01"}, ("invalid_date", "date")),
        ({"date": ""}, ("invalid_date", "date")),
        ({"time": "1 pm"}, ("invalid_time", "time")),
        ({"time": "24:00"}, ("invalid_time", "time")),
        ({"time": "13:00:30"}, ("invalid_time", "time")),
        ({"time": "١٣:٠٠"}, ("invalid_time", "time")),
        ({"zone": "Mars/Base"}, ("unknown_zone", "zone")),
        ({"zone": ""}, ("unknown_zone", "zone")),
        ({"min": "0"}, ("out_of_range", "min")),
        ({"max": "²"}, ("out_of_range", "max")),
        ({"max": "9" * 400}, ("out_of_range", "max")),
        ({"min": "5"}, ("min_over_max", "min")),
        ({"duration": "hour"}, ("out_of_range", "duration")),
        ({"format": "shut"}, ("unknown_word", "format")),
        ({"programme": "x" * 301}, ("too_many", "programme")),
        ({"cohort": "x" * 129}, ("invalid_id", "cohort")),
        ({"cohort": "Spring 2026"}, ("invalid_id", "cohort")),
        ({"language": "German"}, ("invalid_value", "language")),
        ({"participants": "Pat Doe"}, ("unknown_username", "participants")),
        ({"participants": "Pat Doe@"}, ("not_an_address", "participants")),
        ({"id": "a b"}, ("invalid_id", "id")),
        ({"group": "a b"}, ("invalid_id", "group")),
        ({"version": "x"}, ("out_of_range", "version")),
        ({"participants": "Pat <pat@x.test> x"}, ("not_a_mailbox", "participants")),
        (
            {"participants": "Pat <pat@x.test>; P <PAT@x.test>"},
            ("duplicate_participant", "participants"),
        ),
        (
            {"min": "1", "max": "1", "participants": "A <a@x.test>; B <b@x.test>"},
            ("seats_full", "max"),
        ),
        (
            {"zone": "Europe/Berlin", "date": "2026-03-29", "time": "02:30"},
            ("no_such_time", "time"),
        ),
    ],
)
def test_what_is_wrong_makes_a_row_red(cells: dict[str, str], flaw: tuple[str, str]) -> None:
    found = row(**cells)
    assert (found.verdict, reds(found), found.entry) == ("red", [flaw], None)
    assert found.red[0].detail.endswith(".")


def test_every_flaw_of_a_row_is_told_at_once() -> None:
    assert reds(row(coach="", date="x", time="y", zone="z", min="0", participants="Pat@")) == [
        ("missing", "coach"),
        ("invalid_date", "date"),
        ("invalid_time", "time"),
        ("unknown_zone", "zone"),
        ("out_of_range", "min"),
        ("not_an_address", "participants"),
    ]


def test_a_time_that_the_clock_shows_twice_is_taken_the_first_time_and_doubted() -> None:
    found = row(zone="Europe/Berlin", date="2026-10-25", time="02:30")
    assert (found.verdict, yellows(found)) == ("yellow", [("time_twice", "time")])
    assert found.entry is not None
    assert found.entry.start == datetime.fromisoformat("2026-10-25T00:30:00Z").timestamp()


def test_a_participant_without_a_name_is_doubted() -> None:
    found = row(participants="pat@example.test")
    assert (found.verdict, yellows(found)) == ("yellow", [("name_missing", "participants")])


@pytest.mark.parametrize(
    ("cells", "doubted"),
    [
        ({"min": "2"}, True),
        ({"participants": ""}, False),
        ({"participants": "", "format": "hybrid_v2"}, False),
        ({"participants": "", "format": "closed"}, True),
        ({"participants": "", "format": "hybrid"}, True),
    ],
)
def test_fewer_participants_than_needed_are_doubted_unless_they_choose_by_themselves(
    cells: dict[str, str], doubted: bool
) -> None:
    found = row(**cells)
    assert yellows(found) == [("below_min", "participants")] * doubted
    assert found.entry is not None


def test_a_german_date_is_read() -> None:
    assert row(date="2.6.2026").entry == row().entry is not None


def test_whoever_is_in_two_overlapping_rows_is_doubted_in_the_second() -> None:
    rows = [row(time=clock) for clock in ("13:00", "14:00", "14:30")]
    for found, starts in zip(
        rows, (people.at(2, 12), people.at(2, 13), people.at(2, 13, 30)), strict=True
    ):
        found.pod = Placed("ses_1", starts, starts + 3600)
    pod_import_verdicts.doubt_people_in_two_places(rows)
    assert [yellows(found) for found in rows] == [
        [],
        [],
        [("participant_in_two_pods", "participants")],
    ]
