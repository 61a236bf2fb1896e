"""P5 of the performance goals: a storm of 10,000 pushes for 100 coaches, on PostgreSQL and real
processes.

As fast as they can be sent, then spread over a minute. What to hold are the reads a coach, and the
seconds after the last push until everybody was read after it; the rate is told beside them, of a
sender on the same cores.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from storage import migrations
from storage.schema.database import create
from tests.journeys.storm import PRODUCTION, connect, reads, wait
from tests.support import http_load, processes
from tests.support.postgres import postgres_server
from tests.support.processes import Town
from webhooks.demo.processes import true_process
from workers.embedded.redis import redis_server

COACHES, PUSHES, LINES = 100, 10_000, 16
FRESH_SECONDS = 5
GOALS = ((0, 3), (60, 13))
"""Over how many seconds, and reads a coach at most."""
GAP_SECONDS = 6
# Cronofy allows 500 calls a minute, which 100 coaches connected at once use up: this is about us.
NO_BUDGET = {"COACHCAL_RATE_PER_SECOND": "1000", "COACHCAL_RATE_PER_MINUTE": "60000"}


def main() -> None:
    with TemporaryDirectory() as folder, postgres_server(None) as server, redis_server() as redis:
        url = server.create_database("bench")
        database = create(url)
        migrations.migrate(database)
        database.close()
        with processes.raised(
            Path(folder), url, redis.url, true_process, **PRODUCTION, **NO_BUDGET
        ) as raised:
            for name in ("web", "worker", "clock"):
                raised.start(name)
            pushes = [target.push for target in connect(raised, COACHES)]
            for seconds, most in GOALS:
                sleep(GAP_SECONDS)  # whoever was read just now would have to wait
                _report(raised, pushes, seconds, most)


def _report(raised: Town, pushes: Sequence[bytes], seconds: int, most: int) -> None:
    before, began = reads(raised), monotonic()
    answered = len(http_load.send(raised.api.origin, _spread(pushes, seconds), lines=LINES))
    took, last = monotonic() - began, monotonic()
    for number in range(COACHES):
        wait(raised, f"coach-{number:02}", lambda found: found["state"] == "fresh", last + 20)
    fresh, counted = monotonic() - last, reads(raised) - before
    print(
        f"P5 over {took:4.1f} s  {answered} pushes for {len(counted)} coaches,"
        f" {answered / took:.0f}/s: at most "
        f"{max(counted.values())} reads a coach (goal: {most}), all fresh {fresh:.1f} s after"
        " the last "
        f"(goal: {FRESH_SECONDS} s)"
    )


def _spread(pushes: Sequence[bytes], seconds: int) -> Iterator[bytes]:
    began = monotonic()
    for number in range(PUSHES):
        sleep(max(0.0, began + seconds * number / PUSHES - monotonic()))
        yield pushes[number % len(pushes)]


if __name__ == "__main__":
    main()
