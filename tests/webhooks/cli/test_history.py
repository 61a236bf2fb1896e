"""`coachcal history`: what happened to a booking, for a person and for a program."""

import json

from tests.support.command_line import run
from tests.support.in_process import Connected, House
from tests.webhooks.cli.kept import book


def test_history_tells_what_happened_to_a_booking(told: House, ada: Connected) -> None:
    done = book(told)
    lines = run("history", done.booking.id).stdout.splitlines()
    assert ["session  made" in lines[0], "booking  booked" in lines[1]] == [True, True]
    assert any("mail     booked" in line and "pending" in line for line in lines)
    told_to_programs = run("history", done.booking.id, "--json").stdout
    rows = list(map(json.loads, told_to_programs.splitlines()))
    assert len(rows) == len(lines)
    assert rows[1]["after"]["session_id"] == done.session.id


def test_history_of_no_booking_says_so(told: House) -> None:
    result = run("history", "bkg_0")
    assert result.exit_code == 1
    assert "there is no booking bkg_0" in result.output
