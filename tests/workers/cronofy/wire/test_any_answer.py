"""Whatever JSON stands in whatever field of an answer: it becomes a value that can be used, or
BadAnswer.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import format_datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.freebusy import Reading, blocking
from tests.support.examples import examples
from workers.cronofy import origins, retries, wire
from workers.cronofy.errors import BadAnswer

TIMES = [
    *(
        "0000-01-01",
        "0000-12-29T00:00:00Z",
        "9999-12-31",
        "9999-12-31T23:59:59Z",
        "10000-01-01",
        "-0001-01-01",
    ),
    *(
        "2026-11-03T24:00:00Z",
        "2026-11-03T23:59:60Z",
        "2026-11-03T09:00:00+24:00",
        "2026-11-03T09:00:00-99:59",
    ),
    *(
        "0000-01-01T00:00:00+99:59",
        "9999-12-31T23:59:59-99:59",
        "2026-02-30",
        "2026-11-03T09:00:00",
        "",
        "\ud7ff",
    ),
]
Json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(TIMES),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
EVENT = {
    "calendar_id": "cal_a",
    "event_id": "coachcal-ses_1",
    "summary": "x",
    "start": "2026-11-03T09:00:00Z",
    "end": {"time": "2026-11-03T10:00:00Z", "tzid": "Etc/UTC"},
    "free_busy_status": "busy",
    "deleted": False,
}
DAY = EVENT | {"start": "2026-11-03", "end": "2026-11-04"}
PAGES = {"current": 1, "total": 1, "next_page": None}
CHANNEL = {"channel_id": "chn_1", "callback_url": "https://us.example/x", "filters": {}}
CALENDAR = {
    "calendar_id": "cal_a",
    "calendar_name": "Work",
    "calendar_readonly": False,
    "calendar_deleted": False,
    "calendar_primary": True,
}
PROFILE = {
    "profile_id": "pro_1",
    "provider_name": "google",
    "provider_service": "gsuite",
    "profile_name": "ada@school.example",
    "profile_connected": False,
    "profile_initial_sync_required": False,
    "profile_relink_url": "https://app.cronofy.com/x",
    "profile_calendars": [CALENDAR],
}
TOKENS = {
    "access_token": "a",
    "refresh_token": "r",
    "expires_in": 3600,
    "scope": "read_events",
    "sub": "acc_1",
}
PUSH = {"type": "change", "changes_since": "2026-11-03T09:00:00Z"}


def free_busy(raw: bytes) -> None:
    """Used, too: what is stored of it, and the periods that slots are made of."""
    reading = wire.read_free_busy([wire.read_page(raw)])
    assert Reading.unpack(reading.pack()).digest() == reading.digest()
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        periods = blocking(reading, zone=zone, calendars=None, tentative_blocks=True)
        assert (periods[:, 1] > periods[:, 0]).all()
    reading.between(0, 2**32)


ANSWERS: list[tuple[str, Callable[[bytes], object], Any]] = [
    ("free/busy", free_busy, {"pages": PAGES, "free_busy": [EVENT, DAY]}),
    (
        "events",
        lambda raw: wire.read_events([wire.read_page(raw, "events")]),
        {"pages": PAGES, "events": [EVENT]},
    ),
    (
        "userinfo",
        wire.read_userinfo,
        {
            "sub": "acc_1",
            "name": "Ada",
            "email": "ada@school.example",
            "zoneinfo": "Europe/London",
            "cronofy.data": {"authorization": {"scope": "read_events"}, "profiles": [PROFILE]},
        },
    ),
    ("tokens", wire.read_grant, TOKENS),
    ("a channel", wire.read_channel, {"channel": CHANNEL}),
    ("channels", wire.read_channels, {"channels": [CHANNEL]}),
    ("a push", wire.read_notification, {"notification": PUSH, "channel": CHANNEL}),
    (
        "a refusal",
        wire.read_refusal,
        {"error": "x", "errors": {"summary": [{"key": "errors.required"}]}},
    ),
]


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in a document, the whole of it first."""
    yield here
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield from places(value[key], (*here, key))


def replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(document)
    owner = changed
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = value
    return changed


def read_or_refused(read: Callable[[bytes], object], document: Any) -> None:
    with suppress(BadAnswer):
        read(orjson.dumps(document))


@pytest.mark.parametrize(
    ("read", "document"), [each[1:] for each in ANSWERS], ids=[each[0] for each in ANSWERS]
)
@pytest.mark.parametrize(
    "value", [None, "", 0, -1, 2**64 - 1, 1.5, True, [], {}, [[]], [{}], {"x": {}}, "\x00", *TIMES]
)
def test_each_field_may_hold_any_kind_of_value(
    read: Callable[[bytes], object], document: Any, value: Any
) -> None:
    for place in places(document):
        read_or_refused(read, replaced(document, place, value))


@examples(60, deep=2_000)
@given(st.data(), Json, Json)
def test_any_two_fields_may_hold_anything(data: st.DataObject, one: Any, other: Any) -> None:
    _, read, document = data.draw(st.sampled_from(ANSWERS))
    for value in (one, other):
        document = replaced(
            document, data.draw(st.sampled_from(sorted(places(document), key=repr))), value
        )
    read_or_refused(read, document)


@given(st.sampled_from(TIMES), st.sampled_from(TIMES))
def test_odd_times_are_times_or_no_answer(start: str, end: str) -> None:
    read_or_refused(
        free_busy, {"pages": PAGES, "free_busy": [EVENT | {"start": start, "end": end}]}
    )


@given(st.text(max_size=40) | st.datetimes().map(format_datetime))
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:60 -9999")
@example("Mon, 99 Jan 2026 99:99:99 +999999")
def test_any_retry_after_is_a_wait_or_none(header: str) -> None:
    seconds = retries.retry_after(header, 1_793_664_000.0)
    assert seconds is None or 0 <= seconds <= retries.LONGEST_RETRY_AFTER


@given(
    st.text(max_size=40) | st.text(max_size=20).map(lambda tail: f"https://api.cronofy.com{tail}")
)
@example("https://[::1")
@example("https://api.cronofy.com:99999/x")
def test_any_next_page_is_ours_or_nobody_s(url: str) -> None:
    path = origins.path_on("https://api.cronofy.com", url)
    assert path is None or path.startswith("/")
