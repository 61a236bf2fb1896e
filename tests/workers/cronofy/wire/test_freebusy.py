"""A free/busy answer becomes one Reading, whole and true, or nothing."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.freebusy import BUSY, FREE, TENTATIVE, UNKNOWN, Reading
from tests.workers.cronofy.fixtures import raw
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import FreeBusyPage, read_free_busy, read_page

MIRA = "cal_ZfDA3mXwwN5l8MDe_k3Jq8mR1xTzYw0aB"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def answer(*items: Any, **pages: Any) -> bytes:
    return orjson.dumps({"pages": {"current": 1, "total": 1, **pages}, "free_busy": items})


def item(**changes: Any) -> dict[str, Any]:
    start, end = "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z"
    whole = {"calendar_id": "cal_a", "start": start, "end": end, "free_busy_status": "busy"}
    return {key: value for key, value in {**whole, **changes}.items() if value is not ...}


def read(*answers: bytes) -> Reading:
    return read_free_busy([read_page(each) for each in answers])


def rows(reading: Reading) -> list[tuple[str, int, int, int, bool]]:
    names = [reading.calendars[place] for place in reading.calendar]
    columns = (
        reading.start.tolist(),
        reading.end.tolist(),
        reading.status.tolist(),
        reading.all_day.tolist(),
    )
    return list(zip(names, *columns, strict=True))


def test_two_pages_make_one_reading_in_their_order() -> None:
    assert rows(read(raw("free_busy/page1"), raw("free_busy/page2_last"))) == [
        (MIRA, at("2026-11-03T09:00"), at("2026-11-03T10:00"), BUSY, False),
        (MIRA, at("2026-11-04"), at("2026-11-05"), BUSY, True),
        (MIRA, at("2026-11-06T13:30"), at("2026-11-06T14:00"), TENTATIVE, False),
    ]


def test_free_items_are_kept_as_free_and_deleted_ones_are_dropped() -> None:
    reading = read(raw("free_busy/include_free_and_ids"))
    assert [(status, start) for _, start, _, status, _ in rows(reading)] == [
        (BUSY, at("2026-11-03T09:00")),
        (FREE, at("2026-11-03T15:00")),
        (BUSY, at("2026-11-07T15:00")),
    ]


def test_localized_times_are_the_same_instants() -> None:
    assert [row[1:3] + row[4:] for row in rows(read(raw("free_busy/localized")))] == [
        (at("2026-10-24T08:00"), at("2026-10-24T09:00"), False),
        (at("2026-10-26T09:00"), at("2026-10-26T10:00"), False),
        (at("2026-11-04"), at("2026-11-05"), True),
    ]


def test_an_empty_calendar_is_a_reading_of_nothing() -> None:
    reading = read(raw("free_busy/empty"))
    assert len(reading) == 0
    assert reading.calendars == ()
    assert reading.digest() == Reading.of([]).digest()


def test_a_reading_equals_the_one_made_item_by_item() -> None:
    made = read(answer(item(), item(calendar_id="cal_b", start="2026-11-04", end="2026-11-05")))
    start, end = at("2026-11-03T09:00"), at("2026-11-03T10:00")
    expected = Reading.of(
        [
            ("cal_a", start, end, BUSY, False),
            ("cal_b", at("2026-11-04"), at("2026-11-05"), BUSY, True),
        ]
    )
    assert made.digest() == expected.digest()
    assert Reading.unpack(made.pack()).digest() == expected.digest()


@pytest.mark.parametrize("status", ["out_of_office", "Busy", "", 7, ..., None])
def test_a_status_that_we_do_not_know_blocks(status: Any) -> None:
    assert read(answer(item(free_busy_status=status), item())).status.tolist() == [UNKNOWN, BUSY]


def test_unknown_fields_and_odd_json_are_no_harm() -> None:
    spelled = answer(item(mood="good", attendees=[{"a": 1}]), later="x").replace(
        b"cal_a", b"c\\u0061l_a"
    )
    assert rows(read(b" \n" + spelled)) == rows(read(answer(item())))


def test_seconds_are_kept_and_reversed_items_are_left_for_the_domain_to_ignore() -> None:
    reading = read(answer(item(end="2026-11-03T08:59:59Z"), item(end="2026-11-03T09:00:00Z")))
    assert reading.end.tolist() == [at("2026-11-03T08:59:59"), at("2026-11-03T09:00")]
    assert (reading.ends <= reading.start).tolist() == [True, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"start": ...},
        {"end": ...},
        {"calendar_id": ...},
        {"calendar_id": None},
        {"calendar_id": ""},
        {"calendar_id": 5},
        {"calendar_id": ["cal_a"]},
        {"calendar_id": "cal a"},
        {"calendar_id": "cal\x00a"},
        {"calendar_id": "c" * 201},
        {"start": None},
        {"start": 1_793_696_400},
        {"start": "soon"},
        {"start": "2026-02-30T09:00:00Z"},
        {"start": "2026-11-03T09:00:00"},
        {"start": "2026-11-03"},
        {"start": {"tzid": "Europe/London"}},
        {"start": {"time": None}},
        {"start": {"time": "2026-11-03T09:00:00", "tzid": "Europe/London"}},
        {"free_busy_status": {"is": "busy"}},
    ],
)
def test_one_item_that_cannot_be_read_condemns_the_whole_read(changes: dict[str, Any]) -> None:
    """Left out, it would offer a time that is taken."""
    with pytest.raises(BadAnswer, match="the whole read is dropped"):
        read(answer(item(), item(**changes), item()))


@pytest.mark.parametrize("wrong", ["text", 5, None, [], ["calendar_id", "start"], True])
def test_an_item_that_is_no_object_condemns_it_too(wrong: object) -> None:
    with pytest.raises(BadAnswer):
        read(answer(item(), wrong))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"free_busy":[]}',
        b'{"pages":{"current":1,"total":1}}',
        b'{"pages":[],"free_busy":[]}',
        b'{"pages":{"current":1,"total":1},"free_busy":{}}',
        b'{"pages":{"current":1,"total":1},"free_busy":null}',
        b'{"pages":{"total":1},"free_busy":[]}',
        b'{"pages":{"current":"1","total":1},"free_busy":[]}',
        b'{"pages":{"current":true,"total":1},"free_busy":[]}',
        b'{"pages":{"current":1,"total":1},"free_busy":[]',
        b'{"pages":{"current":1,"total":1},"free_busy":[]}x',
        b'{"pages":{"current":1,"total":1},"free_busy":["\xff"]}',
        b'{"pages":{"current":1,"total":NaN},"free_busy":[]}',
        b"[" * 100_000,
        b"<html>We are down</html>",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_page_never_reads_as_free_all_day(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_page(body)


@pytest.mark.parametrize(
    "pages",
    [
        {"current": 1, "total": 2},
        {"current": 1, "total": 2, "next_page": ""},
        {"current": 1, "total": 2, "next_page": None},
        {"current": 1, "total": 1, "next_page": "https://api.cronofy.com/v1/free_busy/pages/a"},
        {"current": 3, "total": 2},
        {"current": 0, "total": 1, "next_page": "https://api.cronofy.com/v1/free_busy/pages/a"},
        {"current": 1, "total": 2, "next_page": 5},
        {"current": 1, "total": 2, "next_page": "x" * 5_000},
    ],
)
def test_a_page_that_contradicts_itself_is_refused(pages: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        read_page(answer(**pages))


@pytest.mark.parametrize("nothing", ["", None])
def test_a_last_page_may_say_that_nothing_follows(nothing: str | None) -> None:
    assert read_page(answer(next_page=nothing)).next_page is None


def test_a_page_says_nothing_of_its_contents_when_printed() -> None:
    page = read_page(
        answer(
            item(),
            current=1,
            total=2,
            next_page="https://api.cronofy.com/v1/free_busy/pages/canary",
        )
    )
    assert isinstance(page, FreeBusyPage)
    assert "canary" not in repr(page)
    assert "cal_a" not in repr(page)


times = st.one_of(
    st.integers(0, 2**32).map(
        lambda s: (f"{datetime.fromtimestamp(s, UTC):%Y-%m-%dT%H:%M:%SZ}", False)
    ),
    st.dates().map(lambda d: (d.isoformat(), True)),
)
items = st.tuples(
    st.sampled_from(["cal_a", "cal_b", "cal_ä"[:4] + "1"]),
    times,
    times,
    st.sampled_from(["busy", "free", "new"]),
).filter(lambda drawn: drawn[1][1] == drawn[2][1])


@given(st.lists(st.lists(items, max_size=8), min_size=1, max_size=4))
def test_any_pages_read_as_their_items_one_by_one(pages: list[list[Any]]) -> None:
    answers = [
        answer(
            *(
                item(calendar_id=c, start=s, end=e, free_busy_status=w)
                for c, (s, _), (e, _), w in page
            )
        )
        for page in pages
    ]
    codes = {"busy": BUSY, "free": FREE, "new": UNKNOWN}
    flat = [each for page in pages for each in page]
    expected = [
        (c, at(s.rstrip("Z")), at(e.rstrip("Z")), codes[w], day) for c, (s, day), (e, _), w in flat
    ]
    assert rows(read(*answers)) == expected


@pytest.mark.parametrize("deleted", ["false", "no", 1, [False], {"at": None}])
def test_an_item_that_is_not_surely_deleted_is_not_left_out(deleted: Any) -> None:
    with pytest.raises(BadAnswer):
        read(answer(item(deleted=deleted)))


@pytest.mark.parametrize("deleted", [False, None, 0, ""])
def test_an_item_that_is_not_deleted_blocks(deleted: Any) -> None:
    assert len(read(answer(item(deleted=deleted)))) == 1
