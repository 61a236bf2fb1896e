"""Writing our sessions into a calendar: by our id, as often as needed, and never
believed unseen.
"""

from contextlib import suppress
from datetime import date
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import responses

from tests.workers.cronofy.conftest import API
from tests.workers.cronofy.sent_events import EVENT, OURS
from workers.cronofy import errors
from workers.cronofy.client import Cronofy

Api = responses.RequestsMock
HERE = f"{API}/v1/calendars/cal_a%2F..%2Fx/events"
EVENTS = f"{API}/v1/events"


def test_an_event_is_written_by_our_id_and_written_again_after_trouble(
    cronofy: Cronofy, api: Api
) -> None:
    api.post(HERE, status=503)
    api.post(HERE, status=202)
    cronofy.upsert_event("at_1", "cal_a/../x", EVENT)
    assert [orjson.loads(call.request.body or b"")["event_id"] for call in api.calls] == [
        "coachcal-ses_1"
    ] * 2


def test_a_deletion_names_the_event_in_its_body(cronofy: Cronofy, api: Api) -> None:
    api.delete(HERE, status=202)
    cronofy.delete_event("at_1", "cal_a/../x", "coachcal-ses_1")
    assert orjson.loads(api.calls[0].request.body or b"") == {"event_id": "coachcal-ses_1"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, errors.Forbidden), (404, errors.NotFound), (422, errors.Rejected), (423, errors.Locked)],
)
def test_a_calendar_that_takes_no_events_is_told_by_kind(
    cronofy: Cronofy, api: Api, status: int, kind: type[errors.CronofyError]
) -> None:
    api.post(HERE, status=status)
    api.delete(HERE, status=status)
    with pytest.raises(kind, match=r"^POST /v1/calendars/\{id\}/events answered"):
        cronofy.upsert_event("at_1", "cal_a/../x", EVENT)
    with pytest.raises(kind, match=r"^DELETE /v1/calendars/\{id\}/events answered") as caught:
        cronofy.delete_event("at_1", "cal_a/../x", "e")
    assert "cal_a" not in str(caught.value)


@pytest.mark.parametrize(
    ("answers", "unknown"),
    [
        ([202], 0),
        ([500, 202], 1),
        ([503, 502, 202], 2),
        ([408, 423], 1),
        ([429, 202], 0),
        ([429, 500, 422], 1),
        ([302], 1),
        ([401], 0),
        ([404], 0),
        ([ConnectionError(), 202], 1),
        ([504] * 5, 5),
    ],
)
def test_each_try_that_may_be_carried_out_yet_is_told(
    cronofy: Cronofy, api: Api, answers: list[int | Exception], unknown: int
) -> None:
    for answer in answers:
        if isinstance(answer, int):
            api.post(HERE, status=answer)
        else:
            api.post(HERE, body=answer)
    found: list[str] = []
    with suppress(errors.CronofyError):
        cronofy.upsert_event("at_1", "cal_a/../x", EVENT, unanswered=lambda: found.append("?"))
    assert len(found) == unknown


def test_our_own_events_are_read_over_all_pages_and_no_others_asked_for(
    cronofy: Cronofy, api: Api
) -> None:
    following = {"current": 1, "total": 2, "next_page": f"{EVENTS}/pages/p2"}
    api.get(EVENTS, json={"pages": following, "events": [OURS]})
    api.get(
        f"{EVENTS}/pages/p2",
        json={"pages": {"current": 2, "total": 2}, "events": [OURS | {"event_id": "e2"}]},
    )
    found = cronofy.managed_events("at_1", since=date(2026, 11, 6), until=date(2026, 11, 9))
    assert [event.id for event in found] == ["coachcal-ses_1", "e2"]
    query = parse_qs(urlsplit(api.calls[0].request.url or "").query)
    assert {name: value for name, (value,) in query.items()} == {
        "tzid": "Etc/UTC",
        "from": "2026-11-06",
        "to": "2026-11-09",
        "only_managed": "true",
    }


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/v1/events/pages/p2", f"{API}/v1/free_busy/pages/p2"]
)
def test_no_page_of_events_leads_anywhere_else(cronofy: Cronofy, api: Api, elsewhere: str) -> None:
    api.get(
        EVENTS, json={"pages": {"current": 1, "total": 2, "next_page": elsewhere}, "events": []}
    )
    with pytest.raises(errors.BadAnswer, match="not followed"):
        cronofy.managed_events("at_1", since=date(2026, 11, 6), until=date(2026, 11, 9))
    assert len(api.calls) == 1
