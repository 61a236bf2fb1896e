"""What the customer's help pages say of pods, line by line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select

from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import GRACE, HEDY, post, refused
from tests.support.http_client import Desk
from tests.support.pod_imports import judged, real, upload

START = "2026-06-08T10:00:00Z"
PROGRAMME = {"programme_name": "Lead Well", "cohort": "spring"}
PLAN = {"min_seats": 1, "max_seats": 4, "title": "Feedback", "context": PROGRAMME}
TIMED = PLAN | {"coach_id": "ada", "duration": 60}


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """Ada, with a calendar that was just read: it is busy on Tuesday from nine to ten UTC."""
    with desks.opened(database_url, broker=StubBroker()) as opened:
        people.ready(opened.database, people.MAILED, (people.at(2, 9), people.at(2, 10)))
        yield opened


def made(desk: Desk, path: str, body: Any) -> Any:
    answer = post(desk, path, body)
    assert answer.status_code == 201, answer.text
    return answer.json


def pod(desk: Desk, day: int = 8, **changes: Any) -> str:
    start = {"start": f"2026-06-{day:02}T10:00:00Z"}
    return str(made(desk, "/v1/pods", TIMED | start | changes)["session_id"])


def seat(desk: Desk, pod_id: str, who: Any, *, assigned: bool = False) -> Any:
    return post(desk, f"/v1/pods/{pod_id}/seats", {"participant": who, "assigned": assigned})


def in_it(desk: Desk, pod_id: str) -> set[str]:
    seats = desk.get(f"/v1/pods/{pod_id}").json["bookings"]
    return {each["participant"]["id"] for each in seats if each["status"] == "booked"}


def starts(desk: Desk, day: str) -> list[str]:
    query = f"from={day}&to={day[:8]}{int(day[8:]) + 1:02}&duration=60"
    found: list[str] = desk.get(f"/v1/coaches/ada/slots?{query}").json["starts"]
    return found


def test_an_available_time_is_chosen_and_given_to_the_pod(desk: Desk) -> None:
    """Line 17: "No slots are made in advance: an available time is chosen and given to the
    pod."
    """
    shell = made(desk, "/v1/shells", {"shells": [TIMED]})["shells"][0]["pod_id"]
    # Nothing is taken until a time is chosen, and it is one of those that are open
    open_times = starts(desk, "2026-06-02")
    closed = post(desk, f"/v1/shells/{shell}/time", {"start": "2026-06-02T09:00:00Z"})
    told = refused(closed, 409, "slot_not_open")
    assert (told["reason"], told["nearest"][0] in open_times) == ("busy", True)
    chosen = told["nearest"][0]
    given = made(desk, f"/v1/shells/{shell}/time", {"start": chosen})
    assert (given["session_id"], given["start"]) == (shell, chosen)
    assert chosen not in starts(desk, "2026-06-02")


@pytest.mark.parametrize(
    ("form", "chooses", "rebooks"),
    [("open", True, True), ("closed", False, False), ("hybrid", False, True)],
)
def test_a_format_says_who_chooses_and_who_may_rebook(
    desk: Desk, form: str, *, chooses: bool, rebooks: bool
) -> None:
    """Line 18: "Open (choose and may rebook), closed (assigned, no rebooking), hybrid (assigned
    first, may rebook), ..."
    """
    first, second = pod(desk, format=form), pod(desk, 9, format=form)
    own = seat(desk, first, GRACE)
    assert (own.status_code == 201) is chooses
    if not chooses:
        refused(own, 409, "format_forbids")
        own = seat(desk, first, GRACE, assigned=True)
    moved = post(desk, f"/v1/bookings/{own.json['id']}/rebook", {"pod_id": second})
    assert (moved.status_code == 200) is rebooks
    assert in_it(desk, [first, second][rebooks]) == {"grace"}


def test_hybrid_v2_is_chosen_by_its_first_pod_and_keeps_who_chose_it(desk: Desk) -> None:
    """Line 18: "... hybrid v2 (choose the first pod, then locked into that group from there
    on)."
    """
    group = {"format": "hybrid_v2", "group_id": "mondays"}
    mondays = [pod(desk, day, **group) for day in (8, 15)]
    tuesday = pod(desk, 9, format="hybrid_v2", group_id="tuesdays")
    refused(seat(desk, mondays[1], GRACE), 409, "format_forbids")
    own = seat(desk, mondays[0], GRACE).json
    assert [in_it(desk, each) for each in mondays] == [{"grace"}, {"grace"}]
    # Locked: neither changed for another nor given up for one; and pods that come later are theirs
    moved = post(desk, f"/v1/bookings/{own['id']}/rebook", {"pod_id": tuesday})
    refused(moved, 409, "format_forbids")
    refused(seat(desk, tuesday, GRACE), 409, "format_forbids")
    added = made(desk, "/v1/pods", TIMED | group | {"start": "2026-06-22T10:00:00Z"})
    assert in_it(desk, added["session_id"]) == {"grace"}
    with desk.database.read() as tx:
        row = tables.outbox.c
        told = tx.execute(
            select(row.id).where(row.topic == "booked", row.recipient == "grace@example.test")
        )
        assert len(told.all()) == 3, "a mail for each seat"


def test_pods_are_made_as_shells_and_set_many_at_once(desk: Desk) -> None:
    """Line 19: "Pods can be made as shells first. Fields of many pods (coach, participants) can be
    set at once."
    """
    people.ready(desk.database, people.coach(id="bob", email="bob@example.test", name="Bob"))
    before = starts(desk, "2026-06-08")
    shells = made(desk, "/v1/shells", {"shells": [PLAN, PLAN | {"title": "Grief"}]})["shells"]
    ids = [shell["pod_id"] for shell in shells]
    set_of = {"pod_ids": ids, "coach_id": "bob", "duration": 60, "assign": [GRACE, HEDY]}
    headers = {"Idempotency-Key": "many"}
    answer = desk.ask("PATCH", "/v1/pods", json=set_of, headers=headers)
    assert answer.status_code == 200, answer.text
    listed = desk.get("/v1/shells?cohort=spring").json["shells"]
    assert [shell["title"] for shell in listed] == ["Feedback", "Grief"]
    for shell in listed:
        assert shell["coach_id"] == "bob"
        assert {who["id"] for who in shell["participants"]} == {"grace", "hedy"}
    assert starts(desk, "2026-06-08") == before
    made(desk, f"/v1/shells/{ids[0]}/time", {"start": START})
    assert in_it(desk, ids[0]) == {"grace", "hedy"}
    assert [shell["pod_id"] for shell in desk.get("/v1/shells").json["shells"]] == [ids[1]]
    # A sheet may plan them, too: without a time.
    sheet = b"programme,coach,date,time,zone,min,max,title\nLead Well,,,,,1,4,Loss\n"
    assert judged(upload(desk, sheet).json) == [(2, "yellow", ["no_time"])]


def test_a_sheet_is_imported_with_the_columns_that_the_help_names(desk: Desk) -> None:
    """Line 20: "Import from a sheet with these columns, in any order, upper or lower case, with or
    without a mark for "required": programme (or programme title), cohort, session title, coach
    e-mail, date, start time (or one date and time), duration, min, max, time zone, format,
    usernames or participants (separated by comma, semicolon or line). Each row green, yellow or red
    with the reason; red stops all."
    """
    head = (
        "MAX*,min,Time Zone (required),Usernames or participants,Start Time,date,COACH E-MAIL*,"
        "Session title,Cohort,programme title,Duration,format"
    )
    good = '4,1,Europe/London,"grace.h, Hedy <hedy@example.test>",13:00,2026-06-02,ada@example.test'
    rows = [
        f"{good},Feedback,spring,Lead Well,60,open",
        f"{good},Feedback,spring,Lead Well,60,closed".replace("2026-06-02", "2026-06-03"),
        f"{good},Feedback,spring,Lead Well,60,open".replace("13:00", "10:00"),
    ]
    rows[1] = rows[1].replace("4,1,", "4,3,")
    people_named = [{"username": "grace.h", "participant": GRACE}]
    body = {"csv": "\n".join((head, *rows)), "people": people_named}
    tried = post(desk, "/v1/pods/import/table", body).json
    assert judged(tried) == [
        (2, "green", []),
        (3, "yellow", ["below_min"]),
        (4, "red", ["slot_not_open"]),
    ]
    assert tried["rows"][2]["remarks"][0]["reason"] == "busy"
    real_run = "/v1/pods/import/table?dry_run=false"
    refused(post(desk, real_run, body), 409, "import_refused")
    assert (
        desk.get("/v1/sessions?coach_id=ada&from=2026-06-01&to=2026-06-30").json["sessions"] == []
    )
    body["csv"] = "\n".join((head, *rows[:2]))
    done = made(desk, real_run, body)
    assert in_it(desk, done["rows"][0]["pod_id"]) > {"grace"}
    one = "programme,coach e-mail,Date and time,time zone,min,max,duration\n"
    one += "Lead Well,ada,2026-06-04 13:00,Europe/London,1,4,60\n"
    assert judged(upload(desk, one.encode()).json) == [(2, "green", [])]


def test_an_export_is_edited_and_uploaded_again(desk: Desk) -> None:
    """Line 21: "Pods can be exported, edited and uploaded again: only what differs changes." """
    first, second = pod(desk), pod(desk, 9)
    path = "/v1/pods/export.csv?from=2026-06-01&to=2026-06-30&cohort=spring"
    lines = desk.get(path).data.decode("utf-8-sig").splitlines()
    lines[1] = lines[1].replace("Feedback", "Grief")
    answer = real(desk, "\n".join(lines).encode())
    assert [row["comes"] for row in answer.json["rows"]] == ["changed", "unchanged"]
    titles = [desk.get(f"/v1/pods/{each}").json["title"] for each in (first, second)]
    assert titles == ["Grief", "Feedback"]
    assert desk.get(f"/v1/pods/{second}").json["version"] == 1


def test_a_pod_is_reminded_of_three_days_before_and_an_absence_followed_up(desk: Desk) -> None:
    """Line 22: "Reminders 3 days before by default. Who did not come is followed up by hand or by
    mail."
    """
    pod_id = pod(desk)
    own = seat(desk, pod_id, GRACE).json
    row = tables.outbox.c
    with desk.database.read() as tx:
        [reminder] = tx.execute(select(row.due_at).where(row.topic == "reminder")).all()
    begins = datetime.fromisoformat(START).astimezone(UTC)
    assert reminder.due_at == begins - timedelta(days=3)
    # Once it has begun it is said who did not come: that is mailed, and can be sent again by hand
    with desk.database.write() as tx:
        earlier = int(timedelta(days=14).total_seconds())
        times = {name: tables.sessions.c[name] - earlier for name in ("starts", "ends")}
        tx.execute(tables.sessions.update().values(times))
    path = f"/v1/sessions/{pod_id}/attendance"
    missed = post(desk, path, {"status": "missed", "participant_id": "grace"})
    assert missed.json["bookings"][0]["status"] == "missed"
    with desk.database.read() as tx:
        told = tx.scalars(select(row.recipient).where(row.topic == "missed")).all()
    assert "grace@example.test" in told
    again = post(desk, f"/v1/bookings/{own['id']}/mails/missed/send", None)
    assert again.status_code == 202, again.text
