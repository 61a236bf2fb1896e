"""Machines whose clocks differ by no more than is borne: what is due is delivered at once."""

import pytest

from tests.support.mail_delivery import Mailroom
from workers.skew import LIMIT


@pytest.mark.parametrize("behind", [0.1, LIMIT, 2 * LIMIT])
def test_a_worker_whose_clock_is_behind_delivers_at_the_first_wake(
    mailroom: Mailroom, behind: float
) -> None:
    """Dropped, the wake-up would come again after ten seconds and more."""
    mailroom.book()
    mailroom.pass_time(seconds=-behind)
    mailroom.work()
    assert {row.state for row in mailroom.rows(topic="booked")} == {"sent"}


def test_what_is_due_later_than_clocks_may_differ_is_not_delivered(mailroom: Mailroom) -> None:
    mailroom.book()
    mailroom.work()
    reminders = mailroom.rows(topic="reminder")
    wakes = [(row.id, "mail") for row in reminders]
    early = (reminders[0].due_at - mailroom.now).total_seconds()
    for seconds, state in ((early - 2 * LIMIT - 1, "pending"), (2, "sent")):
        mailroom.pass_time(seconds=seconds)
        mailroom.work(wakes)
        assert {row.state for row in mailroom.rows(topic="reminder")} == {state}
