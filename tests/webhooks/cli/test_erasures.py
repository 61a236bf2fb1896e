"""The commands about a person: what is held of them is exported, and erased, with nobody else's."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.sessions import Refused
from storage.reports.personal_data import Person
from storage.rows import api_keys, idempotency, refusals
from storage.rows.idempotency import StoredAnswer
from storage.rows.refusals import Refusal
from storage.schema import tables
from storage.transactions import bookings
from storage.transactions.bookings import BookingChange
from tests.support import people
from tests.support.command_line import run
from tests.support.in_process import Connected, House
from tests.support.people import NOW, at
from tests.webhooks.cli.kept import book, diary, rows
from workers import clock
from workers.jobs import erasure

KEPT = ("by-coach", "by-mail", "by-session", "of-a-page", "older")
"""The answers of `keep_answers` that tell of Ada."""


def test_export_tells_all_that_is_held_and_no_token(told: House, ada: Connected) -> None:
    done = book(told)
    keep_answers(told, done)
    told_all = json.loads(run("export", "ada").stdout)
    assert told_all["coaches"][0]["email"] == "ada@example.test"
    assert told_all["connections"][0]["sub"] == ada.seat.sub
    assert told_all["calendars"][0]["name"] == "Calendar"
    start = int((NOW + timedelta(days=1, hours=1)).timestamp())
    period = {
        "start": start,
        "end": start + 3600,
        "calendar_id": ada.calendar,
        "connection_id": ada.connection_id,
    }
    assert told_all["busy"] == [period]
    assert told_all["sessions"][0]["starts"] == at(4, 10)
    assert told_all["bookings"][0]["participant"]["name"] == "Grace Hopper"
    assert {row["kind"] for row in told_all["outbox"]} == {"mail", "calendar"}
    assert [each["key"] for each in told_all["idempotency"]] == [*KEPT]
    # And nothing opens a calendar
    text = json.dumps(told_all)
    for secret in (ada.seat.access_token, ada.seat.refresh_token):
        assert secret not in text
    assert {"tokens", "token", "token_hash"}.isdisjoint(
        key for name in ("connections", "channels") for row in told_all[name] for key in row
    )


def test_whoever_is_not_there_can_be_neither_exported_nor_erased(told: House) -> None:
    for arguments in (("export", "nobody"), ("erase", "nobody", "--yes")):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "there is no coach nobody" in result.output


def test_every_table_is_a_person_s_or_nobody_s(told: House) -> None:
    """A new table has to say whose it is: here, or in `storage.reports.whose_rows`."""
    from storage.reports.whose_rows import of_coach, of_participant

    nobodys = {
        "alembic_version",
        "api_clients",
        "api_keys",
        "schedule",
        "samples",
        "visible",
        "mail_texts",
        "link_uses",
        "brands",
        "places",
        "pod_groups",
        "change_rules",
        "acknowledgements",  # errors without their addresses
        "bulk_deeds",
        "feed_ends",
        "pauses",
        "webhook_attempts",
        "webhook_endpoints",  # the platform's
    }
    with told.runtime.services.database.read() as tx:
        persons = {table.name for table in (*of_coach(tx, "ada"), *of_participant(tx, "grace"))}
    told_apart = persons | {"idempotency"} | nobodys
    assert {table.name for table in tables.metadata.sorted_tables} <= told_apart


def keep_answers(house: House, done: BookingChange) -> None:
    """Answers that tell of Ada, and two that do not: of Bob, and of a text."""
    answers: dict[str, object] = {
        "by-coach": {"coach_id": "ada", "start": "2026-06-04T10:00:00Z"},
        "by-session": {"rows": [{"pod_id": done.session.id}]},
        "by-mail": {"detail": "no open time for ada@example.test then"},
        "bob": {"coach_id": "bob", "title": "ada"},
        "text": {"subject": "Your session with ada"},
    }
    with house.runtime.services.database.write() as tx:
        for key, answer in answers.items():
            idempotency.begin(tx, "coach-os", key, b"digest", now=NOW)
            idempotency.remember(
                tx, "coach-os", key, StoredAnswer(200, json.dumps(answer).encode())
            )
        # What a booking page keeps, and what one of the release before kept: the bare id of a
        # booking
        idempotency.begin(tx, "pages", "of-a-page", b"digest", now=NOW)
        idempotency.remember(tx, "pages", "of-a-page", StoredAnswer.of(303, done.booking.id))
        idempotency.begin(tx, "pages", "older", b"digest", now=NOW)
        idempotency.remember(tx, "pages", "older", StoredAnswer(303, done.booking.id.encode()))
        idempotency.begin(tx, "coach-os", "empty", b"digest", now=NOW)
        idempotency.remember(tx, "coach-os", "empty", StoredAnswer(204, b""))


def exported(*arguments: str) -> dict[str, Any]:
    """What the command prints, but for the audit, where it is told itself."""
    return {**json.loads(run("export", *arguments).stdout), "ops_audit": []}


def everything(house: House) -> str:
    with house.runtime.services.database.read() as tx:
        dumped = {
            table.name: tx.execute(table.select()).all() for table in tables.metadata.sorted_tables
        }
    kept = {name: found for name, found in dumped.items() if name != "ops_audit"}
    return repr(kept)


def test_erase_forgets_the_coach_and_nobody_else(told: House, ada: Connected) -> None:
    # Given Ada and Bob, both with a calendar and a booking, and both with answers kept
    told.introduce(people.coach(id="bob", name="Robert", email="bob@example.test"))
    told.refresh(told.connect("bob").connection_id)
    keep_answers(told, book(told))
    book(told, people.HEDY, "bob")
    with told.runtime.services.database.write() as tx:
        api_keys.create_key(tx, "coach-os", ("ops",), now=NOW)
        refusals.note(tx, Refusal(NOW, "GET /book", "not_here", None, None), {"coach_id": "ada"})
        tx.execute(
            tables.withheld_addresses.insert().values(
                address="ada@example.test", reason="550", since=NOW
            )
        )
    held = exported("bob")
    # When she is erased
    assert run("erase", "ada", input_="n\n").exit_code == 1
    result = run("erase", "ada", "--yes")
    # Then her calendars cannot be read any more, and nothing is left of her but the line in the
    # diary
    assert result.stdout.startswith(
        "erased ada: 1 accounts, 1 sessions (0 still to come), 1 bookings, "
    )
    assert result.stdout.endswith(f" {len(KEPT)} kept answers\n")
    assert "POST /oauth/token/revoke" in told.control.counts()
    left = everything(told)
    for canary in (
        "ada@example.test",
        "Ada Lovelace",
        "Grace Hopper",
        ada.seat.sub,
        ada.connection_id,
        "'ada'",
    ):
        assert canary not in left
    assert set(diary(told)) == {("erase", "ada"), ("export", "bob")}
    # And Bob has all that he had
    assert exported("bob") == held
    assert {row.key for row in rows(told, tables.idempotency)} == {"bob", "text", "empty"}


def test_what_cronofy_cannot_revoke_now_is_revoked_later_and_the_rest_is_gone(
    told: House, ada: Connected
) -> None:
    # Given a coach with a booking, while Cronofy is away
    book(told)
    told.control.fail("/oauth/token/revoke", 503, times=None)
    # When she is erased
    result = run("erase", "ada", "--yes")
    # Then only the account is left, with the coach's bare id, and the command says what happens
    # next
    assert result.exit_code == 1
    assert "did not revoke 1 accounts yet" in result.output
    left = everything(told)
    for canary in ("ada@example.test", "Ada Lovelace", "Grace Hopper"):
        assert canary not in left
    # And nobody can book her, lest a session be lost
    with pytest.raises(Refused):
        book(told)
    # And once Cronofy is back, worker and clock end it
    told.control.clear_faults()
    told.refresh(ada.connection_id)
    clock.erase(told.runtime.services, told.runtime.actors)
    assert [name for name in ("ada", ada.connection_id) if name in everything(told)] == []
    assert diary(told) == [("erase", "ada")]


def test_who_took_the_access_back_can_still_be_erased(told: House, ada: Connected) -> None:
    told.control.revoke_tokens(ada.seat.sub)
    assert run("erase", "ada", "--yes").exit_code == 0
    assert rows(told, tables.coaches) == []


def keep_a_participant_s_answers(house: House, done: BookingChange) -> None:
    answers: dict[str, object] = {
        "by-name": {"participant_id": "grace"},
        "by-booking": {"booking_id": done.booking.id},
        "by-address": {"detail": f"no such address: {people.GRACE.email}"},
        "by-address-as-typed": {"detail": f"{people.GRACE.email.title()} has another session then"},
        "of-hedy": {"participant_id": "hedy"},
    }
    with house.runtime.services.database.write() as tx:
        for key, answer in answers.items():
            idempotency.begin(tx, "coach-os", key, b"digest", now=NOW)
            idempotency.remember(tx, "coach-os", key, StoredAnswer.of(200, answer))


def test_erase_forgets_a_participant_and_keeps_time_seat_and_status(
    told: House, ada: Connected
) -> None:
    # Given Grace and Hedy, both booked with Ada
    booked, others = book(told), book(told, people.HEDY, start=at(4, 14))
    keep_a_participant_s_answers(told, booked)
    with told.runtime.services.database.write() as tx:
        tx.execute(
            tables.withheld_addresses.insert().values(
                address=people.GRACE.email, reason="550", since=NOW
            )
        )
    hers = exported("grace", "--participant")
    assert hers["bookings"][0]["participant"]["email"] == people.GRACE.email
    told_of_her = ["by-address", "by-address-as-typed", "by-booking", "by-name"]
    assert [each["key"] for each in hers["idempotency"]] == told_of_her
    # When Grace is erased
    assert (
        erasure.erase(told.runtime.services, Person("participant", "grace"), actor="a test")
        is not None
    )
    # Then nothing says who she was
    left = everything(told)
    for canary in (people.GRACE.name, people.GRACE.email, "'grace'", '"grace"'):
        assert canary not in left
    # But the session stands, under a name that says nothing
    [kept] = rows(told, tables.bookings, id=booked.booking.id)
    assert kept.status == "booked"
    assert kept.participant_id.startswith("erased_")
    assert rows(told, tables.sessions, id=booked.session.id)[0].taken == 1
    # And no mail about it leaves any more, but the calendar loses her name
    assert {
        row.state for row in rows(told, tables.outbox, kind="mail", booking_id=booked.booking.id)
    } == {"superseded"}
    calendar = [
        row
        for row in rows(told, tables.outbox, kind="calendar")
        if row.session_id == booked.session.id
    ]
    assert len(calendar) == 2
    # And Hedy has all that she had
    assert {
        row.state for row in rows(told, tables.outbox, kind="mail", booking_id=others.booking.id)
    } == {"pending"}
    assert {row.key for row in rows(told, tables.idempotency)} == {"of-hedy"}
    assert set(diary(told)) == {("erase", "grace"), ("export", "grace")}
    assert run("erase", "grace", "--participant", "--yes").exit_code == 1


def test_a_session_of_somebody_erased_is_cancelled_without_a_mail_to_nobody(
    told: House, ada: Connected
) -> None:
    booked = book(told)
    assert run("erase", "grace", "--participant", "--yes").exit_code == 0
    with told.runtime.services.database.write() as tx:
        bookings.cancel(tx, booked.booking.id, told.runtime.services.terms())
    mails = [row for row in rows(told, tables.outbox, kind="mail") if row.state == "pending"]
    assert {row.recipient for row in mails} <= {"ada@example.test"}
