"""What blocks, and readings as they are kept."""

from datetime import date
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.freebusy import BUSY, FREE, TENTATIVE, UNKNOWN, Item, Reading, blocking
from tests.domain import oracle
from tests.domain.kit import DAY, at

ITEM = st.tuples(
    st.sampled_from(("work", "home", "zoë")),
    st.integers(1_700_000_000, 1_700_001_000),
    st.integers(1_700_000_000, 1_700_001_000),
    st.sampled_from((BUSY, TENTATIVE, UNKNOWN, FREE)),
    st.just(value=False),
)
ITEMS = st.lists(ITEM, max_size=12)


def item(status: int = BUSY, calendar: str = "work") -> Item:
    return calendar, at("10:00"), at("11:00"), status, False


def blocked(
    *items: Item, calendars: set[str] | None = None, tentative: bool = True, zone: str = "UTC"
) -> list[list[int]]:
    reading = Reading.of(items)
    found: list[list[int]] = blocking(
        reading, zone=zone, calendars=calendars, tentative_blocks=tentative
    ).tolist()
    return found


HOUR = [[at("10:00"), at("11:00")]]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(BUSY, HOUR), (TENTATIVE, HOUR), (UNKNOWN, HOUR), (FREE, []), (77, HOUR)],
)
def test_everything_blocks_but_what_is_free(status: int, expected: list[list[int]]) -> None:
    assert blocked(item(status)) == expected


def test_tentative_items_block_unless_the_coach_says_otherwise() -> None:
    assert blocked(item(TENTATIVE), item(BUSY), tentative=False) == HOUR


def test_only_selected_calendars_block() -> None:
    assert blocked(item(calendar="work"), calendars={"work", "gone"}) == HOUR
    assert blocked(item(calendar="work"), calendars=set()) == []
    assert blocked(item(calendar="work"), calendars=None) == HOUR


def test_zero_length_and_reversed_items_are_ignored_and_stay_seen() -> None:
    wrong: list[Item] = [("work", 20, 10, BUSY, False), ("work", 30, 30, BUSY, False)]
    assert [blocked(it) for it in wrong] == [[], []]
    reading = Reading.of([*wrong, item()])
    assert (reading.ends <= reading.start).tolist() == [True, True, False]


@pytest.mark.parametrize("days", [0, -1, -30])
def test_an_all_day_item_whose_end_is_not_after_its_start_is_that_one_day(days: int) -> None:
    start = at("2026-06-08T00:00")
    short = Reading.of([("work", start, start + days * DAY, BUSY, True)])
    assert blocked(("work", start, start + days * DAY, BUSY, True)) == blocked(
        ("work", start, start + DAY, BUSY, True)
    )
    assert (short.ends > short.start).all()
    # And it is compared as that day, so that its loss is noticed
    assert len(short.between(start + DAY - 1, start + DAY)) == 1
    assert len(short.between(start + DAY, start + 2 * DAY)) == 0


@pytest.mark.parametrize(
    "zone", ["Etc/UTC", "Pacific/Kiritimati", "Pacific/Niue", "America/Adak", "Africa/Cairo"]
)
def test_an_all_day_item_of_any_year_is_placed(zone: str) -> None:
    first, last = -62_167_219_200, at("9999-12-31T00:00")  # 1 January of the year 0
    items: list[Item] = [
        ("work", start, end, BUSY, True)
        for start in (first, last)
        for end in (first, first + DAY, at("2026-06-08T00:00"), last)
    ]
    periods = [tuple(period) for it in items for period in blocked(it, zone=zone)]
    assert all(start < end for start, end in periods)
    assert any(start < at("2026-06-07T00:00") < end for start, end in periods)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu"]
)
@pytest.mark.parametrize(
    "day", ["2026-03-08", "2026-03-29", "2026-04-24", "2026-10-25", "2026-11-01"]
)
def test_an_all_day_item_blocks_from_local_midnight_to_local_midnight(zone: str, day: str) -> None:
    named = at(f"{day}T00:00")
    found = blocked(("work", named, named + DAY, BUSY, True), item(), zone=zone)
    midnights = [
        int(oracle.first(ZoneInfo(zone), oracle.wall(date.fromisoformat(day), clock)).timestamp())
        for clock in ("00:00", "24:00")
    ]
    assert found == [midnights, *HOUR]


def test_an_all_day_item_on_a_date_that_the_zone_skipped_blocks_nothing() -> None:
    skipped = at("2011-12-30T00:00")
    assert blocked(("work", skipped, skipped + DAY, BUSY, True), zone="Pacific/Apia") == []


def test_an_all_day_item_without_an_end_in_sight_blocks_all_the_same() -> None:
    # Given what some calendars write for "never ends"
    found = blocked(
        ("work", at("2026-06-08T00:00"), at("9999-12-31T00:00"), BUSY, True), zone="America/Adak"
    )
    assert found == [[at("2026-06-08T09:00"), at("9999-12-31T10:00")]]


@settings(max_examples=100, deadline=None)
@given(ITEMS)
def test_a_reading_survives_being_packed(items: list[Item]) -> None:
    reading = Reading.of(items)
    again = Reading.unpack(reading.pack())
    assert again.calendars == reading.calendars
    for column in ("start", "end", "status", "all_day", "calendar"):
        kept, was = getattr(again, column), getattr(reading, column)
        assert kept.dtype == was.dtype
        assert np.array_equal(kept, was)


def test_a_packed_reading_takes_twenty_bytes_an_item() -> None:
    packed = [len(Reading.of([item()] * count).pack()) for count in (1, 1001)]
    assert packed[1] - packed[0] == 20_000


@pytest.mark.parametrize(
    "junk", [b"", b"frb1", b"not a reading at all", Reading.of([item()]).pack()[:-1]]
)
def test_bytes_that_are_no_reading_are_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match=r"read the calendar again"):
        Reading.unpack(junk)


@settings(max_examples=100, deadline=None)
@given(ITEMS, st.randoms())
def test_the_digest_knows_neither_order_nor_repetition(items: list[Item], random: Random) -> None:
    shuffled = items + random.choices(items, k=3) if items else []
    random.shuffle(shuffled)
    assert Reading.of(shuffled).digest() == Reading.of(items).digest()


@settings(max_examples=200, deadline=None)
@given(ITEMS, ITEMS)
def test_readings_of_different_items_have_different_digests(
    some: list[Item], others: list[Item]
) -> None:
    assert (Reading.of(some).digest() == Reading.of(others).digest()) == (set(some) == set(others))


def test_each_column_counts_in_the_digest() -> None:
    plain = ("work", 1_700_000_000, 1_700_003_600, BUSY, False)
    changed = ("home", 1_700_000_001, 1_700_003_601, FREE, True)
    variants = [(*plain[:place], changed[place], *plain[place + 1 :]) for place in range(5)]
    digests = {Reading.of([cast(Item, it)]).digest() for it in (plain, *variants)}
    assert len(digests) == 6


def test_a_calendar_without_items_does_not_count_in_the_digest() -> None:
    reading = Reading.of([item(calendar="work")])
    columns = (
        reading.start,
        reading.end,
        reading.status,
        reading.all_day,
        reading.calendar + np.uint16(1),
    )
    assert Reading(("unused", "work"), *columns).digest() == reading.digest()
