"""Sessions per local day and per ISO week."""

from domain.slots import Own, SlotSet, build
from domain.slots.reasons import Reason
from tests.domain.kit import DAY, NOTHING_BUSY, at, coach, monday, session

ALWAYS = ["00:00", "24:00"]


def limited(found: SlotSet) -> list[int]:
    """How many quarter hours of each UTC day a limit closes."""
    codes = found.codes(60).reshape(-1, 96)
    return [int((day == Reason.limit).sum()) for day in codes]


def test_a_full_day_closes_its_other_starts_and_no_other_day() -> None:
    # Given two sessions on Monday, and room for two a day
    own = [session("08:00-09:00"), session("12:00-13:00")]
    found = monday(coach(pre=0, post=0, per_day=2), own=own, days=2)
    # Then nothing is left on Monday, and all of Tuesday
    assert len(found.open_starts(60, 0, at("2026-06-09T00:00"))) == 0
    assert len(found.open_starts(60)) == 41


def test_one_session_less_leaves_the_day_open() -> None:
    found = monday(coach(pre=0, post=0, per_day=2), own=[session("08:00-09:00")])
    assert limited(found) == [0]


def test_a_limit_of_none_at_all_closes_every_day() -> None:
    assert len(monday(coach(per_day=0)).open_starts(60)) == 0
    assert len(monday(coach(per_week=0)).open_starts(60)) == 0


def test_a_session_counts_on_the_local_date_it_begins_on() -> None:
    # Given a coach in New York, four hours behind, and a session from 23:00 to 01:00 of Sunday to
    # Monday there
    person = coach(ALWAYS, zone="America/New_York", pre=0, post=0, per_day=1)
    found = monday(person, own=[session("03:00-05:00")], days=2)
    # Then Sunday is full until its midnight, 04:00Z, and Monday is not
    assert limited(found) == [3 * 4 - 3, 0]


def test_weeks_begin_on_monday_in_the_coachs_zone() -> None:
    # Given room for one session a week, and one on Wednesday
    person = coach(ALWAYS, zone="Asia/Kathmandu", pre=0, post=0, per_week=1)
    own = [Own(at("2026-06-10T10:00"), at("2026-06-10T11:00"), 0)]
    found = build(person, NOTHING_BUSY, own, origin=at("2026-06-07T00:00"), days=9)
    # Then the week is full from Sunday 18:15Z, when Monday begins there, to the next
    busy_on_wednesday = 4 + 3
    assert limited(found) == [23, 96, 96, 96 - busy_on_wednesday, 96, 96, 96, 73, 0]


def test_sessions_of_the_same_week_count_though_they_lie_before_or_after_the_set() -> None:
    # Given a set of Wednesday alone
    wednesday = at("2026-06-10T00:00")
    person = coach(ALWAYS, pre=0, post=0, per_week=2)
    for shift in (-2, 4):
        own = [
            Own(wednesday + shift * DAY, wednesday + shift * DAY + 3600 * hours, 0)
            for hours in (1, 2)
        ]
        assert limited(build(person, NOTHING_BUSY, own, origin=wednesday, days=1)) == [96]
    # And those of other weeks do not
    for shift in (-3, 5):
        own = [
            Own(wednesday + shift * DAY, wednesday + shift * DAY + 3600 * hours, 0)
            for hours in (1, 2)
        ]
        assert limited(build(person, NOTHING_BUSY, own, origin=wednesday, days=1)) == [0]


def test_the_last_days_of_december_share_a_week_with_the_first_of_january() -> None:
    # Given a session on Thursday 31 December 2026
    own = [Own(at("2026-12-31T10:00"), at("2026-12-31T11:00"), 0)]
    found = build(
        coach(ALWAYS, per_week=1), NOTHING_BUSY, own, origin=at("2027-01-01T00:00"), days=4
    )
    # Then Sunday 3 January is full, and Monday is not
    assert limited(found) == [96, 96, 96, 0]
