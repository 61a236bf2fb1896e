"""Withheld addresses over the API and at /ops: seen without the address, taken off by id or by what
a person types.
"""

from typing import Any

import pytest

from storage.rows import audit_log, outbox, outbox_claims
from storage.schema import tables
from tests.browser import scene
from tests.support.http_client import Desk
from tests.support.ops_pages import HTMX_ASKS, csrf, deeds, do, log_in, state
from tests.webhooks.api.mail_texts.kit import refused

PATH = "/v1/withheld-addresses"


@pytest.fixture
def nobody(desk: Desk) -> str:
    """A mail that is withheld. Its id."""
    return scene.nobody_there(desk.database)


@pytest.fixture
def inside(one_desk: Desk) -> Desk:
    """Somebody of ops is logged in."""
    assert log_in(one_desk.client, one_desk.key("ops")).status_code == 303
    return one_desk


def listed(desk: Desk) -> list[dict[str, Any]]:
    answer = desk.get(PATH, "ops")
    assert answer.status_code == 200, answer.text
    assert scene.ADDRESS not in answer.text
    found: list[dict[str, Any]] = answer.json["withheld"]
    return found


def released(desk: Desk, method: str, path: str, **options: Any) -> dict[str, Any]:
    answer = desk.ask(method, path, "ops", **options)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_the_api_shows_who_is_withheld_and_why_and_takes_one_off(desk: Desk, nobody: str) -> None:
    (found,) = listed(desk)
    assert (found["recipient"], found["waiting"], found["since"]) == (
        "participant",
        1,
        "2026-06-01T08:00:00Z",
    )
    assert found["until"] == "2026-07-01T08:00:00Z"
    assert found["reply"].startswith("550 5.1.1 <(address)>: Recipient address rejected")
    # When it is taken off by its id
    answer = released(desk, "DELETE", f"{PATH}/{found['id']}")
    # Then its mail leaves, that is told once, and the diary has it
    assert answer == {"id": found["id"], "leaving": 1, "superseded": 0}
    assert (state(desk, nobody), listed(desk)) == ("pending", [])
    assert deeds(desk) == [("release", found["id"])]
    refused(
        desk.ask("DELETE", f"{PATH}/{found['id']}", "ops"),
        404,
        "unknown_withheld_address",
        "withheld_id",
    )


def test_the_api_takes_an_address_that_is_typed(desk: Desk, nobody: str) -> None:
    local, _, host = scene.ADDRESS.partition("@")
    answer = released(desk, "POST", f"{PATH}/release", json={"address": f"{local}@{host.upper()}"})
    assert answer["leaving"] == 1
    for address, status, code in (
        (scene.ADDRESS, 404, "unknown_withheld_address"),
        ("a@b@c", 422, "not_an_address"),
        ("wad_1234", 422, "not_an_address"),
    ):
        refused(
            desk.ask("POST", f"{PATH}/release", "ops", json={"address": address}),
            status,
            code,
            "address",
        )
    with desk.database.read() as tx:
        assert scene.ADDRESS not in str(audit_log.deeds(tx))


def test_only_ops_may_see_or_release(desk: Desk, nobody: str) -> None:
    for scope in ("bookings:write", "mailers:write"):
        refused(desk.get(PATH, scope), 403, "scope_missing")
        refused(desk.ask("DELETE", f"{PATH}/wad_1", scope), 403, "scope_missing")
    assert state(desk, nobody) == "withheld"


def test_ops_see_it_without_the_address_and_take_it_off(inside: Desk) -> None:
    nobody = scene.nobody_there(inside.database)
    (found,) = listed(inside)
    page = inside.client.get("/ops/withheld").text
    assert found["id"] in page
    assert "User unknown in virtual mailbox table" in page
    assert scene.ADDRESS not in page
    for typed, status in (("", 422), ("a@b@c", 422), ("wad_unknown", 303)):
        assert take_off(inside, typed).status_code == status
    assert state(inside, nobody) == "withheld"
    assert take_off(inside, scene.ADDRESS).location == "/ops/withheld"
    assert state(inside, nobody) == "pending"
    assert ("release", found["id"]) in deeds(inside)


def take_off(desk: Desk, which: str) -> Any:
    form = {"csrf": csrf(desk.client.get("/ops")), "which": which}
    return desk.client.post("/ops/withheld/release", data=form)


def test_a_dead_letter_to_a_withheld_address_is_not_requeued_and_it_is_said_why(
    inside: Desk,
) -> None:
    scene.nobody_there(inside.database)
    mine = scene.dead_letter(inside.database)
    answer = do(inside, f"/ops/outbox/{mine}/requeue", headers=HTMX_ASKS)
    assert "take it off first" in answer.headers["HX-Trigger"]
    assert state(inside, mine) == "dead"


def test_a_mail_that_is_withheld_or_waits_for_its_text_says_so_and_may_be_ended(
    inside: Desk,
) -> None:
    nobody = scene.nobody_there(inside.database)
    assert "Taken off, it leaves" in inside.client.get(f"/ops/outbox/{nobody}").text
    do(inside, f"/ops/outbox/{nobody}/withhold")
    assert state(inside, nobody) == "superseded"
    (waits,) = scene.owe(inside.database, scene.owed(7))
    with inside.database.write() as tx:
        held = outbox_claims.claim(tx, waits, lease_ms=30_000, now=scene.NOW)
        assert held is not None
        assert outbox.wait_for_text(tx, held, error="first_name", retry_in_ms=3_600_000)
    assert "waits for its text" in inside.client.get(f"/ops/outbox/{waits}").text
    assert waits in inside.client.get("/ops/outbox?state=waiting_for_text").text
    do(inside, f"/ops/outbox/{waits}/retry")
    with inside.database.read() as tx:
        row = tx.execute(tables.outbox.select().where(tables.outbox.c.id == waits)).one()
    assert (row.state, row.next_attempt_at_ms) == ("waiting_for_text", 0)
