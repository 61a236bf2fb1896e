"""A failure while no thread is left to see the end of an outage: nobody is refused for good."""

import threading
import time

import psycopg
import pytest
from structlog.testing import capture_logs

from storage.schema.breaker import DatabaseBreaker
from storage.schema.outages import Outage
from tests.support.no_threads import none_left

AWAY = psycopg.OperationalError("refused")


def test_where_no_thread_is_left_to_probe_the_database_is_asked_on() -> None:
    back = threading.Event()

    def probe() -> None:
        if not back.is_set():
            raise AWAY

    breaker = DatabaseBreaker(probe)
    # Given failures, and nobody who could see their end
    with none_left("database-probe"), capture_logs() as logs:
        assert breaker.trip(AWAY, time.monotonic())
        breaker.suspect()
        # Then everybody may ask, and nobody waits
        breaker.check()
    assert {line["event"] for line in logs} == {"database_out", "database_not_watched"}
    began = time.monotonic()
    breaker.wait(60)
    assert time.monotonic() - began < 60
    # And the next failure finds one
    breaker.trip(AWAY, time.monotonic())
    with pytest.raises(Outage):
        breaker.check()
    back.set()
    breaker.wait(60)
    breaker.check()
