"""Cronofy's calls about links: a wake-up that owes a look, whatever stands in it."""

from threading import Thread
from typing import Any

import pytest

from domain.places import Place
from storage.rows.channels import channel_hash
from storage.schema import tables
from storage.slots.bookable import Wanted
from storage.transactions import bookings, conferencing
from tests.support import people
from tests.support.http_client import SECRET, Desk
from webhooks.api.conferencing import PLACE
from webhooks.http.requests import PUSH_CAP
from workers.cronofy import signature

TOKEN = "an-address-that-nobody-guesses"
CALL = f"{PLACE}{TOKEN}/assigned"
BODIES = (b"", b"{}", b"no JSON", b'{"notification":{"type":"conferencing_assigned"}}')


@pytest.fixture
def session_id(desk: Desk, ada: str) -> str:
    """A session by video, whose event was written."""
    with desk.database.write() as tx:
        done = bookings.book(
            tx,
            Wanted("ada", people.at(3, 10), 60),
            people.GRACE,
            people.PROGRAMME,
            people.terms(),
            place=Place("conferencing"),
        )
        conferencing.listen(tx, done.session.id, channel_hash(TOKEN), now=people.NOW)
        tx.execute(tables.outbox.update().values(state="sent"))
    return done.session.id


def call(desk: Desk, path: str = CALL, raw: bytes = b"{}", signed: str | None = None) -> Any:
    headers = {"Content-Type": "application/octet-stream"}
    if signed is not None:
        headers[signature.HEADER] = signed
    return desk.client.post(path, data=raw, headers=headers)


def looks(desk: Desk) -> list[tuple[str, str]]:
    row = tables.outbox.c
    with desk.database.read() as tx:
        found = tx.execute(tables.outbox.select().where(row.topic == "look"))
        return [(each.session_id, each.state) for each in found]


@pytest.mark.parametrize("raw", BODIES)
@pytest.mark.parametrize("is_signed", [False, True])
def test_a_call_owes_a_look_whatever_stands_in_it(
    desk: Desk, session_id: str, raw: bytes, is_signed: bool
) -> None:
    signed = signature.sign(raw, [SECRET]) if is_signed else None
    answer = call(desk, raw=raw, signed=signed)
    assert (answer.status_code, answer.data) == (204, b"")
    assert looks(desk) == [(session_id, "pending")]


def test_calls_at_once_owe_one_look(desk: Desk, session_id: str) -> None:
    answers: list[int] = []
    threads = [Thread(target=lambda: answers.append(call(desk).status_code)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204] * 10
    assert looks(desk) == [(session_id, "pending")]


def test_a_failing_one_is_known_by_its_address(desk: Desk, session_id: str) -> None:
    call(desk, f"{PLACE}{TOKEN}/failing")
    with desk.database.read() as tx:
        found = tx.execute(tables.sessions.select()).one()
    assert found.conferencing_state == "failing"
    assert looks(desk) == [(session_id, "pending")]


@pytest.mark.parametrize(
    ("path", "raw", "signed", "status"),
    [
        (f"{PLACE}nobody/assigned", b"{}", None, 204),
        (f"{PLACE}{TOKEN}/else", b"{}", None, 404),
        (f"{PLACE}{TOKEN}", b"{}", None, 404),
        (CALL, b"{}", "nobody's", 401),
        (CALL, b"{}", "", 401),
        (CALL, b" " * (PUSH_CAP + 1), None, 413),
    ],
)
def test_what_is_not_taken_writes_nothing(
    desk: Desk, session_id: str, path: str, raw: bytes, signed: str | None, status: int
) -> None:
    before = desk.dump()
    assert call(desk, path, raw, signed).status_code == status
    assert desk.dump() == before
