"""Pods are exported, edited and imported again: only what differs changes."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from tests.support import people
from tests.support.booking_requests import GRACE, HEDY, POD, post, send
from tests.support.http_client import Desk
from tests.support.pod_imports import RANGE, as_file, comes, exported, judged, real, upload
from tests.support.spreadsheets import workbook
from webhooks.api.sheet_marks import as_typed, harmless
from webhooks.api.spreadsheets import CSV, XLSX

TWO = "2026-06-02T14:00:00Z"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    people.ready(desk.database)
    people.ready(
        desk.database, replace(people.MAILED, id="bob", name="Bob", email="bob@example.test")
    )
    desk.key("bookings:write")
    return desk


def pod(desk: Desk, **changes: Any) -> Any:
    context = {"programme_name": "Lead Well", "cohort": "c1", "company": "acme"}
    made = post(desk, "/v1/pods", POD | {"title": "Feedback", "context": context} | changes)
    assert made.status_code == 201, made.text
    return made.json


def test_an_export_that_is_sent_again_changes_nothing(desk: Desk) -> None:
    pod(desk, participants=[GRACE, HEDY])
    bobs: dict[str, Any] = {"coach_id": "bob", "start": TWO, "title": None, "context": {}}
    pod(desk, format="hybrid_v2", **bobs)
    rows = exported(desk)
    assert [row["Coach e-mail*"] for row in rows] == ["ada@example.test", "bob@example.test"]
    before = desk.dump()
    raw = as_file(rows)
    assert comes(upload(desk, raw).json) == [("green", "unchanged", [])] * 2
    answer = real(desk, raw)
    assert (answer.status_code, answer.json["imported"]) == (201, False)
    assert answer.json["counts"] == {"green": 2, "yellow": 0, "red": 0}
    after = desk.dump()
    assert {name for name in after if after[name] != before[name]} == {"idempotency"}
    # In XLSX as in CSV
    sheet = desk.get(f"/v1/pods/export.xlsx?{RANGE}")
    assert sheet.mimetype == XLSX
    assert comes(upload(desk, sheet.data, kind=XLSX).json) == [("green", "unchanged", [])] * 2


def test_only_what_differs_changes_and_is_told(desk: Desk) -> None:
    first = pod(desk, participants=[GRACE, HEDY])
    other = pod(desk, start="2026-06-03T09:00:00Z")
    rows = exported(desk)
    rows[0] |= {"Session title": "Grief", "Start time*": "15:00", "Max*": "5", "Cohort": "c2"}
    who = '"Grace Hopper" <grace@example.test>; Pat <pat@example.test>'
    rows[0]["Usernames or participants"] = who
    told = upload(desk, as_file(rows)).json
    fields = ["max", "title", "time", "cohort", "participants"]
    assert comes(told) == [("green", "changed", fields), ("green", "unchanged", [])]
    shown = {each["field"]: (each["before"], each["after"]) for each in told["rows"][0]["differs"]}
    assert shown["time"] == ("2026-06-02 11:00", "2026-06-02 15:00")
    assert shown["participants"] == ("hedy@example.test", "pat@example.test")
    assert real(desk, as_file(rows)).status_code == 201
    now = desk.get(f"/v1/pods/{first['session_id']}").json
    assert (now["title"], now["start"], now["pod"]["max_seats"]) == ("Grief", TWO, 5)
    assert now["context"]["cohort"] == "c2"
    seats = {seat["participant"]["email"]: seat["status"] for seat in now["bookings"]}
    assert seats == {
        "grace@example.test": "booked",
        "hedy@example.test": "cancelled",
        "pat@example.test": "booked",
    }
    assert desk.get(f"/v1/pods/{other['session_id']}").json["version"] == 1


def test_a_row_without_an_id_is_a_new_pod_beside_those_that_change(desk: Desk) -> None:
    pod(desk)
    rows = exported(desk)
    rows.append(rows[0] | {"Pod id": "", "Version": "", "Date*": "2026-06-04"})
    rows[0]["Session title"] = "Grief"
    answer = real(desk, as_file(rows))
    assert comes(answer.json) == [("green", "changed", ["title"]), ("green", "new", [])]
    assert len(exported(desk)) == 2


@pytest.mark.parametrize(
    ("cells", "code", "field"),
    [
        ({"Pod id": "ses_none"}, "unknown_pod", "id"),
        ({"Coach e-mail*": "bob"}, "pod_keeps_coach", "coach"),
        ({"Max*": "1"}, "seats_full", "max"),
        ({"Start time*": "04:00"}, "slot_not_open", "time"),
        ({"Version": "7", "Session title": "x"}, "stale_version", "version"),
        ({"Format": "open", "Group": "g1"}, "group_forbids", "group"),
    ],
)
def test_a_change_that_cannot_be_had_is_red_and_stops_all(
    desk: Desk, cells: dict[str, str], code: str, field: str
) -> None:
    pod(desk, participants=[GRACE, HEDY], min_seats=1)
    pod(desk, start="2026-06-03T09:00:00Z")
    rows = exported(desk)
    rows[0] |= cells
    rows[1]["Session title"] = "Grief"
    tried = upload(desk, as_file(rows)).json
    answer = real(desk, as_file(rows))
    assert (answer.status_code, answer.json["code"]) == (409, "import_refused")
    assert answer.json["rows"] == tried["rows"], "a dry run says what a real one does"
    [remark] = answer.json["rows"][0]["remarks"]
    assert (remark["code"], remark["field"]) == (code, field)
    assert [row["Session title"] for row in exported(desk)] == ["Feedback", "Feedback"]


def test_a_pod_that_was_called_off_is_red_if_it_differs(desk: Desk) -> None:
    made = pod(desk)
    rows = exported(desk)
    send(desk, "PATCH", f"/v1/pods/{made['session_id']}", {"status": "disabled"})
    assert judged(upload(desk, as_file(rows)).json) == [(2, "green", [])]
    rows[0]["Session title"] = "x"
    assert judged(upload(desk, as_file(rows)).json) == [(2, "red", ["pod_ended"])]


def test_a_pod_that_two_rows_name_is_red_in_the_second(desk: Desk) -> None:
    pod(desk)
    rows = exported(desk) * 2
    assert judged(upload(desk, as_file(rows)).json) == [(2, "green", []), (3, "red", ["pod_twice"])]


def test_two_pods_may_change_their_times_in_one_file(desk: Desk) -> None:
    """One after the other, as the rows stand: the second goes where the first was."""
    pod(desk)
    pod(desk, start=TWO)
    rows = exported(desk)
    rows[0]["Start time*"], rows[1]["Start time*"] = "13:00", "11:00"
    answer = real(desk, as_file(rows))
    assert answer.status_code == 201, answer.text
    assert [row["Start time*"] for row in exported(desk)] == ["11:00", "13:00"]


def test_a_group_is_imported_and_its_people_get_a_seat_in_each_pod(desk: Desk) -> None:
    pod(desk, format="hybrid_v2", group_id="g1", participants=[GRACE])
    rows = exported(desk)
    rows.append(rows[0] | {"Pod id": "", "Version": "", "Date*": "2026-06-04"})
    rows[1]["Usernames or participants"] = "Hedy <hedy@example.test>"
    rows.append(rows[1] | {"Date*": "2026-06-05", "Max*": "2", "Coach e-mail*": "bob"})
    answer = real(desk, as_file(rows))
    assert answer.status_code == 201, answer.text
    people_in = [row["Usernames or participants"].count("@") for row in exported(desk)]
    assert people_in == [1, 2, 2]
    rows = [rows[1] | {"Date*": "2026-06-09", "Max*": "1", "Min*": "1"}]
    assert judged(upload(desk, as_file(rows)).json) == [(2, "red", ["seats_taken"])]


def test_an_export_computes_nothing_and_comes_back_as_it_was(desk: Desk) -> None:
    for number, title in enumerate(("=1+1", "+1", "-1", "@x", "'=y", "'")):
        pod(desk, title=title, start=f"2026-06-0{2 + number % 4}T{9 + 3 * (number // 4):02}:00:00Z")
    text = desk.get(f"/v1/pods/export.csv?{RANGE}").data.decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@"))
    for path, kind in (("csv", CSV), ("xlsx", XLSX)):
        raw = desk.get(f"/v1/pods/export.{path}?{RANGE}").data
        told = upload(desk, raw, kind=kind).json
        assert {each["comes"] for each in told["rows"]} == {"unchanged"}, told


@pytest.mark.parametrize("text", ["=a", "+a", "-a", "@a", "'a", "a", "", "''=a", "'", "a'"])
def test_what_is_made_harmless_is_read_back(text: str) -> None:
    assert as_typed(harmless(text)) == text


def test_an_export_is_of_who_is_asked_for(desk: Desk) -> None:
    pod(desk)
    pod(desk, coach_id="bob", context={"cohort": "c2"})
    assert len(exported(desk)) == 2
    for query in ("&coach_id=bob", "&cohort=c2"):
        [row] = exported(desk, query)
        assert row["Coach e-mail*"] == "bob@example.test"
    assert exported(desk, "&company=acme&cohort=c2") == []


def test_a_template_is_filled_in_and_imported(desk: Desk) -> None:
    for path, kind in (("csv", CSV), ("xlsx", XLSX)):
        answer = desk.get(f"/v1/pods/import/template.{path}")
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert f"pods-template.{path}" in answer.headers["Content-Disposition"]
    head = desk.get("/v1/pods/import/template.csv").data.decode("utf-8-sig").strip().split(",")
    cells = {"Programme title*": "Lead Well", "Coach e-mail*": "ada", "Date*": "2026-06-02"}
    cells |= {"Start time*": "13:00", "Min*": "1", "Max*": "4", "Time zone*": "Europe/London"}
    row = [(cells | {"Duration": "60"}).get(name, "") for name in head]
    assert judged(upload(desk, workbook(head, row), kind=XLSX).json) == [(2, "green", [])]


def test_who_is_taken_out_close_to_the_start_misses_it_and_the_row_says_so(desk: Desk) -> None:
    made = pod(desk, participants=[GRACE, HEDY], start="2026-06-01T13:00:00Z")
    rows = exported(desk)
    rows[0]["Usernames or participants"] = "grace@example.test"
    told = upload(desk, as_file(rows)).json
    assert comes(told) == [("yellow", "changed", ["participants"])]
    codes = [remark["code"] for remark in told["rows"][0]["remarks"]]
    assert "participants_leave_late" in codes
    assert real(desk, as_file(rows)).status_code == 201
    seats = desk.get(f"/v1/pods/{made['session_id']}").json["bookings"]
    states = {seat["participant"]["id"]: seat["status"] for seat in seats}
    assert states == {"grace": "booked", "hedy": "missed"}
