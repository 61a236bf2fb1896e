"""Cronofy's pushes: what each kind owes, and that a 2xx is a promise kept in the database."""

import time
from threading import Thread
from typing import Any
from typing import cast as cast_to

import pytest
from dramatiq.brokers.stub import StubBroker

from storage.rows import refresh_jobs
from storage.schema import tables
from storage.schema.database import Database
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import CHANGE, PUSH, Desk
from tests.webhooks.api.pushes import STRANGER, kind
from webhooks.api.notifications import PATH
from webhooks.http.context import RawAnswer
from webhooks.http.requests import PUSH_CAP
from workers.cronofy import signature


def test_a_change_owes_a_read_and_wakes_a_worker(desk: Desk, ada: str) -> None:
    answer = desk.push()
    assert (answer.status_code, answer.data) == (204, b"")
    assert desk.owes(ada) == 1
    assert desk.woken() == [ada]


def test_five_equal_pushes_in_any_order_owe_one_read_and_wake_once(desk: Desk, ada: str) -> None:
    # Given the same change told five times, and older ones after newer ones
    stamps = [
        "2026-06-01T07:59:00Z",
        "2026-06-01T07:58:00Z",
        "2026-06-01T07:59:00Z",
        "2026-06-01T07:57:00Z",
        None,
    ]
    pushes = [kind("change", changes_since=stamp) for stamp in stamps]
    # When they arrive
    assert [desk.push(raw).status_code for raw in pushes] == [204] * 5
    # Then one read is owed, which starts after all of them
    assert desk.owes(ada) == 1
    assert desk.woken() == [ada]


def test_a_push_for_a_connection_that_is_owed_a_read_already_writes_nothing(
    desk: Desk, ada: str
) -> None:
    desk.push()
    before = desk.dump()
    assert desk.push().status_code == 204
    assert desk.dump() == before


def test_a_push_while_the_calendar_is_being_read_owes_one_more_read(desk: Desk, ada: str) -> None:
    # Given a read under way
    desk.push()
    held = people.claim(desk.database, ada)
    assert held is not None
    # When a push arrives in the middle of it
    assert desk.push().status_code == 204
    # Then nobody is woken to wait beside the reader, and when the read ends another one is due
    assert desk.woken() == [ada]
    with desk.database.write() as tx:
        assert refresh_jobs.finish(tx, held) is True
    assert desk.owes(ada) == 1


def test_ten_pushes_at_once_owe_one_read_and_wake_once(desk: Desk, ada: str) -> None:
    answers: list[int] = []
    threads = [Thread(target=lambda: answers.append(desk.push().status_code)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204] * 10
    assert desk.owes(ada) == 1
    assert desk.woken() == [ada]


@pytest.mark.parametrize(
    "name",
    [
        "profile_disconnected",
        "profile_initial_sync_completed",
        "conferencing_profile_disconnected",
    ],
)
def test_news_of_a_profile_owe_a_look_at_the_account_too(desk: Desk, ada: str, name: str) -> None:
    assert desk.push(kind(name)).status_code == 204
    held = people.claim(desk.database, ada)
    assert held is not None
    assert held.userinfo_due


def test_news_of_a_profile_are_kept_even_when_a_read_is_owed_already(desk: Desk, ada: str) -> None:
    desk.push()
    desk.push(kind("profile_disconnected"))
    held = people.claim(desk.database, ada)
    assert held is not None
    assert held.userinfo_due


def test_a_person_who_wants_to_be_forgotten_is_owed_that(desk: Desk, ada: str) -> None:
    assert desk.push(kind("gdpr_requested")).status_code == 204
    held = people.claim(desk.database, ada)
    assert held is not None
    assert held.erase_due


@pytest.mark.parametrize(
    "name",
    [
        "verification",
        "scheduling_conversation_joined",
        "a_type_of_2027",
    ],
)
def test_kinds_that_owe_nothing_are_accepted_and_owe_nothing(
    desk: Desk, ada: str, name: str
) -> None:
    before = desk.dump()
    assert desk.push(kind(name)).status_code == 204
    assert desk.dump() == before
    assert desk.woken() == []


def test_a_body_of_another_product_with_a_good_signature_is_accepted(desk: Desk, ada: str) -> None:
    assert (
        desk.push(b'{"event":{"start":"2026-06-01T10:00:00Z"},"participants":[]}').status_code
        == 204
    )
    assert desk.owes(ada) == 0


def test_redis_down_costs_no_push(database_url: str) -> None:
    with desks.opened(database_url) as desk:
        people.introduce(desk.database)
        connection_id = desks.connect(desk)
        begin = time.monotonic()
        assert desk.push().status_code == 204
        assert time.monotonic() - begin < 5, "Cronofy waits 5 s"
        # The row is what counts: the sweeper finds it
        assert desk.owes(connection_id) == 1


@pytest.mark.parametrize(
    "url", ["postgresql://127.0.0.1:1/nobody", "sqlite:////no/such/folder/db.sqlite"]
)
def test_database_down_is_told_so_that_the_push_comes_again(url: str) -> None:
    with desks.opened(url, broker=StubBroker()) as desk:
        answer = desk.push()
    assert (answer.status_code, answer.json["code"]) == (503, "database_away")
    assert int(answer.headers["Retry-After"]) > 0


def test_pushes_are_counted_by_outcome(desk: Desk, ada: str) -> None:
    for raw in (CHANGE, CHANGE, kind("verification"), kind("a_type_of_2027")):
        desk.push(raw)
    desk.push(headers={signature.HEADER: STRANGER})
    desk.push(path="/webhooks/cronofy/another")
    counted = desk.look("/metrics").text
    for outcome in (
        "accepted", "owed_already", "nothing_owed", "unknown_kind", "signature_invalid",
        "unknown_channel"
    ):  # fmt: skip
        assert f'coachcal_pushes_total{{outcome="{outcome}"}} 1.0' in counted


@pytest.mark.parametrize(
    ("raw", "more", "path"),
    [
        (CHANGE, {}, PUSH),
        (kind("profile_disconnected"), {}, PUSH),
        (kind("a_type_of_2027"), {}, PUSH),
        (CHANGE, {signature.HEADER: "x"}, PUSH),
        (CHANGE, {"Content-Type": "text/plain"}, PUSH),
        (CHANGE, {"Content-Type": "application/json; charset=ascii"}, PUSH),
        (CHANGE, {"CONTENT_LENGTH": str(len(CHANGE) - 1)}, PUSH),
        (CHANGE, {"CONTENT_LENGTH": "+9"}, PUSH),
        (CHANGE, {"CONTENT_LENGTH": "9" * 400}, PUSH),
        (b" " * PUSH_CAP + CHANGE, {}, PUSH),
        (b"{}", {}, PUSH),
        (b"nonsense", {}, PUSH),
        (CHANGE, {}, f"{PUSH}/more"),
        (CHANGE, {}, f"{PUSH}%C3%A9"),
        (CHANGE, {}, "/webhooks/cronofy/"),
    ],
)
def test_what_is_accepted_in_passing_is_what_the_endpoint_accepts(
    desk: Desk, ada: str, raw: bytes, more: dict[str, str], path: str
) -> None:
    """In a storm, that is: for a connection that is owed a read. A wrong answer here would be a
    push that is lost.
    """
    desk.push()
    environ = {name: more[name] for name in more if name == "CONTENT_LENGTH"}
    app = cast_to(Any, desk.client.application)
    look, passed = app.in_passing[0], list[bool]()

    def watched(environ: dict[str, Any]) -> RawAnswer | None:
        answer: RawAnswer | None = look(environ)
        passed.append(answer is not None)
        return answer

    told = []
    for ways in ((watched,), ()):
        app.in_passing = ways
        answer = desk.push(raw, headers=more, path=path, environ=environ)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        told.append((answer.status_code, answer.status_code >= 400 and answer.json["code"]))
    assert told[0] == told[1]
    assert passed == [(raw, more, path) == (CHANGE, {}, PUSH)]
    assert f'route="{PATH}",status="204"' in desk.look("/metrics").text


def test_neither_bodies_nor_channel_tokens_are_logged(
    desk: Desk, ada: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    canary = kind("change", note="a-canary-in-the-body")
    desk.push(canary)
    desk.push(canary, headers={signature.HEADER: STRANGER})
    desk.push(b"a-canary-in-the-body")
    out = "".join((*capsys.readouterr(), caplog.text))
    assert "canary" not in out
    assert PUSH not in out


def test_a_database_of_pushes_is_the_one_that_workers_sweep(desk: Desk, ada: str) -> None:
    desk.push()
    assert _swept_later(desk.database) == [ada]


def _swept_later(database: Database) -> list[str]:
    """What the sweeper finds once the first wake-up has had its time."""
    with database.write() as tx:
        tx.execute(tables.connections.update().values(wake_after_ms=0))
        return refresh_jobs.sweep(tx)
