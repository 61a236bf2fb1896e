"""P11 of the performance goals: 32 clients book one coach at once over HTTP, on PostgreSQL and real
processes.

Every client asks for starts that others ask for too: most are refused, and a refusal is an answer
as well. What to hold is the p99 of all answers; a 5xx, or an answer that a client would have to
repeat, ends the run.
"""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from storage import migrations
from storage.rows import api_keys
from storage.schema.database import create
from tests.support import http_load, processes
from tests.support.http_load import Answer
from tests.support.postgres import postgres_server
from tests.support.processes import Town
from webhooks.demo.processes import true_process
from workers.embedded.redis import redis_server

CLIENTS, EACH = 32, 12
DAILY = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
SETTINGS = {
    "zone": "UTC",
    "hours": DAILY,
    "durations": [60],
    "pre": 15,
    "post": 15,
    "horizon_days": 28,
}
BUSIEST_MS = 60


def main() -> None:
    with TemporaryDirectory() as folder, postgres_server(None) as server, redis_server() as redis:
        url = server.create_database("bench")
        database = create(url)
        migrations.migrate(database)
        with database.write() as tx:
            key = api_keys.create_key(tx, "bench", ("bookings:write",), now=datetime.now(UTC))
        database.close()
        with processes.raised(Path(folder), url, redis.url, true_process) as raised:
            raised.environment |= {"COACHCAL_WEB_PROCESSES": "2"} | processes.FAR_LIMITS
            for name in ("web", "worker", "clock"):
                raised.start(name)
            raised.connect()
            raised.api.put("/v1/coaches/ada", SETTINGS)
            starts = raised.slots()["starts"][96:]
            _race(
                raised, key, starts[: 8 * EACH : 2]
            )  # the first answers of a process are its slowest
            _report(_race(raised, key, starts[16 * EACH : 32 * EACH : 2]))


def _race(raised: Town, key: str, starts: list[str]) -> list[Answer]:
    """Each client asks for times that others ask for too."""
    asked = [
        _asked(raised, key, number, starts[(number + turn * 5) % len(starts)])
        for turn in range(EACH)
        for number in range(CLIENTS)
    ]
    return http_load.send(raised.api.origin, asked, lines=CLIENTS, fine=(201, 409))


def _asked(raised: Town, key: str, number: int, start: str) -> bytes:
    person = {
        "id": f"p{number}",
        "name": f"P {number}",
        "email": f"p{number}@example.test",
        "zone": "UTC",
    }
    body = {"coach_id": "ada", "start": start, "duration": 60, "participant": person}
    headers = {"Authorization": f"Bearer {key}", "Idempotency_Key": secrets.token_hex(8)}
    return http_load.request(
        "POST", f"{raised.api.origin}/v1/bookings", json.dumps(body).encode(), **headers
    )


def _report(answers: list[Answer]) -> None:
    cuts = quantiles([1000 * it.seconds for it in answers], n=100)
    booked = sum(it.status == 201 for it in answers)
    print(
        f"P11 postgresql  {len(answers)} answers to {CLIENTS} clients, {booked} booked: "
        f"p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, p99 {cuts[98]:.0f} ms (goal:"
        f" {BUSIEST_MS} ms)"
    )


if __name__ == "__main__":
    main()
