"""P4: from a change of a calendar, which Cronofy pushes at once, until the slots that are answered
show it; the system idle, and the upstream answering at once.

The floor are the requests that this takes, by hand: a push that a Flask view answers, a page of
free/busy of the upstream, an answer of slots.
"""

from collections.abc import Iterator
from datetime import timedelta
from statistics import quantiles
from time import perf_counter, sleep

import requests

from tests.benchmarks.figures import Figure, Spread, Told, at_most
from tests.benchmarks.servers import NO_CONTENT, serve
from tests.benchmarks.work import Work
from tests.support.processes import Town

GAP_SECONDS = 0.3
PATIENCE = 10
POLL_SECONDS = 0.002
FLOOR = "its three requests, by hand"


def measure(work: Work) -> Iterator[Told]:
    turns = work.amount(150, 12)
    sizes = {"COACHCAL_MINIMUM_GAP_SECONDS": str(GAP_SECONDS), "COACHCAL_WEB_PROCESSES": "1"}
    with work.town("web", "worker", "clock", env=sizes) as raised:
        seat, _ = raised.connect()
        bare = serve(raised, NO_CONTENT)
        start = raised.a_free_time()
        event = raised.control.add_event(seat.calendars[0], start, start + timedelta(hours=1))
        took, alone = [], []
        with requests.Session() as session:
            looks = _Looks(raised, session)
            looks.until_changed("")
            for turn in range(turns + 1):
                work.tell(f"push {turn} of {turns}")
                sleep(2 * GAP_SECONDS)  # whoever was read just now would have to wait
                before = looks.tag()
                moved = start + timedelta(minutes=15 * (turn % 2 + 1))
                began = perf_counter()
                raised.control.change_event(event, start=moved, end=moved + timedelta(hours=1))
                looks.until_changed(before)
                took.append(1000 * (perf_counter() - began))
                alone.append(_by_hand(raised, session, bare, looks))
    yield from _figures(took[1:], alone[1:])


class _Looks:
    """At Ada's slots, as a client that keeps its connection asks for them."""

    def __init__(self, raised: Town, session: requests.Session) -> None:
        begin = raised.a_free_time().date() - timedelta(days=1)
        query = f"from={begin}&to={begin + timedelta(days=14)}&duration=60"
        self._url = f"{raised.api.origin}/v1/coaches/ada/slots?{query}"
        self._session = session
        self._headers = {"Authorization": f"Bearer {raised.key}"}

    def tag(self) -> str:
        answer = self._session.get(self._url, headers=self._headers, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.headers["ETag"]

    def until_changed(self, before: str) -> None:
        end = perf_counter() + PATIENCE
        while self.tag() == before:
            assert perf_counter() < end, f"the slots are as they were after {PATIENCE} s"
            sleep(POLL_SECONDS)


def _by_hand(raised: Town, session: requests.Session, bare: str, looks: _Looks) -> float:
    began = perf_counter()
    session.post(bare, data=b"{}", timeout=PATIENCE)
    # Refused, for want of a token: the upstream's own time is what counts.
    session.get(f"{raised.sandbox.origin}/v1/free_busy", timeout=PATIENCE)
    looks.tag()
    return 1000 * (perf_counter() - began)


def _figures(took: list[float], alone: list[float]) -> Iterator[Told]:
    floor = Spread.of(alone)
    yield Figure("P4 p50", "ms", Spread.of(took), FLOOR, floor, (at_most(30),))
    slowest = Spread.of([quantiles(took, n=100, method="inclusive")[98]])
    bare = Spread.of([quantiles(alone, n=100, method="inclusive")[98]])
    yield Figure("P4 p99", "ms", slowest, f"{FLOOR}, p99", bare, (at_most(150),))
