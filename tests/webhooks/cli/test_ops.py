"""The commands of ops: what waits, what was given up, who cannot be trusted, and whose address is
withheld.
"""

from typing import Any

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.command_line import run
from tests.support.in_process import Connected, House
from tests.support.people import NOW
from tests.webhooks.cli.kept import book, diary, rows
from workers.broker import create_redis


def set_outbox(house: House, outbox_id: str, **values: Any) -> None:
    with house.runtime.services.database.write() as tx:
        tx.execute(tables.outbox.update().where(tables.outbox.c.id == outbox_id).values(values))


def a_dead_mail(house: House) -> str:
    book(house)
    found = next(row.id for row in rows(house, tables.outbox, kind="mail", topic="booked"))
    set_outbox(house, found, state="dead", last_error="550 no such user")
    return str(found)


def test_queues_tells_what_waits(told: House, ada: Connected, redis_url: str) -> None:
    told.mark_dirty(ada.connection_id)
    book(told)
    create_redis(redis_url, timeout=60).lpush("coachcal:mails", "a wake-up")
    lines = run("queues").stdout.splitlines()
    assert lines[0].startswith("reads owed   1, the oldest for ")
    assert any(line.startswith("outbox       mail: the oldest due for ") for line in lines)
    assert "queue        mails: 1 wake-ups" in lines


def test_queues_without_redis_tells_the_rest_and_says_so(
    told: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    result = run("queues")
    assert result.exit_code == 1
    assert "reads owed   0" in result.output
    assert "Redis is away" in result.output


def test_a_dead_letter_is_listed_with_its_reason_requeued_and_gone(
    told: House, ada: Connected, redis_url: str
) -> None:
    assert run("dead", "list").stdout == "no dead letters\n"
    letter = a_dead_mail(told)
    listed = run("dead", "list").stdout
    assert letter in listed
    assert "550 no such user" in listed
    assert "@" not in listed
    # When it is requeued
    assert run("dead", "requeue", letter).stdout == f"{letter}: requeue done\n"
    # Then it is owed again, a worker is woken for it, and the diary tells who did it
    assert [row.state for row in rows(told, tables.outbox, id=letter)] == ["pending"]
    assert create_redis(redis_url, timeout=60).llen("coachcal:mails") == 1
    assert diary(told) == [("requeue", letter)]
    assert run("dead", "list").stdout == "no dead letters\n"


def test_a_discarded_letter_is_never_sent(told: House, ada: Connected) -> None:
    letter = a_dead_mail(told)
    assert run("dead", "discard", letter, "--yes").exit_code == 0
    assert [row.state for row in rows(told, tables.outbox, id=letter)] == ["superseded"]
    assert diary(told) == [("discard", letter)]


@pytest.mark.parametrize("action", ["requeue", "discard"])
def test_what_is_no_dead_letter_is_left_alone(told: House, ada: Connected, action: str) -> None:
    book(told)
    alive = rows(told, tables.outbox, kind="mail")[0].id
    sure = ("--yes",) if action == "discard" else ()
    result = run("dead", action, alive, "out_nobody", *sure)
    assert result.exit_code == 1
    assert "coachcal dead list" in result.output
    assert rows(told, tables.outbox, id=alive)[0].state == "pending"
    assert diary(told) == []


def test_outbox_counts_and_lists_without_an_address(told: House, ada: Connected) -> None:
    letter = a_dead_mail(told)
    counted = [line.split()[:3] for line in run("outbox").stdout.splitlines()]
    assert ["mail", "dead", "1"] in counted
    assert ["calendar", "pending", "1"] in counted
    listed = run("outbox", "--state", "dead").stdout
    assert letter in listed
    assert "550 no such user" in listed
    assert "@" not in run("outbox", "--state", "pending").stdout
    assert run("outbox", "--state", "lost").exit_code == 2


def test_coaches_tells_how_each_stands_and_stale_only_who_cannot_be_trusted(
    told: House, ada: Connected
) -> None:
    told.introduce(people.coach(id="bob"))
    told.introduce(people.coach(id="cyd"))
    lost = told.connect("cyd")
    told.set_row(
        lost.connection_id,
        trouble="revoked",
        last_ok_at=None,
        last_error="invalid_grant",
        done_gen=1,
    )
    # The command's clock is the real one: Ada's calendar, read in June 2026, is stale.
    everybody = [line.split()[:2] for line in run("coaches").stdout.splitlines()]
    assert everybody == [["ada", "stale"], ["bob", "unconnected"], ["cyd", "disconnected"]]
    stale = [line.split() for line in run("coaches", "--stale").stdout.splitlines()]
    assert [(line[0], line[1]) for line in stale] == [("ada", "stale"), ("cyd", "disconnected")]
    assert stale[1][-1] == "invalid_grant"


def test_an_audit_opens_the_channel_that_is_missing(told: House, ada: Connected) -> None:
    assert run("channels", "audit").stdout == f"{ada.connection_id}: as it should be\n"
    told.control.close_channel(rows(told, tables.channels)[0].channel_id)
    assert (
        run("channels", "audit", "ada").stdout == f"{ada.connection_id}: was closed, opened anew\n"
    )
    assert run("channels", "audit").stdout == f"{ada.connection_id}: as it should be\n"
    assert told.owed(ada.connection_id)


def test_an_audit_that_cronofy_refuses_is_told_and_fails(told: House, ada: Connected) -> None:
    told.control.revoke_tokens(ada.seat.sub)
    result = run("channels", "audit")
    assert result.exit_code == 1
    assert "coaches --stale" in result.output


def test_an_audit_goes_on_past_secrets_that_do_not_open(told: House, ada: Connected) -> None:
    told.introduce(people.coach(id="bob"))
    bobs = told.connect("bob")
    told.refresh(bobs.connection_id)
    # Given tokens that were sealed for another row, of the account that comes first
    sealed = told.runtime.services.vault.seal("con_of_another", {"access": "a", "refresh": "r"})
    told.set_row(ada.connection_id, tokens=sealed)
    mine = tables.channels.c.connection_id == ada.connection_id
    with told.runtime.services.database.write() as tx:
        tx.execute(tables.channels.update().where(mine).values(audited_at=None))
    result = run("channels", "audit")
    assert result.exit_code == 1
    assert f"{ada.connection_id}: the secret in the row of" in result.output
    assert f"{bobs.connection_id}: as it should be" in result.output


def test_an_audit_of_a_coach_who_has_no_account_says_so(told: House, ada: Connected) -> None:
    result = run("channels", "audit", "adda")
    assert result.exit_code == 1
    assert "coachcal connect adda" in result.output


def test_a_withheld_address_is_listed_and_released_and_its_dead_letters_wait_for_that(
    told: House, ada: Connected
) -> None:
    mine = a_dead_mail(told)
    address = rows(told, tables.outbox, id=mine)[0].recipient
    values = {
        "id": "wad_1",
        "reason": "550 5.1.1",
        "reply": "550 5.1.1 nobody",
        "outbox_id": mine,
        "since": NOW,
    }
    with told.runtime.services.database.write() as tx:
        tx.execute(tables.withheld_addresses.insert().values(address=address, **values))
    # A dead letter to it says what to do
    result = run("dead", "requeue", mine)
    assert result.exit_code == 1
    assert "coachcal withheld release wad_1" in result.output
    assert rows(told, tables.outbox, id=mine)[0].state == "dead"
    # It is listed without the address, and released by its id
    shown = run("withheld", "list").stdout
    assert "wad_1  since 2026-06-01 08:00:00 UTC until 2026-07-01  " in shown
    assert "550 5.1.1 nobody" in shown
    assert address not in shown
    assert run("withheld", "release", "wad_1").stdout == "wad_1: released; 0 leave, 0 ended\n"
    assert run("withheld", "list").stdout == "no address is withheld\n"
    assert run("dead", "requeue", mine).exit_code == 0
    assert set(diary(told)) == {("requeue", mine), ("release", "wad_1")}
    for typed, said in ((address, "it is not withheld"), ("a@b@c", "Send one mail address")):
        result = run("withheld", "release", typed)
        assert result.exit_code == 1
        assert said in result.output


def test_a_cause_is_listed_and_all_of_it_is_requeued_by_one_command(
    told: House, ada: Connected, redis_url: str
) -> None:
    assert run("causes", "list").stdout == "nothing fails\n"
    letter = a_dead_mail(told)
    (line,) = run("causes", "list").stdout.splitlines()
    assert "mail dead  1  for -  550 no such user" in line
    cause_id = line.split()[0]
    assert run("causes", "acknowledge", cause_id).exit_code == 0
    assert "acknowledged by cli/" in run("causes", "list").stdout
    # When it is requeued: the count first, then what was done
    said = run("causes", "requeue", cause_id).stdout
    assert said.startswith("1 mail dead: 550 no such user\n")
    assert "requeue done to 1 of 1" in said
    assert [row.state for row in rows(told, tables.outbox, id=letter)] == ["pending"]
    assert create_redis(redis_url, timeout=60).llen("coachcal:mails") == 1
    assert sorted(diary(told)) == [("acknowledge", cause_id), ("requeue all", cause_id)]
    # Then nothing fails so any more
    over = run("causes", "discard", cause_id, "--yes")
    assert over.exit_code == 1
    assert "coachcal causes list" in over.output


def test_a_deed_that_does_not_fit_a_cause_says_which_do(told: House, ada: Connected) -> None:
    a_dead_mail(told)
    cause_id = run("causes", "list").stdout.split()[0]
    refused = run("causes", "release", cause_id)
    assert refused.exit_code == 1
    assert "takes: requeue, discard" in refused.output
    assert run("causes", "stop", "blk_nothing").exit_code == 1


def test_what_is_paused_by_a_command_waits_until_it_is_resumed(told: House, ada: Connected) -> None:
    assert run("pauses").stdout == "nothing\n"
    book(told)
    paused = run("pause", "mail").stdout
    assert paused.startswith("mail: pause done; ")
    assert "by cli/" in run("pauses").stdout
    assert run("pause", "mail").exit_code == 1
    assert run("pause", "company:nobody").stdout == "company:nobody: pause done; 0 wait\n"
    for what in ("read", "company:", "x"):
        assert run("pause", what).exit_code == 1
    assert run("resume", "mail").exit_code == 0
    assert run("resume", "company:nobody").exit_code == 0
    assert run("pauses").stdout == "nothing\n"
    assert sorted(diary(told)) == [
        ("pause", "company:nobody"),
        ("pause", "mail"),
        ("resume", "company:nobody"),
        ("resume", "mail"),
    ]
