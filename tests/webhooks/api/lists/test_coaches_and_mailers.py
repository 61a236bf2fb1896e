"""Coaches and mail texts in pages, and the old form in which coaches were asked for by ids."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import refused, send
from tests.support.http_client import Desk
from tests.webhooks.api.lists.walking import walked


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


def test_coaches_are_listed_by_id_as_each_is_told_alone(desk: Desk) -> None:
    desks.connect(desk, (people.at(2, 9), people.at(2, 10)))
    found = walked(desk, "coaches")
    assert ids(found) == ["ada", "bob", "cas"]
    for coach in found:
        assert coach == desk.get(f"/v1/coaches/{coach['id']}").json


def test_coaches_are_filtered_by_how_their_calendars_stand(desk: Desk) -> None:
    # Given one who is fresh, one without a calendar, and one in each trouble in turn
    desks.connect(desk, (people.at(2, 9), people.at(2, 10)))
    connection = people.connect(desk.database, "bob", sub="acc_bob")
    row = tables.connections
    mine = update(row).where(row.c.id == connection)
    read = {"last_ok_at": people.NOW, "done_gen": 1, "trouble": None}
    for state, values in (
        ("initial_sync", {"last_ok_at": None}),
        ("refreshing", read | {"done_gen": 0}),
        ("stale", read | {"last_ok_at": people.NOW - timedelta(days=1)}),
        ("disconnected", read | {"trouble": "revoked"}),
        ("no_access", read | {"trouble": "no_access"}),
    ):
        with desk.database.write() as tx:
            tx.execute(mine.values(values))
        # Then each is in its state, and in no other
        assert ids(walked(desk, "coaches", state=state)) == ["bob"], state
        assert ids(walked(desk, "coaches", state="fresh")) == ["ada"]
        assert ids(walked(desk, "coaches", state="unconnected")) == ["cas"]


def test_coaches_whose_settings_changed_are_listed_in_that_order(desk: Desk) -> None:
    row = tables.coaches
    with desk.database.write() as tx:
        for name, when in (("cas", 1_780_300_000_000), ("ada", 1_780_300_001_000)):
            tx.execute(update(row).where(row.c.id == name).values(changed_ms=when))
        tx.execute(update(row).where(row.c.id == "bob").values(changed_ms=0))
    since = "2026-06-01T07:00:00Z"
    assert ids(walked(desk, "coaches", 1, changed_since=since)) == ["cas", "ada"]
    assert walked(desk, "coaches", changed_since="2027-01-01") == []


def test_ids_are_the_old_form_of_coach_states(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    old, new = (one_desk.get(f"/v1/{name}?ids=ada,bob") for name in ("coaches", "coach_states"))
    assert old.json == new.json
    assert '</v1/coach_states>; rel="successor-version"' in old.headers.getlist("Link")
    assert "Sunset" in old.headers
    assert "Sunset" not in new.headers
    mixed = one_desk.get("/v1/coaches?ids=ada&state=fresh")
    assert refused(mixed, 422, "unknown_field")["field"] == "state"


def test_mail_texts_are_listed_wherever_they_are_set(desk: Desk) -> None:
    text = {"subject": "Hello {{participant_name}}", "text": "See you."}
    for place in ("company/acme/booked/en", "cohort/spring/booked/en", "company/acme/booked/de"):
        assert send(desk, "PUT", f"/v1/mailers/{place}", text).status_code == 200
    assert send(desk, "PUT", "/v1/mailers/company/b/missed/en", {"enabled": False})
    found = walked(desk, "mailers", 1)
    assert [(each["scope_id"], each["language"]) for each in found] == [
        ("spring", "en"),
        ("acme", "de"),
        ("acme", "en"),
        ("b", "en"),
    ]
    assert found[0] == desk.get("/v1/mailers/cohort/spring/booked/en").json
    assert len(walked(desk, "mailers", scope="company")) == 3
    assert len(walked(desk, "mailers", scope_id="acme", language="de")) == 1
    assert len(walked(desk, "mailers", enabled="false")) == 1
    assert walked(desk, "mailers", kind="missed", enabled="true") == []
