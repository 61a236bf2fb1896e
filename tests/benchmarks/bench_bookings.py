"""P11: 32 clients book one coach at once over HTTP, on PostgreSQL and real processes; and what one
booking costs beside the statements that it takes, by hand.

Every client asks for starts that others ask for too: most are refused, and a refusal is an answer
as well. An answer that a client would have to repeat is one too many; any other ends the run.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from time import perf_counter

from dramatiq.brokers.stub import StubBroker

from domain.coaches import Coach, Policy
from domain.hours import Hours
from storage.rows import api_keys, coaches
from storage.slots import slot_sets
from tests.benchmarks.cpu_shares import CpuShares
from tests.benchmarks.figures import Figure, Spread, Told, at_least, at_most, ratio_at_most
from tests.benchmarks.servers import NO_CONTENT, p99_of, sender, serve
from tests.benchmarks.statements import ByHand, copied
from tests.benchmarks.work import Work
from tests.support import http_client, http_load, people
from tests.support.http_load import Answer
from tests.support.processes import Town

CLIENTS, LEAST_RATE = 32, 1_000
REPEAT = 503
FLOOR = "a Flask view's 204"
DAILY = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
SETTINGS = {
    "zone": "UTC",
    "hours": DAILY,
    "durations": [60],
    "pre": 15,
    "post": 15,
    "horizon_days": 90,
    "policy": {"kind": "hours_only", "last_known_hours": 1},
}


def measure(work: Work) -> Iterator[Told]:
    with work.town("web", "worker", "clock") as raised:
        yield from _race(work, raised)
    yield by_hand_figure(work)


def _race(work: Work, raised: Town) -> Iterator[Told]:
    """By turns with a view that only answers."""
    with raised.database.write() as tx:
        key = api_keys.create_key(tx, "bench", ("bookings:write",), now=datetime.now(UTC))
    raised.api.put("/v1/coaches/ada", SETTINGS)
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    each = work.amount(12, 4)
    turns = work.amount(4, 2)
    floor = serve(raised, NO_CONTENT)
    spent = CpuShares(raised, "web", "worker", "clock")
    answers: dict[str, list[Answer]] = {"ours": [], FLOOR: []}
    rates: dict[str, list[float]] = {"ours": [], FLOOR: []}
    for turn in range(turns + 1):
        work.tell(f"turn {turn} of {turns}")
        # Days of its own: in each turn as many find their time free.
        begins = first + timedelta(days=2 + turn * each)
        starts = [begins + timedelta(hours=2 * hour) for hour in range(12 * each)]
        asked = _asked(raised, key, starts, each)
        ours = sender(raised.api.origin, asked, CLIENTS, 201, 409, REPEAT)
        sides = {"ours": spent.during(ours, len(asked)), FLOOR: sender(floor, asked, CLIENTS)}
        for name, send in sides.items():
            began = perf_counter()
            got = send()
            if turn > 0:  # the first answers of a process are its slowest
                rates[name].append(len(got) / (perf_counter() - began))
                answers[name] += got
    yield from _raced(answers, rates)
    yield spent.figure("P11 race", LEAST_RATE)


def _raced(answers: dict[str, list[Answer]], rates: dict[str, list[float]]) -> Iterator[Told]:
    ours, bare = Spread.of(rates["ours"]), Spread.of(rates[FLOOR])
    booked = sum(it.status == 201 for it in answers["ours"]) / len(answers["ours"])
    unit = f"answers/s, {booked:.0%} booked"
    yield Figure("P11 race", unit, ours, FLOOR, bare, (at_least(LEAST_RATE),))
    repeated = Spread.of([sum(it.status == REPEAT for it in answers["ours"])])
    asked = Spread.of([len(answers["ours"])])
    goals = (at_most(0),)
    yield Figure("P11 race, to be repeated", "answers", repeated, "all of them", asked, goals)
    slow = {name: Spread.of([p99_of(found)]) for name, found in answers.items()}
    yield Figure("P11 race, p99", "ms", slow["ours"], FLOOR, slow[FLOOR], (at_most(80),))


def _asked(raised: Town, key: str, starts: list[datetime], each: int) -> list[bytes]:
    """Each client asks for times that others ask for too."""
    found = []
    for turn in range(each):
        for number in range(CLIENTS):
            start = starts[(number + turn * 5) % len(starts)]
            found.append(booking(raised.api.origin, key, start, f"p{number}"))
    return found


def booking(
    origin: str, key: str, start: datetime, person: str, coach: str = "ada", duration: int = 60
) -> bytes:
    """The request of one booking."""
    body = _body(start, person, coach, duration)
    headers = {"Authorization": f"Bearer {key}", "Idempotency_Key": secrets.token_hex(8)}
    return http_load.request("POST", f"{origin}/v1/bookings", json.dumps(body).encode(), **headers)


def _body(start: datetime, person: str, coach: str, duration: int) -> dict[str, object]:
    participant = {"id": person, "name": "P", "email": f"{person}@example.test", "zone": "UTC"}
    return {
        "coach_id": coach,
        "start": start.isoformat(),
        "duration": duration,
        "participant": participant,
    }


def by_hand_figure(work: Work) -> Figure:
    """One client and one process: what a booking costs, all of the request, beside its statements
    through the driver.
    """
    times = work.amount(200, 20)
    with work.database() as made:
        url = made.engine.url.render_as_string(hide_password=False)
        with made.write() as tx:
            ada = coaches.put(tx, _coach())
            slot_sets.recompute(tx, ada, now=people.NOW)
    with copied(url) as copy, http_client.opened(url, broker=StubBroker()) as desk:
        hands, book = ByHand(desk.database, copy), _booker(desk)
        hands.follow(desk.key)
        followed = [hands.follow(book) for _ in range(times + 1)][1:]
    ours = Spread.of([1000 * each[0] for each in followed])
    floor = Spread.of([1000 * each[1] for each in followed])
    asked = round(median(each[2] for each in followed))
    name = f"{asked} statements by hand"
    return Figure("P11 one booking", "ms", ours, name, floor, (ratio_at_most(2),))


def _coach() -> Coach:
    return people.coach(
        hours=Hours.parse("UTC", DAILY, {}), horizon_days=90, policy=Policy("hours_only", 1)
    )


def _booker(desk: http_client.Desk) -> Callable[[], None]:
    numbers = count()

    def book() -> None:
        number = next(numbers)
        start = people.NOW + timedelta(hours=2 * number + 2)
        answer = desk.ask(
            "POST",
            "/v1/bookings",
            json=_body(start, f"p{number}", "ada", 60),
            headers={"Idempotency-Key": secrets.token_hex(8)},
        )
        assert answer.status_code == 201, answer.json

    return book
