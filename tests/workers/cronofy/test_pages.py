"""A free/busy read is all of its pages, or nothing; and no page leads anywhere else."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from structlog.testing import capture_logs

from tests.workers.cronofy.clocks import Clock
from tests.workers.cronofy.conftest import API
from tests.workers.cronofy.fixtures import raw
from tests.workers.cronofy.reads import FIRST, read
from workers.budget import LocalBudget
from workers.cronofy import errors
from workers.cronofy.calls import ClientLimits
from workers.cronofy.client import Cronofy

Api = responses.RequestsMock

ITEM = {
    "calendar_id": "cal_a",
    "start": "2026-11-03T09:00:00Z",
    "end": "2026-11-03T10:00:00Z",
    "free_busy_status": "busy",
}


def page(number: int, total: int, *items: Any, following: Any = ...) -> dict[str, Any]:
    pages: dict[str, Any] = {"current": number, "total": total}
    if number < total or following is not ...:
        pages["next_page"] = f"{FIRST}/pages/p{number + 1}" if following is ... else following
    return {"pages": pages, "free_busy": list(items)}


def test_a_read_asks_for_the_dates_in_the_zone_and_not_for_our_own_events(
    cronofy: Cronofy, api: Api
) -> None:
    api.get(FIRST, body=raw("free_busy/empty"))
    assert len(read(cronofy)) == 0
    query = parse_qs(urlsplit(api.calls[0].request.url or "").query)
    assert {name: value for name, (value,) in query.items()} == {
        "tzid": "Europe/London",
        "from": "2026-11-01",
        "to": "2027-02-01",
        "include_managed": "false",
    }


def test_pages_are_followed_to_the_last_with_the_same_bearer(cronofy: Cronofy, api: Api) -> None:
    api.get(FIRST, json=page(1, 3, ITEM))
    api.get(f"{FIRST}/pages/p2", json=page(2, 3, ITEM))
    api.get(f"{FIRST}/pages/p3", json=page(3, 3, ITEM, {**ITEM, "calendar_id": "cal_b"}))
    with capture_logs() as logged:
        reading = read(cronofy)
    assert (len(reading), reading.calendars) == (4, ("cal_a", "cal_b"))
    assert {call.request.headers["Authorization"] for call in api.calls} == {"Bearer at_1"}
    assert [line["path"] for line in logged] == ["/v1/free_busy"] + ["/v1/free_busy/pages/{id}"] * 2


def test_a_following_page_is_asked_for_exactly_as_told(cronofy: Cronofy, api: Api) -> None:
    api.get(FIRST, json=page(1, 2, following=f"{FIRST}/pages/a%2Fb?cursor=x%20y"))
    api.get(f"{FIRST}/pages/a%2Fb", json=page(2, 2))
    read(cronofy)
    assert api.calls[1].request.url == f"{FIRST}/pages/a%2Fb?cursor=x%20y"


@pytest.mark.parametrize(
    "failure", [500, 429, 401, 403, 423, requests.ReadTimeout("x"), b"{", b"{}"], ids=str
)
def test_a_page_that_fails_drops_the_whole_read(cronofy: Cronofy, api: Api, failure: Any) -> None:
    api.get(FIRST, json=page(1, 2, ITEM))
    if isinstance(failure, int):
        api.get(f"{FIRST}/pages/p2", status=failure)
    else:
        api.get(f"{FIRST}/pages/p2", body=failure)
    with pytest.raises(errors.CronofyError):
        read(cronofy)


def test_a_page_that_fails_for_a_moment_does_not(cronofy: Cronofy, api: Api) -> None:
    api.get(FIRST, json=page(1, 2, ITEM))
    api.get(f"{FIRST}/pages/p2", status=502)
    api.get(f"{FIRST}/pages/p2", json=page(2, 2, ITEM))
    assert len(read(cronofy)) == 2


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_asks_for_another_read_not_for_another_account(
    cronofy: Cronofy, api: Api, status: int
) -> None:
    api.get(FIRST, json=page(1, 2, ITEM))
    api.get(f"{FIRST}/pages/p2", status=status)
    with pytest.raises(errors.BadAnswer, match="from the first page") as caught:
        read(cronofy)
    assert not caught.value.permanent
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/v1/free_busy/pages/p2",
        "https://api.cronofy.com@evil.example/v1/free_busy/pages/p2",
        "https://api.cronofy.com:8443/v1/free_busy/pages/p2",
        "http://api.cronofy.com/v1/free_busy/pages/p2",
        "https://api-uk.cronofy.com/v1/free_busy/pages/p2",
        "//evil.example/v1/free_busy/pages/p2",
        "/v1/free_busy/pages/p2",
        f"{API}/v1/free_busy_elsewhere",
        f"{API}/v1/free_busy",
        f"{API}/oauth/token",
        f"{API}/v1/free_busy/../channels",
        f"{API}//evil.example/v1/free_busy/pages/p2",
    ],
)
def test_a_page_elsewhere_is_never_asked_for(cronofy: Cronofy, api: Api, following: str) -> None:
    api.get(FIRST, json=page(1, 2, ITEM, following=following))
    with pytest.raises(errors.BadAnswer, match="not followed") as caught:
        read(cronofy)
    assert len(api.calls) == 1
    assert "evil" not in str(caught.value)


def test_pages_that_go_round_in_a_circle_are_noticed(cronofy: Cronofy, api: Api) -> None:
    api.get(FIRST, json=page(1, 3, ITEM, following=f"{FIRST}/pages/p1"))
    api.get(f"{FIRST}/pages/p1", json=page(1, 3, ITEM, following=f"{FIRST}/pages/p1"))
    with pytest.raises(errors.BadAnswer, match="page 1 as number 2"):
        read(cronofy)
    assert len(api.calls) == 2


def test_a_page_left_out_is_noticed(cronofy: Cronofy, api: Api) -> None:
    api.get(FIRST, json=page(1, 3, ITEM))
    api.get(f"{FIRST}/pages/p2", json=page(3, 3, ITEM))
    with pytest.raises(errors.BadAnswer, match="page 3 as number 2"):
        read(cronofy)


@pytest.mark.parametrize(
    "limits",
    [ClientLimits(pages=2), ClientLimits(items=3), ClientLimits(read_bytes=500)],
    ids=["pages", "items", "bytes"],
)
def test_a_read_larger_than_allowed_is_dropped(
    clock: Clock, api: Api, limits: ClientLimits
) -> None:
    budget = LocalBudget(monotonic=clock.monotonic, sleep=clock.sleep)
    cronofy = Cronofy(
        API, API, "cid", "s", budget, limits=limits, monotonic=clock.monotonic, sleep=clock.sleep
    )
    api.get(FIRST, json=page(1, 3, ITEM, ITEM))
    api.get(f"{FIRST}/pages/p2", json=page(2, 3, ITEM, ITEM))
    with pytest.raises(errors.BadAnswer, match="more than a read may hold"):
        read(cronofy)
    assert len(api.calls) < 3


def test_all_pages_share_one_deadline(cronofy: Cronofy, api: Api, clock: Clock) -> None:
    """The lease of a refresh ends at 30 s: a read that lasts longer would be refused anyway."""
    api.get(FIRST, json=page(1, 9, ITEM))
    for number in range(2, 9):
        api.get(f"{FIRST}/pages/p{number}", status=503, headers={"Retry-After": "6"})
        api.get(f"{FIRST}/pages/p{number}", json=page(number, 9, ITEM))
    began = clock.now
    with pytest.raises(errors.Unavailable):
        read(cronofy)
    assert clock.now - began <= 20
