"""Pods that are exported and imported again, where that is not plain."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from domain.hours import Hours
from storage.reports.personal_data import Person
from storage.transactions import erasures
from tests.support import people
from tests.support.booking_requests import GRACE, HEDY, POD, post
from tests.support.http_client import Desk
from tests.support.pod_imports import judged, real, upload

PATH = "/v1/pods/export.csv?from=2026-{}-01&to=2026-{}-30"


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    return one_desk


def pod(desk: Desk, **changes: Any) -> str:
    context = {"programme_name": "Lead Well"}
    made = post(desk, "/v1/pods", POD | {"context": context} | changes)
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def exported(desk: Desk, month: str = "06") -> str:
    return str(desk.get(PATH.format(month, month)).data, "utf-8-sig")


def comes(desk: Desk, text: str) -> list[tuple[str, list[str]]]:
    rows = upload(desk, text.encode()).json["rows"]
    return [(row["comes"], [each["field"] for each in row["differs"]]) for row in rows]


def test_of_an_hour_that_comes_twice_the_second_stays_what_it_is(desk: Desk) -> None:
    """A row can only say 01:30; the pod that is there says which."""
    night = {day: [["00:00", "24:00"]] for day in ("sat", "sun")}
    eve = replace(people.MAILED, id="eve", email="eve@example.test", horizon_days=200)
    people.ready(desk.database, replace(eve, hours=Hours.parse("Europe/London", night, {})))
    force = {"reason": "They asked."}
    pod(desk, coach_id="eve", start="2026-10-25T01:30:00Z", force=force)
    text = exported(desk, "10")
    assert ",2026-10-25,01:30," in text
    assert comes(desk, text) == [("unchanged", [])]


def test_a_seat_of_somebody_who_was_erased_stays_though_no_row_can_name_them(desk: Desk) -> None:
    pod_id = pod(desk, participants=[GRACE, HEDY])
    with desk.database.write() as tx:
        grace = Person("participant", "grace")
        erasures.ask(tx, grace, actor="ops", now=people.NOW)
        erasures.advance(tx, grace, now=people.NOW)
    text = exported(desk)
    assert "grace" not in text
    assert comes(desk, text) == [("unchanged", [])]
    assert real(desk, text.replace("Circle", "Ring").encode()).status_code == 201
    assert desk.get(f"/v1/pods/{pod_id}").json["pod"]["taken"] == 2


def test_no_participants_means_that_all_leave_and_no_such_column_that_all_stay(desk: Desk) -> None:
    pod_id = pod(desk, participants=[GRACE, HEDY])
    head, row = csv.reader(exported(desk).splitlines())
    column = head.index("Usernames or participants")
    assert row[column].count("@example.test>") == 2
    row[column] = ""
    emptied = ",".join(head) + "\n" + ",".join(row)
    for cells in (head, row):
        del cells[column]
    assert comes(desk, ",".join(head) + "\n" + ",".join(row)) == [("unchanged", [])]
    assert comes(desk, emptied) == [("changed", ["participants"])]
    assert real(desk, emptied.encode()).status_code == 201
    assert desk.get(f"/v1/pods/{pod_id}").json["pod"]["taken"] == 0


def test_what_is_late_is_said_by_the_rules_of_the_programme(desk: Desk) -> None:
    """The pod is a day and two hours away: by the deployment's rule that is early enough."""
    pod(desk, participants=[GRACE, HEDY], context={"company": "acme", "programme_name": "Lead"})
    head, row = csv.reader(exported(desk).splitlines())
    row[head.index("Usernames or participants")] = "grace@example.test"
    out = io.StringIO()
    csv.writer(out).writerows([head, row])
    rules = desk.put("/v1/change_rules/company/acme", {"late_hours": 48})
    assert rules.status_code == 200, rules.text
    told = upload(desk, out.getvalue().encode()).json["rows"][0]
    assert "participants_leave_late" in [remark["code"] for remark in told["remarks"]], told


def test_of_two_coaches_with_one_address_a_pod_says_whose_it_is(desk: Desk) -> None:
    people.ready(desk.database, replace(people.MAILED, id="twin"))
    pod(desk)
    text = exported(desk)
    assert comes(desk, text) == [("unchanged", [])]
    head, row = text.splitlines()
    new = row.replace(row.split(",")[0], "", 1)
    assert judged(upload(desk, f"{head}\n{new}\n".encode()).json) == [
        (2, "red", ["ambiguous_coach"])
    ]
