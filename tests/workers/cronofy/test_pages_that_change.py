"""Pages of one read that do not agree how many they are: the read is dropped, and soon."""

import json
from typing import Any

import pytest
import requests
import responses

from tests.workers.cronofy.reads import FIRST, read
from workers.cronofy import errors
from workers.cronofy.client import Cronofy

MONDAY = {
    "calendar_id": "cal_a",
    "start": "2026-11-02T09:00:00Z",
    "end": "2026-11-02T10:00:00Z",
    "free_busy_status": "busy",
}


def page(number: int, total: int) -> dict[str, Any]:
    pages: dict[str, Any] = {"current": number, "total": total}
    if number < total:
        pages["next_page"] = f"{FIRST}/pages/p{number + 1}"
    return {"pages": pages, "free_busy": [MONDAY]}


def test_a_read_that_never_ends_costs_five_calls_and_not_everybody_s_budget(
    cronofy: Cronofy, api: responses.RequestsMock
) -> None:
    def one_more(_request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        number = len(api.calls) + 1
        return 200, {}, json.dumps(page(number, number + 1))

    for number in range(1, 9):
        path = FIRST if number == 1 else f"{FIRST}/pages/p{number}"
        api.add_callback("GET", path, one_more)
    api.assert_all_requests_are_fired = False
    with pytest.raises(errors.BadAnswer, match="6 pages, and had 2"):
        read(cronofy)
    assert len(api.calls) == 5


def test_a_page_more_that_was_written_meanwhile_is_read_too(
    cronofy: Cronofy, api: responses.RequestsMock
) -> None:
    for number, total in ((1, 2), (2, 3), (3, 3)):
        path = FIRST if number == 1 else f"{FIRST}/pages/p{number}"
        api.get(path, json=page(number, total))
    assert len(read(cronofy).start) == 3
    assert len(api.calls) == 3


@pytest.mark.parametrize("later", [2, 8], ids=["fewer", "far more"])
def test_pages_that_become_fewer_or_far_more_are_no_whole_read(
    cronofy: Cronofy, api: responses.RequestsMock, later: int
) -> None:
    api.get(FIRST, json=page(1, 3))
    api.get(f"{FIRST}/pages/p2", json=page(2, later))
    with pytest.raises(errors.BadAnswer) as caught:
        read(cronofy)
    assert not caught.value.permanent
    assert len(api.calls) == 2
