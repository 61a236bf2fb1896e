"""A real run of an import is cut into transactions: it is gone on with where it stopped, and
nothing is made twice.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from storage.rows import coaches
from storage.schema import tables
from storage.transactions import pod_imports
from storage.transactions.pod_import_entries import EntryOutcome
from storage.transactions.pod_imports import MOST_ENTRIES, MOST_SEATED
from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import HEDY
from tests.support.pod_imports import HEAD, SAM, judged, line, real
from tests.support.spreadsheets import table
from webhooks.api import spreadsheets
from webhooks.api.pod_import_rows import read
from webhooks.api.sheet_columns import Columns

ROWS = (line(), line(coach="bob", at="14:00", people=SAM), line(coach="bob", at="16:00"))
RAW = table(*ROWS, head=HEAD)


class Killed(BaseException):
    """What a process that is killed would not catch either."""


@pytest.fixture
def desk(desk: Desk) -> Desk:
    people.ready(desk.database, people.MAILED)
    people.ready(
        desk.database, replace(people.MAILED, id="bob", name="Bob", email="bob@example.test")
    )
    desk.key("bookings:write")
    return desk


def killed_before(
    coach_id: str, monkeypatch: pytest.MonkeyPatch, also: Callable[[], None] = lambda: None
) -> None:
    """A run ends where it would have made this coach's pods."""
    make = pod_imports.make

    def until_then(tx: Any, who: str, *rest: Any, **options: Any) -> Any:
        if who != coach_id:
            return make(tx, who, *rest, **options)
        also()
        raise Killed

    monkeypatch.setattr(pod_imports, "make", until_then)


def stopped(
    desk: Desk, key: str, monkeypatch: pytest.MonkeyPatch, also: Callable[[], None] = lambda: None
) -> None:
    """An import with this key that was killed between Ada and Bob."""
    with monkeypatch.context() as here:
        killed_before("bob", here, also)
        with pytest.raises(Killed):
            real(desk, RAW, key=key)


def made(desk: Desk) -> list[str]:
    """Whose pods there are."""
    row = tables.sessions.c
    with desk.database.read() as tx:
        return list(tx.scalars(select(row.coach_id).order_by(row.coach_id)))


def test_an_import_that_was_killed_between_two_coaches_is_gone_on_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given one that ended when Ada's pods were made
    key, mails = secrets.token_hex(8), desk.runtime.broker.queues["mails"]
    stopped(desk, key, monkeypatch)
    # Then those stand, and their senders were woken
    assert made(desk) == ["ada"]
    assert mails.qsize() == 2
    # When it is repeated
    answer = real(desk, RAW, key=key)
    # Then the others are made, each once, with their mails, and all is told as if nothing had
    # happened
    assert (answer.status_code, judged(answer.json)) == (
        201,
        [(2, "green", []), (3, "green", []), (4, "green", [])],
    )
    assert made(desk) == ["ada", "bob", "bob"]
    assert mails.qsize() == 6
    pods = [
        desk.get(f"/v1/pods/{row['pod_id']}", "bookings:read").json for row in answer.json["rows"]
    ]
    assert [(pod["coach_id"], len(pod["bookings"])) for pod in pods] == [
        ("ada", 1),
        ("bob", 1),
        ("bob", 1),
    ]
    again = real(desk, RAW, key=key)
    assert (again.status_code, again.data, len(made(desk))) == (201, answer.data, 3)
    # And for another request the key is of no use, were it in the middle
    other = real(desk, table(ROWS[0], head=HEAD), key=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_row_whose_time_is_taken_meanwhile_is_red_and_the_others_stand(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = secrets.token_hex(8)
    stopped(desk, key, monkeypatch)
    taken = {
        "coach_id": "bob",
        "start": "2026-06-02T13:00:00Z",
        "duration": 60,
        "participant": HEDY,
    }
    assert post(desk, "/v1/bookings", taken).status_code == 201
    answer = real(desk, RAW, key=key)
    assert (answer.status_code, answer.json["code"], answer.json["imported"]) == (
        409,
        "import_partial",
        True,
    )
    assert judged(answer.json) == [
        (2, "green", []),
        (3, "red", ["slot_not_open"]),
        (4, "green", []),
    ]
    assert [bool(row["pod_id"]) for row in answer.json["rows"]] == [True, False, True]
    assert answer.json["rows"][1]["remarks"][0]["reason"] == "session"
    assert answer.json["detail"].endswith("send only them, as a new file.")
    assert real(desk, RAW, key=key).data == answer.data
    rest = real(desk, table(line(coach="bob", at="11:00", people=SAM), head=HEAD))
    assert rest.status_code == 201


def test_until_something_is_made_a_red_row_stops_the_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = secrets.token_hex(8)
    with monkeypatch.context() as here:
        killed_before("ada", here)
        with pytest.raises(Killed):
            real(desk, RAW, key=key)
    taken = {
        "coach_id": "ada",
        "start": "2026-06-02T12:00:00Z",
        "duration": 60,
        "participant": HEDY,
    }
    assert post(desk, "/v1/bookings", taken).status_code == 201
    answer = real(desk, RAW, key=key)
    assert (answer.status_code, answer.json["code"], answer.json["imported"]) == (
        409,
        "import_refused",
        False,
    )
    assert len(made(desk)) == 1
    assert real(desk, RAW, key=key).data == answer.data


def test_a_pod_that_stays_as_it_is_does_not_let_the_others_be_made_in_part(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a file whose first coach's pod is there as it says, and an import killed after that one
    first = real(desk, table(ROWS[0], head=HEAD)).json["rows"][0]["pod_id"]
    head, rows = f"id,{HEAD}", [f"{first},{ROWS[0]}", f",{ROWS[1]}", f",{ROWS[2]}"]
    raw, key = table(*rows, head=head), secrets.token_hex(8)
    with monkeypatch.context() as here:
        killed_before("bob", here)
        with pytest.raises(Killed):
            real(desk, raw, key=key)
    taken = {"coach_id": "bob", "start": "2026-06-02T13:00:00Z", "duration": 60}
    assert post(desk, "/v1/bookings", taken | {"participant": HEDY}).status_code == 201
    # When it is gone on with, and a row of the other coach's cannot be had any more
    answer = real(desk, raw, key=key)
    # Then nothing is made: nothing was yet
    assert (answer.json["code"], answer.json["imported"]) == ("import_refused", False)
    assert made(desk) == ["ada", "bob"]


def test_a_coach_is_locked_for_their_own_rows_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (
        desk.database.engine.dialect.name == "sqlite"
    ):  # it has one lock for all, and for one part at a time
        return
    locked: list[object] = []

    def book_ada() -> None:
        with desk.database.write() as tx:
            locked.append(coaches.lock(tx, "ada"))

    stopped(desk, secrets.token_hex(8), monkeypatch, book_ada)
    assert len(locked) == 1


def test_repeats_at_once_make_everything_once_and_are_answered_the_same(desk: Desk) -> None:
    for day in range(3, 6):
        raw, key = RAW.replace(b"2026-06-02", f"2026-06-{day:02}".encode()), secrets.token_hex(8)
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _, raw=raw, key=key: real(desk, raw, key=key), range(3)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.data for answer in answers}) == 1
    assert len(made(desk)) == 9


def test_a_roster_is_cut_so_that_nobody_waits_for_long() -> None:
    crowd = ";".join(f"p{number}@example.test" for number in range(30))
    rows = [line(coach="bob")] + [line()] * 25 + [line(coach="eve", people=crowd, max="40")] * 3
    read_rows = [
        read(each)
        for each in spreadsheets.read(table(*rows, head=HEAD), spreadsheets.CSV, Columns())
    ]
    entries = [row.entry for row in read_rows if row.entry]
    parts = pod_imports.parts(entries, [EntryOutcome(coach_id=entry.coach) for entry in entries])
    assert [(part.coach_id, len(part.places)) for part in parts] == [
        *[("ada", MOST_ENTRIES)] * 2, ("ada", 5), ("bob", 1), *[("eve", 1)] * 3
    ]  # fmt: skip
    assert MOST_SEATED < 2 * 30
    assert sorted(place for part in parts for place in part.places) == list(range(len(rows)))
