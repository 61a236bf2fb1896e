"""P6: one coach's slots of 14 days over HTTP, as a share of a view that answers a constant.

The constant is the very same bytes, from a Flask view with nothing around it, on the same server
and workers. A question that was asked before is answered from what is kept; one that was not is
answered from the database.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import requests

from storage.rows import api_keys, coaches
from storage.slots import slot_sets
from tests.benchmarks.cpu_shares import CpuShares
from tests.benchmarks.figures import Figure, Told, at_most, ratio_at_least
from tests.benchmarks.servers import p99, rate, sender, serve
from tests.benchmarks.work import Kind, Work
from tests.support import http_load, people
from tests.support.processes import Town

COACHES, LINES = 50, 16
FLOOR = "the same bytes, constant"


def measure(work: Work) -> Iterator[Told]:
    for kind in work.kinds:
        with work.town("web", kind=kind) as raised:
            yield from _of_database(work, raised, kind)


def _of_database(work: Work, raised: Town, kind: Kind) -> Iterator[Told]:
    urls, key = _introduced(raised)
    amount = work.amount(1_000, 200)
    kept = [_asked(urls[number % COACHES], key) for number in range(amount)]
    origin, bare = raised.api.origin, _constant(raised, urls[0], key)
    constants = sender(bare, [http_load.request("GET", f"{bare}/constant")] * amount, LINES, 200)
    numbers = count()

    def first_asked() -> float:
        # Each ends at another second: no two of them are one question.
        new = []
        for _ in range(amount):
            number = next(numbers)
            new.append(_asked(_until(urls[number % COACHES], number), key))
        return rate(sender(origin, new, LINES, 200))()

    ours = sender(origin, kept, LINES, 200)
    of_kept, of_first = CpuShares(raised, "web"), CpuShares(raised, "web")
    sides = {
        FLOOR: rate(constants),
        "kept": of_kept.during(rate(ours), amount),
        "first asked": of_first.during(first_asked, amount),
    }
    found = work.in_turn(sides, work.amount(11, 2))
    least = found[FLOOR]
    for name, share, spent in (("kept", 0.75, of_kept), ("first asked", 0.15, of_first)):
        goals = (ratio_at_least(share),)
        yield Figure(f"P6 {name}, {kind}", "answers/s", found[name], FLOOR, least, goals)
        yield spent.figure(f"P6 {name}, {kind}", share * least.middle)
    slow = work.in_turn({FLOOR: p99(constants), "ours": p99(ours)}, work.amount(5, 2))
    goals = (at_most(10),)
    yield Figure(
        f"P6 p99 over {LINES} lines, {kind}", "ms", slow["ours"], FLOOR, slow[FLOOR], goals
    )


def _asked(url: str, key: str) -> bytes:
    return http_load.request("GET", url, Authorization=f"Bearer {key}")


def _until(url: str, number: int) -> str:
    begins, _, rest = url.partition("&to=")
    day, _, rest = rest.partition("&")
    end = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=number)
    return f"{begins}&to={end:%Y-%m-%dT%H:%M:%SZ}&{rest}"


def _introduced(raised: Town) -> tuple[list[str], str]:
    """Where to ask for the slots of some coaches, and a key. Nobody is connected: no state changes
    meanwhile.
    """
    now = datetime.now(UTC)
    with raised.database.write() as tx:
        key = api_keys.create_key(tx, "bench", ("slots:read",), now=now)
        for number in range(COACHES):
            coach = coaches.put(
                tx, people.coach(id=f"coach-{number}", durations=(30, 45, 60, 90), horizon_days=90)
            )
            slot_sets.recompute(tx, coach, now=now)
    asked = f"from={now.date()}&to={now.date() + timedelta(days=14)}&duration=60"
    place = f"{raised.api.origin}/v1/coaches"
    return [f"{place}/coach-{number}/slots?{asked}" for number in range(COACHES)], key


def _constant(raised: Town, url: str, key: str) -> str:
    """The origin of a server that answers what ours answers here."""
    answer = requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10)
    answer.raise_for_status()
    body = raised.processes.folder / "constant.json"
    body.write_bytes(answer.content)
    return serve(raised, f"tests.benchmarks.servers:constant('{body}')", "/constant")
