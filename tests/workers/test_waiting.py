"""Whether anything waits for a neighbour to be well is asked for after a failure, and no longer
than something does; of what other processes met nothing is heard, so it is asked for now and then.
"""

from datetime import timedelta

from storage.rows.well_again import LATELY
from tests.support.people import NOW
from workers import waiting
from workers.waiting import CRONOFY, MAIL_SERVER, WaitsForNeighbours


def test_a_process_that_begins_looks_and_then_only_after_a_failure() -> None:
    known = WaitsForNeighbours(lambda: 0.0)
    for name in (CRONOFY, MAIL_SERVER):
        mark = known.mark(name)
        assert mark is not None
        known.over(name, mark)
        assert known.mark(name) is None
    known.failed(CRONOFY)
    assert known.mark(CRONOFY) is not None
    assert known.mark(MAIL_SERVER) is None


def test_who_looked_before_a_failure_does_not_end_the_looking() -> None:
    known = WaitsForNeighbours(lambda: 0.0)
    mark = known.mark(CRONOFY)
    assert mark is not None
    known.failed(CRONOFY)
    known.over(CRONOFY, mark)
    assert known.mark(CRONOFY) is not None


def test_that_nothing_waits_is_believed_for_a_moment_as_another_process_may_fail() -> None:
    now = [0.0]
    known = WaitsForNeighbours(lambda: now[0])
    mark = known.mark(MAIL_SERVER)
    assert mark is not None
    known.over(MAIL_SERVER, mark)
    now[0] = waiting.BELIEVED_SECONDS - 0.1
    assert known.mark(MAIL_SERVER) is None
    now[0] = waiting.BELIEVED_SECONDS
    assert known.mark(MAIL_SERVER) is not None


def test_more_endpoints_than_are_remembered_are_looked_at_again() -> None:
    known = WaitsForNeighbours(lambda: 0.0)
    for number in range(waiting.MOST + 1):
        mark = known.mark(waiting.endpoint(str(number)))
        assert mark is not None
        known.over(waiting.endpoint(str(number)), mark)
    assert known.mark(waiting.endpoint("0")) is not None
    assert known.mark(waiting.endpoint(str(waiting.MOST))) is None


def test_a_mail_server_takes_mails_around_the_time_at_which_it_took_one() -> None:
    known = WaitsForNeighbours(lambda: 0.0)
    assert not known.takes_mail(NOW)
    known.took_mail(NOW)
    near = LATELY - timedelta(seconds=1)
    assert known.takes_mail(NOW - near)
    assert known.takes_mail(NOW + near)
    # Nor for as long as a clock was set back
    assert not known.takes_mail(NOW - LATELY)
    assert not known.takes_mail(NOW + LATELY)
