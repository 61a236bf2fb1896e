"""Ops look at a coach's calendars before they have them read: the page asks a worker, waits no
longer than it says, and stores nothing.
"""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.support import people
from tests.support.clock_work import drain
from tests.support.http_client import Desk
from tests.support.in_process import House, house
from tests.support.ops_pages import csrf, do, later, log_in
from webhooks.app import create_app
from webhooks.ops.dry_looks import WAITS
from workers.jobs import dry_looks

__all__ = ["house"]

LOOK = "/ops/coaches/ada/look"


@pytest.fixture
def ops(house: House) -> Desk:
    """Somebody of ops at a product whose Cronofy answers; Ada's calendar was read, and has one more
    event now.
    """
    house.introduce(people.MAILED)
    account = house.connect()
    house.refresh(account.connection_id)
    two = people.NOW.replace(day=2, hour=14)
    house.control.add_event(account.calendar, two, two + timedelta(hours=1), notify=False)
    drain(house)
    desk = Desk(house.runtime, create_app(house.runtime).test_client())
    assert log_in(desk.client, desk.key("ops")).status_code == 303
    return desk


def asked_again(client: Any, page: Any, coach: str = "ada") -> Any:
    token = re.search(r'name="look" value="([^"]+)"', page.text)
    assert token is not None
    data = {"csrf": csrf(page), "look": token[1]}
    return client.post(f"/ops/coaches/{coach}/looked", data=data)


def test_a_look_tells_the_difference_and_stores_nothing(house: House, ops: Desk) -> None:
    before = ops.dump()
    # When ops ask
    page = do(ops, LOOK)
    assert "Waiting for a worker" in page.text
    ((job, look_id),) = drain(house)
    assert job == "look_dry"
    assert "Waiting for a worker" in asked_again(ops.client, page).text
    # And a worker looks
    dry_looks.run(house.runtime.services, look_id)
    told = asked_again(ops.client, page).text
    # Then it is told in times, without a title, and nothing but the diary has changed
    assert "Nothing was stored" in told
    assert "2026-06-02T14:00:00Z – 2026-06-02T15:00:00Z" in told
    after = ops.dump()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"ops_audit"}


def test_an_account_that_cannot_be_read_is_told_and_ends_the_wait(house: House, ops: Desk) -> None:
    house.control.fail("/v1/free_busy", 403, times=None)
    page = do(ops, LOOK)
    ((_, look_id),) = drain(house)
    dry_looks.run(house.runtime.services, look_id)
    told = asked_again(ops.client, page).text
    assert 'class="refusal"' in told
    assert "hx-post" not in told


def test_without_a_worker_the_page_stops_to_ask(ops: Desk) -> None:
    page = do(ops, LOOK)
    with later(ops, hours=WAITS / 3600 + 0.001) as client:
        told = asked_again(client, page).text
    assert "Is a worker running?" in told
    assert "hx-post" not in told


def test_without_redis_nobody_can_be_asked_and_the_page_says_so(inside: Desk) -> None:
    people.ready(inside.database)
    told = do(inside, LOOK).text
    assert "Redis is away" in told
    assert "hx-post" not in told


def test_a_look_is_believed_only_in_our_own_words_and_of_its_coach(ops: Desk) -> None:
    people.introduce(ops.database, people.coach(id="bob"))
    page = do(ops, LOOK)
    assert asked_again(ops.client, page, coach="bob").status_code == 403
    data = {"csrf": csrf(page), "look": "made up"}
    assert ops.client.post("/ops/coaches/ada/looked", data=data).status_code == 403
    assert do(ops, "/ops/coaches/nobody/look").status_code == 404


@pytest.mark.parametrize("path", [LOOK, "/ops/coaches/ada/looked"])
def test_a_look_without_our_token_asks_nobody(inside: Desk, path: str) -> None:
    people.ready(inside.database)
    assert inside.client.post(path).status_code == 403
