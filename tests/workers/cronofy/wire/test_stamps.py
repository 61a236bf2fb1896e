"""A column of stamps reads as fast arithmetic, and as exactly as one by one."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.cronofy.wire import stamps

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(seconds=1)


def parsed(*texts: str) -> list[tuple[int, bool]]:
    seconds, is_date = stamps.parse(texts)
    return list(zip(seconds.tolist(), is_date.tolist(), strict=True))


whole_seconds = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
anything = st.one_of(
    whole_seconds.map(lambda m: (f"{m:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0"), (seconds_of(m), False))),
    st.tuples(whole_seconds, zones)
    .filter(lambda pair: 2 < pair[0].year < 9998)
    .map(lambda pair: (pair[0].astimezone(pair[1]).isoformat(), (seconds_of(pair[0]), False))),
    st.dates().map(
        lambda d: (d.isoformat(), (seconds_of(datetime(d.year, d.month, d.day, tzinfo=UTC)), True))
    ),
)


@given(st.lists(anything, max_size=40))
def test_stamps_offsets_and_dates_mix_in_any_order(
    column: list[tuple[str, tuple[int, bool]]],
) -> None:
    assert parsed(*(text for text, _ in column)) == [meant for _, meant in column]


def test_every_day_of_three_centuries_is_the_right_one() -> None:
    days = [date(1899, 12, 1) + timedelta(days=n) for n in range(110_000)]
    seconds, is_date = stamps.parse([f"{day}T12:34:56Z" for day in days])
    assert not is_date.any()
    first = date(1970, 1, 1).toordinal()
    assert seconds.tolist() == [(day.toordinal() - first) * 86_400 + 45_296 for day in days]


@pytest.mark.parametrize("n", [0, 1, 4095, 4096, 4097, 8192, 10_000])
def test_columns_of_any_length_are_read(n: int) -> None:
    column = [f"2026-11-03T{k // 3600 % 24:02}:{k // 60 % 60:02}:{k % 60:02}Z" for k in range(n)]
    assert [second for second, _ in parsed(*column)] == [
        1_793_664_000 + k % 86_400 for k in range(n)
    ]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-11-03T09:00:00.000Z", "2026-11-03T09:00:00Z"),
        ("2026-11-03T09:00:00.999Z", "2026-11-03T09:00:00Z"),
        ("2026-11-03 09:00:00Z", "2026-11-03T09:00:00Z"),
        ("2026-11-03T09:00:00+00:00", "2026-11-03T09:00:00Z"),
        ("2026-11-03T09:00:00+0545", "2026-11-03T03:15:00Z"),
        ("2026-11-03T09:00:00-09:30", "2026-11-03T18:30:00Z"),
    ],
)
def test_the_spellings_of_other_providers_are_read(text: str, same: str) -> None:
    assert parsed(text, "2026-11-04") == [*parsed(same), *parsed("2026-11-04")]


def test_year_nought_is_a_long_time_ago_and_no_crash() -> None:
    assert parsed("0000-12-29T00:00:00Z", "0000-12-30") == [
        (-62_135_856_000, False),
        (-62_135_769_600, True),
    ]


WRONG = [
    *(
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
    ),
    *(
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
    ),
    *(
        "2026-01-01T00:00:60Z",
        "2026-1-01T00:00:00ZZ",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00z",
    ),
    *("2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-01-01T00:00:00X", "2026-01-01T-1:00:00Z"),
    *(
        "2026-02-30",
        "2026-13-01",
        "20260101",
        "2026-1-1",
        "01/02/2026",
        "yesterday",
        "",
        " ",
        "Z" * 20,
        "9" * 20,
    ),
    *(
        "2026-01-01T00:00:00Z\n",
        "2026-01-01\n",
        "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00+01:99",
    ),
    *("٢٠٢٦-٠١-٠١", "2026-01-01T00:00:00\u0661Z", "\N{FULLWIDTH DIGIT TWO}026-01-01T00:00:00Z"),
]


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("beside", [[], ["2026-11-03T09:00:00Z"], ["2026-11-03"]])
def test_what_is_no_time_is_refused_among_any_neighbours(text: str, beside: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        stamps.parse([*beside, text])


def test_texts_that_only_line_up_when_joined_are_refused() -> None:
    """One too short and one too long make the right total, and a line end inside a text makes the
    right rows.
    """
    good = "2026-11-03T09:00:00Z"
    for texts in (
        [good[:-1], "Z" + good],
        [good + "\n" + good, ""],
        [good + "\n", good[1:]],
        ["\n" + good, good[1:]],
    ):
        with pytest.raises(ValueError, match=r"."):
            stamps.parse(texts)


@pytest.mark.parametrize("value", [None, 5, b"2026-11-03", {"time": "2026-11-03"}, ["2026-11-03"]])
def test_what_is_not_even_text_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        stamps.parse(["2026-11-03T09:00:00Z", value])  # type: ignore[list-item]  # the point of the test


@given(st.text(alphabet="0123456789-:TZ+. \n", max_size=22))
def test_a_text_is_a_time_to_us_only_when_it_is_to_python(text: str) -> None:
    try:
        ((seconds, is_date),) = parsed(text)
    except ValueError:
        return
    moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text))
    assert seconds == seconds_of(moment.replace(tzinfo=moment.tzinfo or UTC))
    assert is_date == (len(text) == 10)
