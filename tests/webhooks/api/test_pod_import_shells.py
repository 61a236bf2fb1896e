"""Rows of an import without a time are about shells: made, exported, edited and imported again, and
given a time by filling it in.
"""

from typing import Any

import pytest
from sqlalchemy import select

from storage.schema import tables
from tests.support import people
from tests.support.booking_requests import BOOKING, GRACE, HEDY, POD, post
from tests.support.http_client import Desk
from tests.support.pod_imports import as_file, comes, exported, judged, real, upload

HEAD = "programme,coach,date,time,zone,min,max,title,participants"
PLANNED = f"{HEAD}\nLead Well,,,,Europe/London,1,6,Feedback,Pat <pat@example.test>\n".encode()
OF_ADA = f"{HEAD}\nLead Well,ada,,,Europe/London,1,6,Feedback,Pat <pat@example.test>\n".encode()


@pytest.fixture
def desk(desk: Desk) -> Desk:
    people.ready(desk.database)
    desk.key("bookings:write")
    return desk


def verdicts(told: Any) -> list[tuple[str, list[str]]]:
    return [(verdict, codes) for _, verdict, codes in judged(told)]


def made(desk: Desk, body: Any) -> None:
    answer = post(desk, "/v1/pods", body)
    assert answer.status_code == 201, answer.text


def shells(desk: Desk) -> list[Any]:
    found: list[Any] = desk.get("/v1/shells").json["shells"]
    return found


def test_a_row_without_a_time_is_yellow_and_makes_a_shell(desk: Desk) -> None:
    told = upload(desk, PLANNED).json
    (row,) = told["rows"]
    assert (row["verdict"], row["comes"], row["pod_id"]) == ("yellow", "new", None)
    assert [(each["code"], each["field"]) for each in row["remarks"]] == [("no_time", "time")]
    assert shells(desk) == []
    done = real(desk, PLANNED, key="once")
    assert (done.status_code, done.json["imported"]) == (201, True)
    (shell,) = shells(desk)
    assert shell["pod_id"] == done.json["rows"][0]["pod_id"]
    assert (shell["title"], shell["coach_id"], shell["max_seats"]) == ("Feedback", None, 6)
    assert [who["email"] for who in shell["participants"]] == ["pat@example.test"]
    # Nobody is mailed of what has no time, and the key answers the same once more
    assert desk.dump()["outbox"] == []
    assert real(desk, PLANNED, key="once").json == done.json
    assert len(shells(desk)) == 1


def test_a_date_without_a_time_is_red_as_before(desk: Desk) -> None:
    raw = PLANNED.replace(b"Well,,,,", b"Well,ada,2026-06-02,,")
    assert verdicts(upload(desk, raw).json) == [("red", ["invalid_time"])]
    timed = PLANNED.replace(b"Well,,,,", b"Well,,2026-06-02,11:00,")
    assert verdicts(upload(desk, timed).json) == [("red", ["missing"])]


def test_one_that_could_never_be_a_pod_is_red(desk: Desk) -> None:
    raw = PLANNED.replace(b",1,6,", b",7,6,")
    assert "min_over_max" in verdicts(upload(desk, raw).json)[0][1]
    unknown = PLANNED.replace(b"Well,,", b"Well,nobody,")
    assert verdicts(upload(desk, unknown).json)[0][0] == "red"


def test_an_export_has_them_and_sent_again_nothing_changes(desk: Desk) -> None:
    real(desk, OF_ADA)
    made(desk, POD | {"participants": [GRACE, HEDY]})
    rows = exported(desk)
    assert [(row["Date*"], row["Coach e-mail*"]) for row in rows] == [
        ("2026-06-02", "ada@example.test"),
        ("", "ada@example.test"),
    ]
    before = desk.dump()
    assert comes(upload(desk, as_file(rows)).json) == [("green", "unchanged", [])] * 2
    assert real(desk, as_file(rows)).json["imported"] is False
    after = desk.dump()
    assert {name for name in after if after[name] != before[name]} == {"idempotency"}


def test_only_what_differs_of_a_shell_changes(desk: Desk) -> None:
    real(desk, PLANNED)
    people.ready(desk.database, people.coach(id="bob", email="bob@example.test", name="Bob"))
    before = shells(desk)[0]
    rows = exported(desk)
    who = "Grace Hopper <grace@example.test>, Pat <pat@example.test>"
    rows[0] |= {"Session title": "Grief", "Coach e-mail*": "bob@example.test", "Max*": "8"}
    rows[0] |= {"Usernames or participants": who, "Time zone*": "Europe/London"}
    told = upload(desk, as_file(rows)).json
    assert comes(told) == [("green", "changed", ["max", "title", "coach", "participants"])]
    assert told["rows"][0]["differs"][-1]["after"] == "grace@example.test"
    assert shells(desk) == [before]
    assert real(desk, as_file(rows)).status_code == 201
    (shell,) = shells(desk)
    assert (shell["title"], shell["coach_id"], shell["max_seats"]) == ("Grief", "bob", 8)
    assert (shell["pod_id"], shell["version"]) == (before["pod_id"], 2)
    # Whoever was there is who they were
    assert before["participants"][0]["id"] in [each["id"] for each in shell["participants"]]
    # And what was exported before that is refused
    rows[0]["Session title"] = "Loss"
    assert verdicts(upload(desk, as_file(rows)).json) == [("red", ["stale_version"])]


def test_a_time_that_is_filled_in_makes_it_a_pod_of_the_same_id(desk: Desk) -> None:
    real(desk, OF_ADA)
    shell_id = shells(desk)[0]["pod_id"]
    rows = exported(desk)
    rows[0] |= {"Date*": "2026-06-02", "Start time*": "11:00", "Duration": "60"}
    told = upload(desk, as_file(rows)).json
    assert comes(told) == [("green", "changed", ["duration", "time"])]
    differs = {"field": "time", "before": "-", "after": "2026-06-02 11:00"}
    assert told["rows"][0]["differs"][1] == differs
    done = real(desk, as_file(rows)).json
    assert done["rows"][0]["pod_id"] == shell_id
    assert shells(desk) == []
    pod = desk.get(f"/v1/pods/{shell_id}").json
    assert (pod["start"], pod["pod"]["taken"]) == ("2026-06-02T10:00:00Z", 1)
    with desk.database.read() as tx:
        row = tables.outbox.c
        mailed = list(tx.scalars(select(row.recipient).where(row.topic == "booked")))
    assert "pat@example.test" in mailed


def test_a_time_that_is_closed_is_red_and_it_stays_a_shell(desk: Desk) -> None:
    real(desk, OF_ADA)
    assert post(desk, "/v1/bookings", BOOKING).status_code == 201
    rows = exported(desk)
    shell = next(row for row in rows if not row["Date*"])
    shell |= {"Date*": "2026-06-02", "Start time*": "11:00", "Duration": "60"}
    assert verdicts(upload(desk, as_file([shell])).json) == [("red", ["slot_not_open"])]
    assert real(desk, as_file([shell])).status_code == 409
    assert len(shells(desk)) == 1


def test_two_shells_of_one_file_cannot_have_one_time(desk: Desk) -> None:
    real(desk, OF_ADA + OF_ADA.splitlines()[1] + b"\n")
    rows = exported(desk)
    for row in rows:
        row |= {"Date*": "2026-06-02", "Start time*": "11:00", "Duration": "60"}
    told = verdicts(upload(desk, as_file(rows)).json)
    assert sorted(verdict for verdict, _ in told) == ["green", "red"]


def test_a_pod_keeps_its_time(desk: Desk) -> None:
    made(desk, POD)
    rows = exported(desk)
    rows[0] |= {"Date*": "", "Start time*": ""}
    assert verdicts(upload(desk, as_file(rows)).json) == [("red", ["missing"])]


def test_whoever_is_not_in_the_row_any_more_is_not_to_come(desk: Desk) -> None:
    real(desk, PLANNED)
    rows = exported(desk)
    who = "Grace Hopper <grace@example.test>"
    rows[0] |= {"Usernames or participants": who, "Time zone*": "Europe/London"}
    told = upload(desk, as_file(rows)).json
    differs = {"field": "participants", "before": "pat@example.test", "after": "grace@example.test"}
    assert told["rows"][0]["differs"] == [differs]
    assert real(desk, as_file(rows)).status_code == 201
    (shell,) = shells(desk)
    assert [who["email"] for who in shell["participants"]] == ["grace@example.test"]
