"""Kill -9 anything at any line between a booking and its mail: it arrives, once. Real processes,
real signals.

The one exception is a death between the mail server's 250 and our COMMIT: then it comes again, as
the same mail, and that is counted.
"""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from storage.schema import tables
from tests.journeys.mail_post import LEASE_SECONDS, Post, opened_at
from tests.support import people
from tests.support.databases import Kind, migrate
from tests.support.mail_delivery import NEXT_WEEK
from tests.support.postgres import postgres_server

GRACE = "grace@example.test"
FROZEN_SECONDS = 10
"""A lease that really ends; two fifths of it are enough for a slow machine to name a recipient."""
INSISTS_SECONDS = 5
"""A lease: for so long a worker insists on telling a database that is away what it sent."""


@pytest.fixture
def post(tmp_path: Path, fresh_database: Callable[[Kind], str], redis_url: str) -> Iterator[Post]:
    with opened_at(tmp_path, fresh_database("postgresql"), redis_url) as post:
        yield post


@pytest.fixture
def post_on_both(tmp_path: Path, database_url: str, redis_url: str) -> Iterator[Post]:
    with opened_at(tmp_path, database_url, redis_url) as post:
        yield post


def test_death_before_commit_leaves_nothing_behind(post_on_both: Post) -> None:
    post = post_on_both
    died = post.run(
        "tests.support.failpoints",
        "storage.transactions.notices:owe:after",
        "--",
        "tests.support.one_booking",
        "key",
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    for table in (tables.bookings, tables.sessions, tables.outbox, tables.idempotency):
        assert post.count(table) == 0
    # When the caller, who got no answer, asks again
    done = post.run("tests.support.one_booking", "key")
    assert done.stdout.startswith("bkg_"), done.stderr
    assert post.row().recipient == GRACE


def test_death_after_commit_before_the_answer_is_one_booking_when_the_caller_asks_again(
    post: Post,
) -> None:
    died = post.run(
        "tests.support.failpoints",
        "workers.actors:Actors.wake_outbox:after",
        "--",
        "tests.support.one_booking",
        "key",
    )
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "")
    first = post.row()
    again = post.run("tests.support.one_booking", "key")
    assert again.stdout.strip() == first.booking_id, again.stderr
    assert (post.count(tables.bookings), len(post.rows())) == (1, 1)


def test_death_after_commit_before_the_wake_loses_no_mail(post: Post) -> None:
    died = post.run(
        "tests.support.failpoints",
        "workers.actors:Actors.wake_outbox:before",
        "--",
        "tests.support.one_booking",
        "key",
    )
    assert died.returncode == -signal.SIGKILL
    post.town.start("worker")
    post.town.start("clock")
    row = post.wait(lambda row: row.state == "sent")
    assert (row.attempts, row.unsure, len(post.office.taken)) == (1, 0, 1)


def test_a_wake_that_redis_forgets_loses_no_mail(post: Post, redis_url: str) -> None:
    post.wake(post.book())
    with redis.Redis.from_url(redis_url) as client:
        assert client.llen("coachcal:mails") == 1
        client.flushall()
    post.town.start("worker")
    post.town.start("clock")
    row = post.wait(lambda row: row.state == "sent")
    assert (row.attempts, len(post.office.taken)) == (1, 1)


def test_a_wake_that_comes_many_times_sends_once(post: Post, redis_url: str) -> None:
    post.wake(post.book(), times=20)
    post.town.start("worker")
    with redis.Redis.from_url(redis_url) as client:
        post.wait_for(
            lambda: (
                not client.llen("coachcal:mails") and not client.keys("coachcal:__acks__.*.mails")
            )
        )
    row = post.wait(lambda row: row.state == "sent")
    assert (row.attempts, row.unsure, len(post.office.taken)) == (1, 0, 1)


def test_a_worker_that_dies_after_the_claim_is_made_up_for_when_its_lease_ends(post: Post) -> None:
    post.town.start("clock")
    post.town.start_mortal("worker", "workers.delivery.outbox:_act:before")
    post.wake(post.book())
    post.town.wait_until_dead("worker")
    row = post.row()
    assert (row.state, row.attempts, len(post.office.taken)) == ("sending", 1, 0)
    post.lapse()
    post.town.start("worker")
    row = post.wait(lambda row: row.state == "sent")
    assert (row.attempts, row.unsure, len(post.office.taken)) == (2, 1, 1)


def test_a_worker_that_dies_during_smtp_is_made_up_for(post: Post) -> None:
    killed: list[bool] = []

    def kill() -> None:
        post.office.on_rcpt = None
        post.town.kill("worker")
        killed.append(True)

    post.office.on_rcpt = kill
    post.town.start("clock")
    post.town.start("worker")
    post.wake(post.book())
    post.wait_for(lambda: bool(killed))
    post.lapse()
    post.town.start("worker")
    row = post.wait(lambda row: row.state == "sent")
    assert (row.attempts, row.unsure, len(post.office.taken)) == (2, 1, 1)


def test_a_death_between_the_server_s_yes_and_our_commit_repeats_the_same_mail_and_counts_it(
    post: Post,
) -> None:
    post.town.start("clock")
    post.town.start_mortal("worker", "workers.delivery.outbox:_record:before")
    post.wake(post.book())
    post.town.wait_until_dead("worker")
    assert len(post.office.taken) == 1
    post.lapse()
    post.town.start("worker")
    row = post.wait(lambda row: row.state == "sent")
    assert (row.attempts, row.unsure) == (2, 1)
    first, again = post.office.taken
    assert (first.id, first.line("UID"), first.line("SEQUENCE")) == (
        again.id,
        again.line("UID"),
        again.line("SEQUENCE"),
    )
    assert "delivery_may_repeat" in post.log("worker")


def test_a_worker_frozen_past_its_lease_sends_nothing_more_and_its_outcome_is_refused(
    post: Post,
) -> None:
    # Given a worker that is frozen while it tells the mail server whom the mail is for
    frozen: list[bool] = []

    def freeze() -> None:
        post.office.on_rcpt = None
        post.town.freeze("worker")
        frozen.append(True)

    post.office.on_rcpt = freeze
    post.town.start("clock")
    post.workers_lease(FROZEN_SECONDS)
    post.town.start("worker")
    post.wake(post.book())
    post.wait_for(lambda: bool(frozen))
    # When its lease ends, another one sends the mail, and the first comes back
    row = _another_sends_it(post)
    # Then it does not send it too
    assert (row.attempts, row.unsure, len(post.office.taken)) == (2, 1, 1)
    assert post.row() == row


def test_a_worker_frozen_before_it_says_a_word_to_the_mail_server_says_none_after_its_lease(
    post: Post,
) -> None:
    # Given a worker that has just seen that it is in time, and is frozen then
    post.town.start("clock")
    post.workers_lease(FROZEN_SECONDS)
    post.town.start_mortal("worker", "workers.mailer.envelope:check:frozen")
    post.wake(post.book())
    post.town.wait_until_frozen("worker")
    # When its lease ends, another one sends the mail, and the first comes back
    row = _another_sends_it(post)
    # Then it does not send it too, after whatever came later
    assert (row.attempts, len(post.office.taken)) == (2, 1)


def _another_sends_it(post: Post) -> Any:
    """The row once it was sent. The frozen worker has come back since, and its word was refused."""
    post.town.rename("worker", "frozen")
    post.workers_lease(LEASE_SECONDS)
    post.town.start("worker")
    row = post.wait(lambda row: row.state == "sent")
    post.town.signal("frozen", signal.SIGCONT)
    post.wait_for(lambda: "late_outcome_refused" in post.log("worker"))
    return row


def test_a_crash_of_the_database_while_a_mail_is_sent_loses_nothing(
    tmp_path: Path, redis_url: str
) -> None:
    """The server says yes, and there is no database to write that into: the mail comes again, as
    the same one.
    """
    with postgres_server() as server:
        url = migrate(server.create_database("crash"))
        with opened_at(tmp_path, url, redis_url, lease_seconds=INSISTS_SECONDS) as post:
            stopped: list[bool] = []

            def crash() -> None:
                post.office.on_data = None
                server.stop("immediate")
                stopped.append(True)

            post.office.on_data = crash
            post.town.start("clock")
            post.town.start("worker")
            post.wake(post.book())
            post.wait_for(
                lambda: bool(stopped and post.office.taken) and "job_failed" in post.log("worker")
            )
            server.restart()
            post.town.database.engine.dispose()
            post.lapse()
            row = post.wait(lambda row: row.state == "sent")
            assert (row.attempts, row.unsure) == (2, 1)
            assert len({each.id for each in post.office.taken}) == 1
            assert len(post.office.taken) == 2


def test_without_a_sweeper_woken_mails_leave_and_lost_wakes_wait_for_it(post: Post) -> None:
    post.town.start("clock")
    post.town.kill("clock")
    post.town.start("worker")
    lost = post.book(NEXT_WEEK + 7200)
    post.wake(post.book())
    post.office.wait(1)
    assert {row.id: row.state for row in post.rows()}[lost[0][0]] == "pending"
    post.town.start("clock")
    post.wait_for(lambda: {row.state for row in post.rows()} == {"sent"})
    assert [row.attempts for row in post.rows()] == [1, 1]


def test_an_address_that_is_refused_for_good_is_told_to_ops_and_keeps_nobody_waiting(
    post: Post,
) -> None:
    post.office.refuse("550 5.1.1 nobody here", to=GRACE, times=None)
    post.town.start("clock")
    post.town.start("worker")
    post.wake([*post.book(), *post.book(NEXT_WEEK + 7200, people.HEDY)])
    post.wait_for(lambda: {row.state for row in post.rows()} == {"sent", "withheld"})
    assert [each.recipients for each in post.office.taken] == [("hedy@example.test",)]
    # The row is kept first, and told of then
    post.wait_for(lambda: "address_withheld" in post.log("worker"))
    assert GRACE not in post.log("worker")
    # And the next mail to it is not tried
    post.wake(post.book(NEXT_WEEK + 14_400))
    post.wait_for(lambda: [row.state for row in post.rows()].count("withheld") == 2)
