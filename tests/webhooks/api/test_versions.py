"""The API answers in the form of the date that is asked for, and says which it was."""

import secrets
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from werkzeug.http import parse_date

from domain.event_versions import NEWEST, OLDEST, VERSIONS
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import WEEK, Answer, Desk
from webhooks.http.deprecated import UNTIL
from webhooks.http.versions import CHANGES, HEADER

POD = {"coach_id": "ada", "start": "2026-06-02T12:00:00Z", "duration": 60}
NEW, OLD = {HEADER: NEWEST}, {HEADER: OLDEST}
TELLING = {"Deprecation", "Sunset", "Link"}


@pytest.fixture
def pod_id(one_desk: Desk) -> str:
    people.introduce(one_desk.database)
    desks.connect(one_desk)
    made = write(one_desk, "POST", "/v1/pods", POD | {"min_seats": 1, "max_seats": 3})
    return str(made.json["pod_id"])


@pytest.fixture
def called_off(one_desk: Desk, pod_id: str) -> str:
    """A pod that was called off. Its id."""
    write(one_desk, "PATCH", f"/v1/pods/{pod_id}", {"status": "called_off"}, **NEW)
    return pod_id


def write(desk: Desk, method: str, path: str, body: Any, **headers: str) -> Answer:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    answer = desk.ask(method, path, json=body, headers=key | headers)
    assert answer.status_code in (200, 201), answer.text
    return answer


def test_what_was_called_off_says_so_and_says_disabled_by_the_date_before(
    one_desk: Desk, called_off: str
) -> None:
    path = f"/v1/pods/{called_off}"
    for headers, said in ((NEW, "called_off"), (OLD, "disabled"), ({}, "disabled")):
        answer = one_desk.get(path, headers=headers)
        assert answer.json["status"] == said
        assert answer.headers[HEADER] == headers.get(HEADER, OLDEST)
        # Whoever has the one form does not have the other.
        tag = {"If-None-Match": answer.headers["ETag"]}
        assert one_desk.get(path, headers=tag | headers).status_code == 304
        assert one_desk.get(path, headers=tag | (OLD if headers == NEW else NEW)).json


@pytest.mark.parametrize("path", ["/v1/pods", "/v1/sessions"])
def test_lists_and_streams_say_it_and_are_asked_by_either_name(
    one_desk: Desk, called_off: str, path: str
) -> None:
    for name in ("called_off", "disabled"):
        query = {"status": name}
        for headers, said in ((NEW, "called_off"), (OLD, "disabled")):
            page = one_desk.get(path, query_string=query, headers=headers).json
            stream = {"Accept": "application/x-ndjson"} | headers
            lines = one_desk.get(path, query_string=query, headers=stream).data.splitlines()
            table = {"Accept": "text/csv"} | headers
            cells = one_desk.get(path, query_string=query, headers=table).text.split(",")
            assert [each["status"] for each in page[path.removeprefix("/v1/")]] == [said]
            assert [orjson.loads(line)["status"] for line in lines] == [said]
            assert said in cells
            assert not {"called_off", "disabled"} - {said} & set(cells)
    assert called_off


def test_the_history_of_what_was_called_off_says_it(one_desk: Desk, pod_id: str) -> None:
    grace = {"id": "grace", "name": "Grace", "email": "g@example.test", "zone": "Europe/Paris"}
    pod = f"/v1/pods/{pod_id}"
    seat = write(one_desk, "POST", f"{pod}/seats", {"participant": grace})
    write(one_desk, "PATCH", pod, {"status": "disabled"})
    history = f"/v1/bookings/{seat.json['id']}/history"
    for headers, said in ((NEW, "called_off"), (OLD, "disabled")):
        found = one_desk.get(history, headers=headers).json["history"]
        assert [each["after"].get("status") for each in found].count(said) == 1


def test_a_repeat_is_said_in_the_form_that_it_asks_for(one_desk: Desk, pod_id: str) -> None:
    # Given that the answer to a write was lost, and the client is a newer one by now
    path, body = f"/v1/pods/{pod_id}", {"status": "called_off"}
    first = write(one_desk, "PATCH", path, body, **{"Idempotency-Key": "k"})
    again = write(one_desk, "PATCH", path, body, **{"Idempotency-Key": "k"}, **NEW)
    assert (first.json["status"], again.json["status"]) == ("disabled", "called_off")
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_former_date_tells_until_when_it_is_served(one_desk: Desk, called_off: str) -> None:
    path = f"/v1/pods/{called_off}"
    for headers in (OLD, {}):
        answer = one_desk.get(path, headers=headers)
        assert parse_date(answer.headers["Sunset"]) == UNTIL
        assert answer.headers["Deprecation"].startswith("@")
    assert not TELLING & set(one_desk.get(path, headers=NEW).headers.keys())
    # What all dates say alike is told to nobody as old, but for the old name in a request.
    assert not TELLING & set(one_desk.get(WEEK).headers.keys())
    old_name = {"status": "disabled"}
    key = {"Idempotency-Key": "k"}
    answer = one_desk.ask("PATCH", path, json=old_name, headers=key | NEW)
    assert set(answer.headers.keys()) >= TELLING
    assert datetime(2026, 11, 29, tzinfo=UTC) < UNTIL


@pytest.mark.parametrize("date", ["2026-12-24", "", "newest", "2026-06-01, 2026-11-29"])
def test_a_date_that_there_is_not_is_refused_and_changes_nothing(one_desk: Desk, date: str) -> None:
    people.introduce(one_desk.database)
    # Given an answer that is kept
    assert one_desk.get(WEEK).status_code == 200
    before = one_desk.dump()
    headers = {HEADER: date, "Idempotency-Key": "k"}
    for method, path in (("GET", WEEK), ("GET", "/v1/pods"), ("POST", "/v1/pods")):
        answer = one_desk.ask(method, path, json=POD, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (400, "unknown_version")
        assert answer.json["versions"] == list(VERSIONS)
        assert answer.headers[HEADER] == OLDEST
    assert one_desk.dump() == before


def test_every_answer_of_the_api_says_its_date(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    desks.connect(one_desk)
    for _ in range(2):  # the second one passes by Flask
        for sent in (NEW, OLD):
            assert one_desk.get(WEEK, headers=sent).headers[HEADER] == sent[HEADER]
    for answer in (one_desk.look("/v1/pods"), one_desk.get("/v1/nothing", headers=NEW)):
        assert HEADER in answer.headers
    for path in ("/healthz", "/docs"):
        assert HEADER not in one_desk.look(path).headers


def test_the_feed_says_its_data_in_the_form_that_is_asked_for(one_desk: Desk) -> None:
    for headers, query, said in (
        ({}, {}, NEWEST),
        (OLD, {}, OLDEST),
        (NEW, {}, NEWEST),
        (NEW, {"version": OLDEST}, OLDEST),
    ):
        answer = one_desk.get("/v1/events", headers=headers, query_string=query)
        assert answer.json["version"] == said
        assert answer.headers[HEADER] == said


def test_each_date_says_what_it_changed(one_desk: Desk) -> None:
    told = one_desk.look("/openapi.json").json["info"]["x-versions"]
    assert told == CHANGES
    assert tuple(told) == VERSIONS == tuple(sorted(VERSIONS))
