"""The commands about whole lists: all of one is printed and noted; a house is filled, if it is
nobody's.
"""

import csv
import io
import json

from sqlalchemy import func, select

from storage.rows import audit_log
from storage.schema import tables
from tests.support.command_line import run
from tests.support.in_process import Connected, House
from tests.webhooks.cli.kept import book


def test_a_list_is_printed_by_filters_and_noted(told: House, ada: Connected) -> None:
    done = book(told)
    lines = run("lists", "bookings", "coach_id=ada").stdout.splitlines()
    assert done.booking.id in {json.loads(line)["id"] for line in lines}
    assert run("lists", "bookings", "coach_id=nobody").stdout == ""
    table = run("lists", "coaches", "--csv").stdout.removeprefix("\ufeff")
    assert [row["id"] for row in csv.DictReader(io.StringIO(table, newline=""))] == ["ada"]
    with told.runtime.services.database.read() as tx:
        noted = [deed for deed in audit_log.deeds(tx) if deed.target == "bookings"]
    assert {deed.detail for deed in noted} == {"coach_id=ada", "coach_id=nobody"}


def test_what_is_no_filter_of_the_list_is_said(told: House) -> None:
    for given, said in (
        ("colour=red", "colour"),
        ("company", "company=acme"),
        ("limit=5", "limit=5 is no filter"),
        ("from=yesterday", "Send a date"),
    ):
        failed = run("lists", "bookings", given)
        assert failed.exit_code == 1
        assert said in failed.stderr


def test_a_house_of_real_coaches_is_not_filled_but_when_told(told: House, ada: Connected) -> None:
    size = ("--coaches", "3", "--bookings", "9", "--yes")
    refused = run("seed", *size)
    assert refused.exit_code == 1
    assert "--among-real-coaches" in refused.stderr
    assert run("seed", *size, "--among-real-coaches").exit_code == 0
    with told.runtime.services.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tables.coaches)) == 4
        assert tx.scalar(select(func.count()).select_from(tables.bookings)) == 9


def test_seed_is_not_in_the_help() -> None:
    assert " seed " not in run("--help").stdout
