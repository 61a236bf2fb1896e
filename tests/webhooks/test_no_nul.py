"""A NUL in a query or a field: nobody types one, and PostgreSQL fails at it. It is refused before
any database is asked. (The settings: `pages/settings/test_choices.py`.)
"""

from collections.abc import Callable, Iterator

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.ops_pages import csrf, log_in
from tests.support.page_visitor import enter, fields, open_starts

NULS = ("\0", "ses_a\0b")


@pytest.fixture
def postgres_desk(fresh_database: Callable[[Kind], str]) -> Iterator[Desk]:
    with desks.opened(fresh_database("postgresql"), broker=StubBroker()) as desk:
        people.introduce(desk.database)
        desks.connect(desk)
        yield desk


def test_no_page_of_booking_asks_a_database_for_a_nul(postgres_desk: Desk) -> None:
    visitor = enter(postgres_desk)
    booking_id = visitor.book(open_starts(visitor.get("/book"))[8])
    mine = f"/book/bookings/{booking_id}"
    filled = fields(visitor.get(f"{mine}/cancel"))
    before = postgres_desk.dump()
    answers = []
    for text in NULS:
        for name in ("move", "zone", "duration", "start", "week"):
            for path in ("/book", "/book/grid", "/book/confirm"):
                answers.append(visitor.get(path, query_string={name: text}))
        answers.append(visitor.post(f"{mine}/group", filled | {"pod": text}))
        answers.append(visitor.post("/book", filled | {"move": text}))
        answers.append(visitor.post(f"{mine}/cancel", filled | {"unknown": text}))
    assert {answer.status_code for answer in answers} == {422}
    assert postgres_desk.dump() == before


def test_no_page_of_ops_asks_a_database_for_a_nul(postgres_desk: Desk) -> None:
    client = postgres_desk.client
    log_in(client, postgres_desk.key())
    token = csrf(client.get("/ops"))
    answers = []
    for text in NULS:
        for path, name in (("/ops/outbox", "kind"), ("/ops/find", "id"), ("/ops/plots", "hours")):
            answers.append(client.get(path, query_string={name: text}))
        answers.append(client.post("/ops/withheld/release", data={"csrf": token, "which": text}))
    assert {answer.status_code for answer in answers} == {422}
