"""Lists as NDJSON and CSV: all of them, as each item is told, and harmless in a spreadsheet."""

import csv
import io
from typing import Any

import orjson
import pytest

from storage.reports import session_lists
from storage.reports.lists import Page
from tests.support.booking_requests import BOOKING, GRACE, post, refused
from tests.support.http_client import Answer, Desk
from tests.webhooks.api.lists.walking import walked
from webhooks.api import list_files
from webhooks.api.list_pages import ItemList

CSV, NDJSON = {"Accept": "text/csv"}, {"Accept": "application/x-ndjson"}


def rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", ["bookings", "sessions", "pods", "coaches", "mailers"])
def test_a_stream_holds_what_the_pages_hold(
    desk: Desk, booked: list[dict[str, Any]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given looks that find two at a time
    monkeypatch.setattr(ItemList, "at_once", 2)
    expected = walked(desk, name)
    # When it is asked for as a stream
    lines = desk.get(f"/v1/{name}", headers=NDJSON)
    table = desk.get(f"/v1/{name}", headers=CSV)
    # Then each line is an item, and so is each row
    assert lines.mimetype == "application/x-ndjson"
    assert [orjson.loads(line) for line in lines.data.splitlines()] == expected
    assert (table.mimetype, lines.headers["Vary"]) == ("text/csv", "Accept")
    assert len(rows(table)) == len(expected)


def test_a_coach_s_sessions_of_some_days_are_a_stream_to_who_accepts_one(
    desk: Desk, booked: list[dict[str, Any]]
) -> None:
    # As a page they are asked for so in the old form, which knows no streams
    query = {"coach_id": "ada", "from": "2026-06-02", "to": "2026-06-03"}
    lines = desk.get("/v1/sessions", query_string=query, headers=NDJSON)
    table = desk.get("/v1/sessions", query_string=query, headers=CSV)
    assert (lines.mimetype, table.mimetype) == ("application/x-ndjson", "text/csv")
    assert [orjson.loads(line)["coach_id"] for line in lines.data.splitlines()] == ["ada", "ada"]
    assert [row["coach_id"] for row in rows(table)] == ["ada", "ada"]


def test_columns_are_named_after_fields_whatever_stands_in_them(
    desk: Desk, booked: list[dict[str, Any]]
) -> None:
    table = rows(desk.get("/v1/bookings?company=other", headers=CSV))
    assert [(each["participant.name"], each["context.company"]) for each in table] == [
        ("Grace Hopper", "other")
    ]
    assert (table[0]["pod.taken"], table[0]["version"]) == ("", "1")
    assert {"place.kind", "pod.short_of_seats", "start"} <= set(table[0])
    pods = rows(desk.get("/v1/pods", headers=CSV))
    assert pods[0]["pod.taken"] == "2"
    assert {each["id"] for each in orjson.loads(pods[0]["bookings"])} <= {
        each["id"] for each in booked
    }


@pytest.mark.parametrize("begins", ["=", "+", "-", "@"])
def test_a_cell_computes_nothing_in_a_spreadsheet(desk: Desk, begins: str) -> None:
    name = f'{begins}HYPERLINK("http://evil.test")'
    assert post(desk, "/v1/bookings", BOOKING | {"participant": GRACE | {"name": name}})
    (row,) = rows(desk.get("/v1/bookings", headers=CSV))
    assert row["participant.name"] == f"'{name}"


def test_a_stream_is_whole_and_has_no_pages(one_desk: Desk) -> None:
    for query in ("limit=10", "cursor=x"):
        refused(one_desk.get(f"/v1/bookings?{query}", headers=CSV), 422, "whole_list")
    # Whoever takes anything is answered a page
    assert one_desk.get("/v1/bookings", headers={"Accept": "*/*"}).is_json


def test_so_many_streams_at_once_and_no_more(one_desk: Desk) -> None:
    # Given a stream of each of two clients
    begun = [stream(one_desk, "bookings:read"), stream(one_desk, "bookings:read", "slots:read")]
    # Then a third has to wait until one is over
    refused(one_desk.get("/v1/bookings", headers=CSV), 503, "busy")
    for each in begun:
        each.close()
    assert one_desk.get("/v1/bookings", headers=CSV).status_code == 200


def test_one_client_does_not_take_all_places(one_desk: Desk) -> None:
    begun = stream(one_desk, "bookings:read")
    refused(one_desk.get("/v1/bookings", "bookings:read", headers=CSV), 503, "busy")
    assert one_desk.get("/v1/bookings", headers=CSV).status_code == 200
    begun.close()
    assert one_desk.get("/v1/bookings", "bookings:read", headers=CSV).status_code == 200


def stream(desk: Desk, *scopes: str) -> Any:
    """One that has begun, of a client for these scopes; close it."""
    headers = CSV | {"Authorization": f"Bearer {desk.key(*scopes)}"}
    answer = desk.client.open("/v1/bookings", headers=headers)
    assert answer.status_code == 200
    return answer


def test_a_stream_keeps_no_more_than_one_look() -> None:
    # Given a list without an end
    looks: list[Any] = []

    def look(after: Any) -> Page[dict[str, Any]]:
        looks.append(after)
        return Page([{"id": len(looks)}], (len(looks),))

    # When a few pieces of it are taken
    pieces = list_files.ndjson(list_files.pages_of(look))
    taken = [next(pieces) for _ in range(3)]
    # Then no more was read than those
    assert taken == [b'{"id":1}\n', b'{"id":2}\n', b'{"id":3}\n']
    assert looks == [None, (1,), (2,)]


@pytest.mark.parametrize(("name", "most"), [("bookings", 1_000), ("sessions", 100), ("pods", 100)])
def test_a_look_takes_fewer_where_each_may_hold_many_seats(
    desk: Desk, name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def page(*_: Any, limit: int, **__: Any) -> Page[Any]:
        looks.append(limit)
        return Page([], None)

    for reader in ("bookings_page", "sessions_page"):
        monkeypatch.setattr(session_lists, reader, page)
    assert desk.get(f"/v1/{name}", headers=NDJSON).status_code == 200
    assert looks == [most]
