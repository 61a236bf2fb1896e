"""Webhook endpoints over HTTP: made, shown, changed, paused, rotated and deleted."""

from typing import Any

import jsonschema_rs
import pytest
from pydantic import AnyHttpUrl

from domain.errors import Invalid
from domain.event_versions import NEWEST, OLDEST
from domain.events import CATALOGUE
from domain.webhook_endpoints import MOST, TEST
from storage.rows import webhook_endpoints
from storage.schema.tables import idempotency, outbox
from storage.schema.tables import webhook_endpoints as rows
from tests.support import people
from tests.support.booking_requests import refused
from tests.support.http_client import Answer, Desk
from workers import webhook_addresses

PATH = "/v1/webhook_endpoints"
URL = "https://platform.example/webhooks"


def ask(desk: Desk, method: str, path: str = "", body: Any = None) -> Answer:
    options = {} if body is None else {"json": body}
    return desk.ask(method, f"{PATH}{path}", "webhooks:write", **options)


def make(desk: Desk, **more: Any) -> Any:
    answer = ask(desk, "POST", body={"url": URL} | more)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_secret_is_told_once_and_kept_sealed(desk: Desk) -> None:
    made = make(desk, types=["booking.booked"])
    assert made["secret"].startswith("whsec_")
    assert (made["state"], made["version"], made["types"]) == ("on", NEWEST, ["booking.booked"])
    shown = ask(desk, "GET", f"/{made['id']}").json
    assert "secret" not in shown
    assert ask(desk, "GET").json["endpoints"] == [shown]
    with desk.database.read() as tx:
        stored = tx.execute(rows.select()).one()
        assert tx.execute(idempotency.select()).all() == []
    assert made["secret"].encode() not in stored.sealed
    vault = desk.runtime.services.vault
    assert vault.open(made["id"], stored.sealed) == {"secret": made["secret"]}


def test_what_is_absent_stays_and_null_is_all(desk: Desk) -> None:
    made = make(desk, types=["coach.synced"], coach_ids=["ada"])
    path = f"/{made['id']}"
    changed = ask(desk, "PATCH", path, {"types": None, "version": OLDEST}).json
    assert (changed["types"], changed["coach_ids"], changed["version"]) == (None, ["ada"], OLDEST)
    refused(ask(desk, "PATCH", path, {"url": None}), 422, "invalid_value")


def test_a_new_secret_signs_beside_the_one_before(desk: Desk) -> None:
    made = make(desk)
    told = ask(desk, "POST", f"/{made['id']}/secret", {"overlap_hours": 3}).json
    assert told["old_until"] == "2026-06-01T11:00:00Z"
    with desk.database.read() as tx:
        stored = webhook_endpoints.get(tx, made["id"])
    assert stored.sealed is not None
    opened = desk.runtime.services.vault.open(made["id"], stored.sealed)
    assert opened == {"secret": told["secret"], "old": made["secret"]}


def test_a_test_event_is_owed_and_one_that_is_deleted_is_owed_nothing(desk: Desk) -> None:
    made = make(desk)
    event_id = ask(desk, "POST", f"/{made['id']}/test").json["event_id"]
    with desk.database.read() as tx:
        (row,) = tx.execute(outbox.select()).all()
    assert (row.topic, row.event_id, row.endpoint_id) == (TEST, event_id, made["id"])
    assert ask(desk, "GET", f"/{made['id']}").json["waiting"] == 1
    assert ask(desk, "DELETE", f"/{made['id']}").status_code == 204
    refused(ask(desk, "GET", f"/{made['id']}"), 404, "unknown_endpoint")
    with desk.database.read() as tx:
        assert tx.execute(outbox.select()).all() == []


def test_the_settings_endpoint_is_shown_and_changes_with_the_settings_alone(desk: Desk) -> None:
    with desk.database.write() as tx:
        webhook_endpoints.keep_of_settings(tx, URL, now=people.NOW)
    (shown,) = ask(desk, "GET").json["endpoints"]
    assert (shown["id"], shown["of_settings"], shown["version"]) == ("settings", True, OLDEST)
    for method, path, body in (
        ("PATCH", "", {"url": URL}),
        ("POST", "/secret", {}),
        ("DELETE", "", None),
        # It would be told twice of what it is owed with the change.
        ("POST", "/replay", {"since": "2026-05-01T00:00:00Z"}),
    ):
        refused(ask(desk, method, f"/settings{path}", body), 409, "endpoint_of_settings")
    assert ask(desk, "POST", "/settings/replay", {"dead": True}).json == {"events": 0}
    assert ask(desk, "PATCH", "/settings", {"state": "paused"}).json["state"] == "paused"
    with desk.database.write() as tx:
        webhook_endpoints.keep_of_settings(tx, None, now=people.NOW)
    assert ask(desk, "GET").json["endpoints"] == []


@pytest.mark.parametrize(
    "url",
    [
        "http://platform.example/x",
        "ftp://platform.example/x",
        "https://me:secret@platform.example/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1:9000/x",
        "https://10.1.2.3/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "https://localhost/x",
        "https://db.internal/x",
        "https://db.internal./x",
        "https://redis/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://127.1/x",
        "https://[64:ff9b::a01:203]/x",
        "https://[2002:a01:203::1]/x",
        "https://[::ffff:10.1.2.3]/x",
        "not a url",
    ],
)
def test_nothing_is_posted_to_our_own_neighbours(one_desk: Desk, url: str) -> None:
    outside = {"public_url": AnyHttpUrl("https://coachcal.example")}
    with pytest.raises(Invalid, match="url"):
        webhook_addresses.check(url, one_desk.runtime.settings.model_copy(update=outside))


def test_an_address_that_is_none_is_refused(one_desk: Desk) -> None:
    for url in ("http://platform.example/x", "not a url"):
        refused(ask(one_desk, "POST", body={"url": url}), 422, "url_refused")
    # On a laptop the platform may be on it, too.
    assert make(one_desk, url="http://127.0.0.1:9000/x")


def test_there_are_only_so_many(desk: Desk) -> None:
    for _ in range(MOST):
        make(desk)
    refused(ask(desk, "POST", body={"url": URL}), 409, "too_many_endpoints")


@pytest.mark.parametrize("body", [{}, {"dead": True, "event_id": "evt_1"}])
def test_one_of_three_is_sent_again(desk: Desk, body: Any) -> None:
    made = make(desk)
    refused(ask(desk, "POST", f"/{made['id']}/replay", body), 422, "one_of_three")


def test_every_type_has_a_schema_and_an_example_that_fits_it(desk: Desk) -> None:
    document = desk.look("/openapi.json").json["webhooks"]
    assert set(document) == {*CATALOGUE, TEST}
    for path in document.values():
        content = path["post"]["requestBody"]["content"]["application/json"]
        schema = content["schema"]
        for example in content["examples"].values():
            assert jsonschema_rs.is_valid(schema, example["value"])
            assert not jsonschema_rs.is_valid(schema, example["value"] | {"data": {}})


def test_a_new_address_has_refused_nothing_yet(desk: Desk) -> None:
    made = make(desk)
    for url, since in ((URL, "2026-06-01T08:00:00Z"), (f"{URL}/new", None)):
        with desk.database.write() as tx:
            webhook_endpoints.change(tx, made["id"], failing_since=people.NOW)
        assert ask(desk, "PATCH", f"/{made['id']}", {"url": url}).json["failing_since"] == since
