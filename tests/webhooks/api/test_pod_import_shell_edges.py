"""Rows about pods without a time, where the row leaves something open or comes too late."""

from typing import Any

import pytest

from storage.rows import coaches as coach_rows
from storage.transactions import pod_import_shells
from tests.support import people
from tests.support.booking_requests import GRACE, POD, post, send
from tests.support.http_client import Desk
from tests.support.pod_imports import as_file, comes, exported, judged, real, upload

HEAD = "programme,coach,date,time,zone,min,max,title,participants"
BLANK = f"{HEAD}\nLead Well,,,,,1,6,Feedback,"
PAT = "Pat <pat@example.test>"
LONDON = BLANK.replace(",,,,,1", ",,,,Europe/London,1") + PAT


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    one_desk.key("bookings:write")
    return one_desk


def remarks(told: Any) -> list[tuple[str, str]]:
    (row,) = told["rows"]
    return [(each["code"], each["field"]) for each in row["remarks"]]


def test_whoever_is_planned_for_no_time_yet_needs_a_zone(desk: Desk) -> None:
    """Their mails tell times in it, for good."""
    told = upload(desk, f"{BLANK}{PAT}\n".encode()).json
    assert ("missing", "zone") in remarks(told)
    assert judged(told)[0][1] == "red"
    # Nobody is named: then nobody needs one
    assert judged(upload(desk, f"{BLANK}\n".encode()).json)[0][1] == "yellow"
    assert real(desk, f"{LONDON}\n".encode()).status_code == 201
    (shell,) = desk.get("/v1/shells").json["shells"]
    assert [who["zone"] for who in shell["participants"]] == ["Europe/London"]


def test_whom_the_platform_knows_has_a_zone_of_their_own(desk: Desk) -> None:
    known = [{"username": "grace.h", "participant": GRACE}]
    body = {"csv": f"{BLANK}grace.h\n", "people": known}
    done = send(desk, "POST", "/v1/pods/import/table?dry_run=false", body)
    assert done.status_code == 201, done.text
    (shell,) = desk.get("/v1/shells").json["shells"]
    assert [who["zone"] for who in shell["participants"]] == ["America/New_York"]


def test_an_export_has_no_zone_for_a_shell_without_a_coach(desk: Desk) -> None:
    """UTC there would be taken for the zone of the time that is filled in."""
    real(desk, f"{LONDON}\n".encode())
    (row,) = exported(desk)
    assert (row["Time zone*"], row["Coach e-mail*"]) == ("", "")
    # Whoever is there has a zone, whoever comes needs one
    assert comes(upload(desk, as_file([row])).json) == [("green", "unchanged", [])]
    more = row | {"Usernames or participants": f"{PAT}, Grace <grace@example.test>"}
    assert remarks(upload(desk, as_file([more])).json) == [("missing", "zone")]
    assert real(desk, as_file([more])).status_code == 409
    times = {"Coach e-mail*": "ada", "Date*": "2026-06-02", "Start time*": "11:00"}
    filled = row | times | {"Duration": "60"}
    told = upload(desk, as_file([filled])).json
    assert judged(told)[0][1] == "red"
    assert [field for _, field in remarks(told)] == ["zone"]
    filled["Time zone*"] = "Europe/London"
    assert real(desk, as_file([filled])).status_code == 201
    (pod,) = exported(desk)
    assert pod["Start time*"] == "11:00"


def test_a_shell_that_was_taken_away_since_its_export_is_no_pod(desk: Desk) -> None:
    real(desk, f"{LONDON}\n".encode())
    (row,) = exported(desk)
    assert send(desk, "DELETE", f"/v1/shells/{row['Pod id']}").status_code == 204
    assert remarks(upload(desk, as_file([row])).json) == [("unknown_pod", "id")]
    with_coach = row | {"Coach e-mail*": "ada"}
    assert remarks(upload(desk, as_file([with_coach])).json) == [("unknown_pod", "id")]


@pytest.mark.parametrize("then", ["taken away", "given a time"])
def test_a_shell_that_goes_while_a_trial_runs_is_one_red_row(
    desk: Desk, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real(desk, f"{LONDON}\n{LONDON.splitlines()[1]}\n".encode())
    rows = exported(desk)
    seen = {row["Pod id"] for row in rows}
    gone = rows[0]["Pod id"]
    codes = {"taken away": "unknown_pod", "given a time": "stale_version"}
    if then == "taken away":
        assert send(desk, "DELETE", f"/v1/shells/{gone}").status_code == 204
    else:
        common = {"pod_ids": [gone], "coach_id": "ada"}
        assert send(desk, "PATCH", "/v1/pods", common).status_code == 200
        time = {"start": POD["start"], "duration": 60}
        given = post(desk, f"/v1/shells/{gone}/time", time)
        assert given.status_code in (200, 201), given.text
    monkeypatch.setattr(pod_import_shells, "named", lambda *_: seen)
    told = [(verdict, why) for _, verdict, why in judged(upload(desk, as_file(rows)).json)]
    assert told == [("red", [codes[then]]), ("green", [])]


def test_a_coach_who_goes_while_a_trial_runs_is_one_red_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_ada = LONDON.replace("Well,,", "Well,ada,")
    raw = f"{of_ada}\n{LONDON.splitlines()[1]}\n".encode()
    monkeypatch.setattr(coach_rows, "get", lambda *_, **__: None)
    told = [(verdict, codes) for _, verdict, codes in judged(upload(desk, raw).json)]
    assert told == [("red", ["unknown_coach", "no_time"]), ("yellow", ["no_time"])]
