"""What one piece of work waits for at Cronofy is measured apart: its turn in the budget, and the
calls with their repetitions.
"""

import responses

from tests.workers.cronofy.clocks import Clock
from tests.workers.cronofy.conftest import API
from tests.workers.cronofy.fixtures import raw
from workers.budget import LocalBudget
from workers.cronofy.client import Cronofy

USERINFO = f"{API}/v1/userinfo"


def test_turns_and_calls_are_measured_apart(api: responses.RequestsMock, clock: Clock) -> None:
    budget = LocalBudget(per_second=1, per_minute=100, monotonic=clock.monotonic, sleep=clock.sleep)
    cronofy = Cronofy(
        API, API, "cid", "secret", budget, monotonic=clock.monotonic, sleep=clock.sleep
    )

    def slow(_: object) -> tuple[int, dict[str, str], bytes]:
        clock.now += 0.25
        return 200, {}, raw("identity/userinfo_connected")

    api.add_callback(responses.GET, USERINFO, slow)
    work, other = cronofy.until(clock.now + 60), cronofy.until(clock.now + 60)
    work.userinfo("at_1")
    work.userinfo("at_1")
    waits = work.spent.waits()
    assert (waits.budget_ms, waits.cronofy_ms) == (750, 500)
    assert other.spent.waits().cronofy_ms == 0


def test_a_repetition_and_the_pause_before_it_are_cronofys(
    api: responses.RequestsMock, clock: Clock, cronofy: Cronofy
) -> None:
    api.get(USERINFO, status=503)
    api.get(USERINFO, body=raw("identity/userinfo_connected"))
    work = cronofy.until(clock.now + 60)
    work.userinfo("at_1")
    assert work.spent.waits().cronofy_ms == round(sum(clock.slept) * 1000) > 0
