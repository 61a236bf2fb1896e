"""Rows that give a time to a pod of a group: its group is locked, and tried, as it is after the
row, of which an empty cell says nothing.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from domain.sessions import Terms
from storage.schema import tables
from storage.transactions import pod_groups
from tests.support import people
from tests.support.booking_requests import GRACE, HEDY, POD, post
from tests.support.http_client import Desk
from tests.support.pod_imports import as_file, comes, exported, judged, real, upload

PAT = GRACE | {"id": "pat", "name": "Pat", "email": "pat@example.test"}
LEAD = {"programme_name": "Lead Well", "cohort": "c1", "company": "acme"}
LATER = "2026-06-03T10:00:00Z"


@pytest.fixture
def desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database)
    bea = replace(people.MAILED, id="bea", name="Bea", email="bea@example.test")
    people.ready(one_desk.database, bea)
    one_desk.key("bookings:write")
    return one_desk


def shell(desk: Desk, **changes: Any) -> str:
    planned: dict[str, Any] = {"coach_id": "ada", "min_seats": 1, "max_seats": 4}
    planned |= {"format": "hybrid_v2", "title": "Feedback", "context": LEAD, "participants": [PAT]}
    made = post(desk, "/v1/shells", {"shells": [planned | changes]})
    assert made.status_code == 201, made.text
    return str(made.json["shells"][0]["pod_id"])


def pod(desk: Desk, **changes: Any) -> str:
    wanted: dict[str, Any] = {"format": "hybrid_v2", "title": "Feedback", "context": LEAD}
    made = post(desk, "/v1/pods", POD | wanted | {"max_seats": 4} | changes)
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def timed(pod_id: str, **other: str) -> dict[str, str]:
    """A row that fills a time in, and says nothing of the group, its title or its people."""
    row = {"id": pod_id, "programme": "Lead Well", "coach": "ada", "zone": "Europe/London"}
    row |= {"date": "2026-06-02", "time": "11:00", "min": "1", "max": "4", "duration": "60"}
    return row | other


def taken(desk: Desk, pod_id: str) -> int:
    return int(desk.get(f"/v1/pods/{pod_id}").json["pod"]["taken"])


def begun(desk: Desk, group_id: str) -> tuple[str | None, Any]:
    """What the group was begun under."""
    row = tables.pod_groups.c
    with desk.database.read() as tx:
        found = tx.execute(select(row.title, row.context).where(row.id == group_id)).one()
    return found.title, found.context


def test_a_shell_that_stays_in_its_group_has_seats_in_the_later_pods(desk: Desk) -> None:
    theirs = pod(desk, coach_id="bea", start=LATER, group_id="g")
    mine = shell(desk, group_id="g")
    raw = as_file([timed(mine)])
    assert comes(upload(desk, raw).json)[0][:2] == ("green", "changed")
    done = real(desk, raw)
    assert done.status_code == 201, done.text
    assert (taken(desk, mine), taken(desk, theirs)) == (1, 1)


def test_a_trial_counts_the_seats_of_the_group_that_a_shell_stays_in(desk: Desk) -> None:
    pod(desk, coach_id="bea", start=LATER, group_id="g", participants=[GRACE, HEDY])
    mine = shell(desk, group_id="g", max_seats=2)
    ((_, verdict, codes),) = judged(upload(desk, as_file([timed(mine, max="2")])).json)
    assert (verdict, codes) == ("red", ["seats_taken"])


def test_a_trial_knows_the_people_of_the_group_that_a_shell_stays_in(desk: Desk) -> None:
    pod(desk, coach_id="bea", start=LATER, group_id="g", context=LEAD | {"cohort": "c2"})
    mine = shell(desk, group_id="g")
    ((_, verdict, codes),) = judged(upload(desk, as_file([timed(mine)])).json)
    assert (verdict, codes) == ("red", ["group_forbids"])


@pytest.mark.parametrize("kind", ["shell", "pod"])
def test_a_group_is_begun_with_what_the_pod_is_after_the_row(desk: Desk, kind: str) -> None:
    made = {"shell": shell, "pod": pod}[kind](desk)
    raw = as_file([timed(made, group="fresh", format="hybrid_v2")])
    assert judged(upload(desk, raw).json)[0][1] == "green"
    done = real(desk, raw)
    assert done.status_code == 201, done.text
    assert desk.get(f"/v1/pods/{made}").json["pod"]["group_id"] == "fresh"
    title, context = begun(desk, "fresh")
    assert (title, context["cohort"], context["company"]) == ("Feedback", "c1", "acme")


def test_of_two_new_pods_the_first_begins_the_group_and_the_other_has_to_fit(desk: Desk) -> None:
    first = timed("", group="fresh", format="hybrid_v2", cohort="c1", title="One")
    other = timed("", time="14:00", group="fresh", format="hybrid_v2", cohort="c1", title="Two")
    strange = as_file([first, other | {"cohort": "c2"}])
    told = [(verdict, codes) for _, verdict, codes in judged(upload(desk, strange).json)]
    assert told[1] == ("red", ["group_forbids"]), told
    assert real(desk, as_file([first, other])).status_code == 201
    assert begun(desk, "fresh")[0] == "One"


@pytest.mark.parametrize("kind", ["shell", "pod"])
def test_one_that_is_put_into_another_group_meanwhile_is_refused(
    desk: Desk, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moment before the locks are had: then the other group's coaches are not locked."""
    pod(desk, coach_id="bea", start=LATER, group_id="other")
    made = {"shell": shell, "pod": pod}[kind](desk, group_id="g")
    table = {"shell": tables.pod_shells, "pod": tables.sessions}[kind]
    really = pod_groups.lock

    def lock(tx: Any, groups: Iterable[str | None], coaches: Iterable[str], terms: Terms) -> Any:
        mine = table.c.id == made
        tx.execute(table.update().where(mine).values(group_id="other"))
        return really(tx, groups, coaches, terms)

    monkeypatch.setattr(pod_groups, "lock", lock)
    joined = timed(made, participants="Hedy <hedy@example.test>")
    done = real(desk, as_file([joined]), key="once")
    assert done.status_code == 409, done.text
    assert judged(done.json)[0][2] == ["stale_version"]


def test_an_export_of_a_shell_in_a_group_gets_its_time(desk: Desk) -> None:
    theirs = pod(desk, coach_id="bea", start=LATER, group_id="g")
    shell(desk, group_id="g")
    row = next(row for row in exported(desk) if not row["Date*"])
    row |= {"Date*": "2026-06-02", "Start time*": "11:00", "Duration": "60"}
    assert real(desk, as_file([row])).status_code == 201
    assert taken(desk, theirs) == 1
