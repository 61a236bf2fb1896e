"""Whether anything waits for a neighbour to be well is asked for after a failure, and no longer
than something does.
"""

from workers import waiting
from workers.waiting import CRONOFY, MAIL_SERVER, WaitsForNeighbours


def test_a_process_that_begins_looks_and_then_only_after_a_failure() -> None:
    known = WaitsForNeighbours()
    for name in (CRONOFY, MAIL_SERVER):
        mark = known.mark(name)
        assert mark is not None
        known.over(name, mark)
        assert known.mark(name) is None
    known.failed(CRONOFY)
    assert known.mark(CRONOFY) is not None
    assert known.mark(MAIL_SERVER) is None


def test_who_looked_before_a_failure_does_not_end_the_looking() -> None:
    known = WaitsForNeighbours()
    mark = known.mark(CRONOFY)
    assert mark is not None
    known.failed(CRONOFY)
    known.over(CRONOFY, mark)
    assert known.mark(CRONOFY) is not None


def test_more_endpoints_than_are_remembered_are_looked_at_again() -> None:
    known = WaitsForNeighbours()
    for number in range(waiting.MOST + 1):
        mark = known.mark(waiting.endpoint(str(number)))
        assert mark is not None
        known.over(waiting.endpoint(str(number)), mark)
    assert known.mark(waiting.endpoint("0")) is not None
    assert known.mark(waiting.endpoint(str(waiting.MOST))) is None
