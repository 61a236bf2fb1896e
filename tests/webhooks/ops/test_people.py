"""A person's data on the ops pages: who may take it, what the page tells, and what it takes to
erase somebody.
"""

import json
from typing import Any

import pytest

from storage.reports.whose_rows import Kind
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings
from tests.support import people
from tests.support.http_client import Desk
from tests.support.ops_pages import csrf, log_in

PEOPLE: tuple[tuple[Kind, str], ...] = (("coach", "ada"), ("participant", "grace"))
NAMES = ("Ada Lovelace", "ada@example.test", "Grace Hopper", "grace@example.test")


@pytest.fixture
def booked(desk: Desk) -> Desk:
    """Grace is booked with Ada; somebody of ops is logged in who may export and erase."""
    connection_id = people.ready(desk.database, people.MAILED)
    with desk.database.write() as tx:
        bookings.book(
            tx, Wanted("ada", people.at(2, 10), 60), people.GRACE, people.PROGRAMME, people.terms()
        )
        tx.execute(tables.profiles.update().values(name="ada@example.test"))
    assert connection_id
    assert log_in(desk.client, desk.key("ops", "people:erase")).status_code == 303
    return desk


def do(desk: Desk, path: str, **fields: str) -> Any:
    return desk.client.post(path, data={"csrf": csrf(desk.client.get("/ops"))} | fields)


def deeds(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.database.read() as tx:
        found = tx.execute(tables.ops_audit.select().where(tables.ops_audit.c.action != "login"))
        return [(row.action, row.target, row.detail) for row in found]


@pytest.mark.parametrize(("kind", "person_id"), PEOPLE)
def test_all_that_is_kept_of_a_person_is_a_file_and_the_audit_tells_who_had_it(
    booked: Desk, kind: Kind, person_id: str
) -> None:
    page = booked.client.get(f"/ops/people/{person_id}").text
    assert [name for name in NAMES if name in page] == []
    answer = do(booked, f"/ops/people/{person_id}/export", kind=kind)
    assert answer.headers["Content-Disposition"] == f"attachment; filename={kind}-{person_id}.json"
    assert answer.headers["Cache-Control"] == "no-store"
    told = json.loads(answer.text)
    assert "Grace Hopper" in json.dumps(told["bookings"])
    assert told["ops_audit"] == []
    assert deeds(booked) == [("export", person_id, kind)]
    # The same that the API tells, which is in the audit too
    plural = {"coach": "coaches", "participant": "participants"}[kind]
    again = booked.get(f"/v1/{plural}/{person_id}/data", "people:erase").json
    assert {**again, "ops_audit": []} == told
    assert len(again["ops_audit"]) == 1
    assert deeds(booked) == [("export", person_id, kind)] * 2


@pytest.mark.parametrize(("kind", "person_id"), PEOPLE)
def test_a_person_is_erased_once_their_id_was_typed(
    booked: Desk, kind: Kind, person_id: str
) -> None:
    before = booked.dump()
    for typed in ("", "somebody else", person_id.upper()):
        answer = do(booked, f"/ops/people/{person_id}/erase", kind=kind, typed=typed)
        assert answer.status_code == 422
        assert "Nothing was erased" in answer.text
    assert booked.dump() == before
    answer = do(booked, f"/ops/people/{person_id}/erase", kind=kind, typed=f" {person_id} ")
    assert (answer.status_code, answer.location) == (303, f"/ops/people/{person_id}")
    assert deeds(booked) == [("erase", person_id, kind)]
    left = repr({name: rows for name, rows in booked.dump().items() if name != "ops_audit"})
    assert [canary for canary in ("Grace Hopper", "grace@example.test") if canary in left] == []
    # Whoever asks next is told that it was done, and when it goes on
    page = booked.client.get(f"/ops/people/{person_id}").text
    assert "erase" in page
    assert ("Is being erased" if kind == "coach" else "Nothing is kept") in page


def test_a_coach_s_accounts_wait_for_a_worker_that_was_woken(booked: Desk) -> None:
    do(booked, "/ops/people/ada/erase", kind="coach", typed="ada")
    [connection_id] = booked.woken()
    assert booked.owes(connection_id) == 1


def test_a_key_without_the_scope_of_erasing_exports_and_erases_nobody(booked: Desk) -> None:
    log_in_anew(booked, "ops")
    before = booked.dump()
    assert "lacks the scope people:erase" in booked.client.get("/ops/people/grace").text
    assert "Erase this" not in booked.client.get("/ops/people/grace").text
    for deed in ("export", "erase"):
        answer = do(booked, f"/ops/people/grace/{deed}", kind="participant", typed="grace")
        assert answer.status_code == 403
        assert "lacks the scope people:erase" in answer.text
    assert booked.dump() == before


def log_in_anew(desk: Desk, *scopes: str) -> None:
    desk.client.delete_cookie("coachcal-ops")
    assert log_in(desk.client, desk.key(*scopes)).status_code == 303


@pytest.mark.parametrize("deed", ["export", "erase"])
def test_a_form_that_is_not_ours_exports_and_erases_nobody(booked: Desk, deed: str) -> None:
    fields = {"kind": "participant", "typed": "grace"}
    before = booked.dump()
    path = f"/ops/people/grace/{deed}"
    assert booked.client.post(path, data=fields).status_code == 403
    ours = fields | {"csrf": csrf(booked.client.get("/ops"))}
    assert (
        booked.client.post(path, data=ours, headers={"Origin": "https://evil.test"}).status_code
        == 403
    )
    assert booked.dump() == before


def test_who_is_not_there_can_be_neither_exported_nor_erased(booked: Desk) -> None:
    before = booked.dump()
    assert booked.client.get("/ops/people/nobody").status_code == 404
    for deed in ("export", "erase"):
        for kind, person_id, status in (
            ("coach", "grace", 404),
            ("participant", "ada", 404),
            ("", "grace", 422),
        ):
            answer = do(booked, f"/ops/people/{person_id}/{deed}", kind=kind, typed=person_id)
            assert answer.status_code == status, (deed, kind)
    assert booked.dump() == before


def test_an_id_leads_to_its_participant_and_a_coach_s_page_to_the_person(booked: Desk) -> None:
    assert booked.client.get("/ops/find?id=grace").location == "/ops/people/grace"
    assert booked.client.get("/ops/find?id=ada").location == "/ops/coaches/ada"
    assert 'href="/ops/people/ada"' in booked.client.get("/ops/coaches/ada").text
