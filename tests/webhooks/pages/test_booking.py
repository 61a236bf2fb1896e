"""The participant's booking page without a browser: what it offers, does, refuses, and
never tells.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from domain.hours import timezone
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    GRACE,
    HEDY,
    Visitor,
    booking_in,
    enter,
    fields,
    open_starts,
    since_of,
    starts_in,
)
from tests.webhooks.api.test_bookings import POD, post

TEN, FREE = people.at(2, 13), people.at(4, 9)
BUSY = (people.at(2, 9), people.at(2, 10))
CANARIES = (
    "Secret title",
    "A canary reason",
    "Hedy",
    "hedy",
    "lamarr",
    "outside_hours",
    "buffer",
    "untrusted",
)
ROW = re.compile(r"<tr[^>]*><th>(\d\d):(\d\d)( <small>)?")
LIVE = re.compile(r'data-frame="(\d+-\d+)"')


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Tuesday 09:00-10:00 UTC her calendar is busy."""
    people.ready(desk.database, people.MAILED, BUSY)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database, people.MAILED, BUSY)
    return one_desk


@pytest.fixture
def guest(desk: Desk) -> Visitor:
    return enter(desk)


def listed(desk: Desk, since: str, until: str, duration: int = 60, zone: str = "UTC") -> list[int]:
    """What the API lists."""
    query = f"from={since}&to={until}&duration={duration}&tz={zone}"
    starts = desk.get(f"/v1/coaches/ada/slots?{query}").json["starts"]
    return [int(datetime.fromisoformat(start).timestamp()) for start in starts]


def bookings_of(desk: Desk) -> list[tuple[str, str, int]]:
    with desk.database.read() as tx:
        return sorted(
            (row.participant_id, row.status, row.version)
            for row in tx.execute(tables.bookings.select())
        )


def mails(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        found = tx.execute(tables.outbox.select().where(tables.outbox.c.kind == "mail"))
        return sorted((row.topic, row.recipient) for row in found if row.topic != "reminder")


# -- the grid
# -------------------------------------------------------------------------------------------------


def cells(page: str, zone: str, monday: date) -> dict[int, bool]:
    """Every cell of the grid by its instant, worked out from its row's and its column's header."""
    days = [
        date.fromisoformat(day) for day in re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)"', page)
    ]
    assert days == [monday + timedelta(days=number) for number in range(7)]
    found: dict[int, bool] = {}
    since = since_of(page)
    for line in re.findall(r"<tr[^>]*><th>.*", page):
        row = ROW.match(line)
        assert row is not None
        shown = re.findall(r"<td[^>]*>(?:<button name=q value=(\d+)|<i>([^<]+)</i>)", line)
        assert len(shown) == 7
        for day, (quarter, said) in zip(days, shown, strict=True):
            instant = instant_of(zone, day, int(row[1]), int(row[2]), again=bool(row[3]))
            if instant is None:
                missing = (
                    "On this day the clock shows this time once"
                    if row[3]
                    else "The clock skips this time"
                )
                assert said == missing
                continue
            assert said in ("", "Unavailable")
            assert quarter in ("", str((instant - since) // 900))
            assert instant not in found
            found[instant] = bool(quarter)
    return found


def instant_of(zone: str, day: date, hour: int, minute: int, *, again: bool) -> int | None:
    """When the clock shows this time; None when it does not, or not `again`."""
    rules = timezone(zone)
    first = datetime(day.year, day.month, day.day, hour, minute, tzinfo=rules)
    wanted = first.replace(fold=int(again))
    back = datetime.fromtimestamp(wanted.timestamp(), rules)
    skipped = (back.hour, back.minute) != (hour, minute)
    only_once = again and first.utcoffset() == wanted.utcoffset()
    return None if skipped or only_once else int(wanted.timestamp())


# Ada's clocks are London's; the viewer's change in the same weeks, in others, or never; Lord Howe's
# by half an hour.
DST = [
    ("Europe/London", date(2026, 10, 19)),
    ("Europe/London", date(2026, 3, 23)),
    ("Asia/Kathmandu", date(2026, 10, 19)),
    ("Asia/Kathmandu", date(2026, 3, 23)),
    ("Australia/Lord_Howe", date(2026, 9, 28)),
    ("Australia/Lord_Howe", date(2026, 3, 30)),
    ("Asia/Beirut", date(2026, 10, 19)),
    ("Africa/Cairo", date(2026, 4, 20)),
]


@pytest.mark.parametrize(("zone", "monday"), DST)
@pytest.mark.parametrize("duration", [30, 60])
def test_the_grid_says_what_the_api_says_cell_by_cell(
    fresh_database: Any, zone: str, monday: date, duration: int
) -> None:
    """For a coach who works by night too, so that the hours that come twice, or never, are among
    hers.
    """
    now = datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - timedelta(days=3)
    days = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    body = desks.SETTINGS | {
        "hours": days | {"wed": [["10:00", "12:00"]]},
        "policy": {"kind": "hours_only"},
    }
    with desks.opened(fresh_database("sqlite"), broker=StubBroker(), now=now) as desk:
        assert desk.put("/v1/coaches/ada", body).status_code == 201
        start = f"{monday + timedelta(days=3)}T10:00:00Z"
        post(
            desk,
            "/v1/bookings",
            {"coach_id": "ada", "start": start, "duration": 60, "participant": HEDY},
        )
        guest = enter(desk, participant=GRACE | {"zone": zone})
        page = guest.get(f"/book?week={monday}&duration={duration}").text
        api = listed(desk, str(monday), str(monday + timedelta(days=7)), duration, zone)
        found = cells(page, zone, monday)
        assert sorted(instant for instant, is_open in found.items() if is_open) == api
        assert len(api) > 300
        assert len(found) == len(api) + sum(not is_open for is_open in found.values())
        first = int(
            datetime(monday.year, monday.month, monday.day, tzinfo=timezone(zone)).timestamp()
        )
        assert min(found) in (first, first + 900)
        assert zone.rpartition("/")[2].replace("_", " ") in page


def test_the_grid_of_office_hours_is_as_short_as_they_are(one_desk: Desk) -> None:
    page = enter(one_desk).get("/book?week=2026-06-01&duration=60").text
    found = cells(page, "Europe/London", date(2026, 6, 1))
    assert sorted(start for start, is_open in found.items() if is_open) == listed(
        one_desk, "2026-06-01", "2026-06-08"
    )
    assert people.at(2, 9) not in starts_in(page)
    assert min(found) == people.at(1, 8)
    assert max(found) == people.at(7, 15, 45)


def test_the_grid_never_shrinks_while_somebody_looks(one_desk: Desk) -> None:
    guest = enter(one_desk)
    before = guest.get("/book?week=2026-06-01&duration=60").text
    frame = LIVE.search(before)
    assert frame is not None
    for hour in (8, 10, 12, 14):  # the first hours of each day of the week go
        for day in range(1, 6):
            start = f"2026-06-{day:02}T{hour:02}:15:00Z"
            post(
                one_desk,
                "/v1/bookings",
                {"coach_id": "ada", "start": start, "duration": 60, "participant": HEDY},
            )
    after = guest.get(f"/book/grid?week=2026-06-01&duration=60&frame={frame[1]}").text
    monday = date(2026, 6, 1)
    assert (
        cells(after, "Europe/London", monday).keys()
        == cells(before, "Europe/London", monday).keys()
    )
    assert len(starts_in(after)) < len(starts_in(before))


def test_the_live_grid_is_sent_again_only_when_it_changed(one_desk: Desk) -> None:
    guest = enter(one_desk)
    path = "/book/grid?week=2026-06-01&duration=60"
    first = guest.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    assert (guest.get(path, headers=known).status_code, guest.get(path, headers=known).text) == (
        304,
        "",
    )
    enter(one_desk, participant=HEDY).book(TEN)
    again = guest.get(path, headers=known)
    assert again.status_code == 200
    assert len(open_starts(again)) == len(open_starts(first)) - 9


def test_the_viewer_s_zone_is_the_participant_s_and_can_be_switched(one_desk: Desk) -> None:
    guest = enter(one_desk, participant=GRACE | {"zone": "Asia/Kathmandu"})
    page = guest.get("/book?duration=60").text
    assert "All times are in Nepal Time (Kathmandu)" in page
    assert 'name="zone" list="zones" value="Kathmandu +05:45"' in page
    switched = guest.get("/book?duration=60&zone=America/New_York").text
    assert "All times are in Eastern Time (New York)" in switched
    assert sorted(starts_in(page)) == sorted(starts_in(switched))
    assert guest.get("/book?zone=Mars/Base").status_code == 422


def test_a_week_without_a_time_tells_where_the_next_one_is(one_desk: Desk) -> None:
    page = enter(one_desk).get("/book?week=2026-05-25&duration=60").text
    assert "No time is available this week" in page
    assert "The next one is on Monday 1 June 2026" in page.replace("Monday, ", "Monday ")
    assert "week=2026-06-01" in page


def test_an_untrusted_calendar_is_not_told_it_is_only_not_open(one_desk: Desk) -> None:
    people.introduce(
        one_desk.database,
        replace(people.ADA, id="new", policy=replace(people.ADA.policy, kind="hide")),
    )
    page = enter(one_desk, coach_id="new").get("/book").text
    assert "No time is available this week" in page
    assert "untrusted" not in page
    assert "unconnected" not in page


@pytest.mark.parametrize(
    "query",
    [
        "week=x",
        "week=9999-12-31",
        "week=0001-01-01",
        "week=2026-06-03",
        "duration=x",
        "duration=7",
        "frame=9",
        "frame=9999-1",
        "move=",
        "zone=",
    ],
)
def test_what_makes_no_sense_in_an_address_is_let_be(one_desk: Desk, query: str) -> None:
    guest = enter(one_desk)
    assert guest.get(f"/book?{query}").status_code == 200
    assert guest.get(f"/book/grid?{query}").status_code == 200


@pytest.mark.parametrize("start", ["", "x", "-1", str(2**32), "9" * 30, "9" * 5000, "1.5"])
def test_a_start_that_is_none_is_not_understood(one_desk: Desk, start: str) -> None:
    guest = enter(one_desk)
    assert guest.get(f"/book/confirm?start={start}").status_code == 422
    form = guest.confirm(TEN) | {"start": start}
    assert guest.post("/book", form).status_code == 422


@pytest.mark.parametrize("start", [TEN + 60, 0, 2**32 - 1, people.at(2, 9)])
def test_a_start_that_is_not_open_is_refused_with_those_that_are(
    one_desk: Desk, start: int
) -> None:
    guest = enter(one_desk)
    assert guest.get(f"/book/confirm?start={start}&duration=60").status_code == 409
    answer = guest.post("/book", guest.confirm(TEN) | {"start": str(start)})
    assert answer.status_code in (409, 422)
    assert bookings_of(one_desk) == []


# -- booking
# --------------------------------------------------------------------------------------------------


def test_a_time_is_booked_shown_moved_and_cancelled(desk: Desk, guest: Visitor) -> None:
    # When a time is chosen and confirmed
    answer = guest.post("/book", guest.confirm(TEN))
    # Then it is shown, with the zone named, and its senders are woken
    assert answer.status_code == 303
    page = guest.get(answer.location).text
    assert "Your session is booked" in page
    assert "Tuesday 2 June 2026" in page.replace("Tuesday, ", "Tuesday ")
    assert "14:00 – 15:00" in page
    assert "United Kingdom Time (London)" in page
    assert mails(desk) == [("booked", "ada@example.test"), ("booked", "grace@example.test")]
    assert desk.runtime.broker.queues["mails"].qsize() >= 2
    booking_id = booking_in(answer)
    # When it is moved: its own time is open to it
    assert TEN + 900 not in listed(desk, "2026-06-02", "2026-06-03")
    form = guest.confirm(TEN + 900, move=booking_id)
    moved = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert booking_in(moved) == booking_id
    assert "14:15 – 15:15" in guest.get(moved.location).text
    # When it is cancelled, by the click on the page that asks
    question = guest.get(f"/book/bookings/{booking_id}/cancel")
    assert bookings_of(desk) == [("grace", "booked", 2)]
    ended = guest.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    assert "Your session is cancelled" in guest.get(ended.location).text
    assert bookings_of(desk) == [("grace", "cancelled", 3)]
    assert TEN in listed(desk, "2026-06-02", "2026-06-03")


def test_a_double_click_books_once(desk: Desk, guest: Visitor) -> None:
    form = guest.confirm(TEN)
    first, second = guest.post("/book", form), guest.post("/book", form)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert bookings_of(desk) == [("grace", "booked", 1)]
    assert len(mails(desk)) == 2
    assert (
        guest.post("/book", form | {"start": str(people.at(3, 13))}).status_code == 403
    )  # the key was for another time
    for key in ("", "short", "x" * 65, "\N{SNOWMAN}" * 20):
        assert (
            guest.post("/book", guest.confirm(people.at(3, 13)) | {"key": key}).status_code == 422
        )
    assert len(bookings_of(desk)) == 1


def test_a_form_of_one_person_s_is_of_no_use_to_another(desk: Desk, guest: Visitor) -> None:
    form = guest.confirm(TEN)
    guest.post("/book", form)
    other = enter(desk, participant=HEDY)
    answer = other.post("/book", form | {"csrf": other.confirm(people.at(3, 13))["csrf"]})
    assert answer.status_code == 403
    assert bookings_of(desk) == [("grace", "booked", 1)]


def test_a_lost_race_is_told_plainly_with_the_nearest_times(desk: Desk, guest: Visitor) -> None:
    form = guest.confirm(TEN)
    enter(desk, participant=HEDY).book(TEN)
    answer = guest.post("/book", form)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text
    assert "nothing was booked" in answer.text
    nearest = open_starts(answer)
    assert len(nearest) == 5
    assert set(nearest) <= set(listed(desk, "2026-06-01", "2026-06-08"))
    assert bookings_of(desk) == [("hedy", "booked", 1)]
    guest.book(nearest[0])
    assert bookings_of(desk) == [("grace", "booked", 1), ("hedy", "booked", 1)]


def test_a_lost_race_while_moving_leaves_the_session_where_it_was(
    desk: Desk, guest: Visitor
) -> None:
    booking_id = guest.book(TEN)
    target = people.at(3, 10)
    form = guest.confirm(target, move=booking_id)
    enter(desk, participant=HEDY).book(target)
    answer = guest.post(f"/book/bookings/{booking_id}/move", form)
    assert answer.status_code == 409
    assert f'name="move" value="{booking_id}"' in answer.text
    assert "14:00 – 15:00" in guest.get(f"/book/bookings/{booking_id}").text


def test_whoever_comes_back_to_the_form_has_the_session_and_is_told_so(
    desk: Desk, guest: Visitor
) -> None:
    # Given two pages that ask about one time, of which one was sent
    forms = [guest.confirm(TEN), guest.confirm(TEN)]
    booking_id = booking_in(guest.post("/book", forms[0]))
    # When the page is looked at again, or the other one is sent
    again = guest.get(f"/book/confirm?start={TEN}&duration=60")
    other = guest.post("/book", forms[1])
    # Then nobody was faster: the session is there, and nothing else is offered
    for answer, status in ((again, 200), (other, 409)):
        assert answer.status_code == status
        assert "You have this session" in answer.text
        assert f'href="/book/bookings/{booking_id}' in answer.text
        assert "faster" not in answer.text
        assert open_starts(answer) == []
    # And so when it was moved; another length of it can be asked for
    moved = f"/book/confirm?start={TEN + 900}&duration=60&move={booking_id}"
    guest.post(f"/book/bookings/{booking_id}/move", fields(guest.get(moved)))
    assert "You have this session" in guest.get(moved).text
    assert "Move your session to this time?" in guest.get(moved.replace("=60", "=30")).text
    assert bookings_of(desk) == [("grace", "booked", 2)]


@pytest.mark.parametrize(
    ("language", "text"), [("de", "Sie haben diese Sitzung"), ("fr", "Vous avez cette séance")]
)
def test_what_one_has_is_told_in_one_s_language(one_desk: Desk, language: str, text: str) -> None:
    guest = enter(one_desk, language=language)
    guest.book(TEN)
    assert text in guest.get(f"/book/confirm?start={TEN}&duration=60").text


def test_somebody_was_faster_only_where_somebody_was(one_desk: Desk) -> None:
    guest = enter(one_desk)
    mine, closed, taken = (
        guest.confirm(TEN),
        guest.confirm(people.at(4, 13)),
        guest.confirm(people.at(5, 13)),
    )
    # When their own session, or the coach's calendar, or nobody at all is in the way
    guest.book(TEN + 1800)
    another = people.connect(one_desk.database, sub="acc_second")
    account = replace(people.ACCOUNT, sub="acc_second")
    people.read(
        one_desk.database,
        another,
        (people.at(4, 13), people.at(4, 14)),
        of=people.MAILED,
        account=account,
    )
    never_open = mine | {"start": str(people.at(6, 3))}
    # Then nobody was faster; and whoever asks about a time that was never open is not told why it
    # is not
    enter(one_desk, participant=HEDY).book(people.at(5, 13))
    probed = guest.confirm(people.at(4, 9)) | {"start": str(people.at(5, 13))}
    for form in (mine, closed, never_open, probed):
        answer = guest.post("/book", form)
        assert (answer.status_code, "faster" in answer.text) == (409, False)
        assert "This time cannot be had" in answer.text
        assert open_starts(answer)
    assert "faster" not in guest.get(f"/book/confirm?start={people.at(5, 13)}&duration=60").text
    assert "Somebody else was faster" in guest.post("/book", taken).text


def test_a_confirmation_says_the_length_and_both_zones_if_they_differ(one_desk: Desk) -> None:
    guest = enter(one_desk)
    for zone, shown in (("Asia/Kathmandu", True), ("Europe/London", False)):
        page = guest.get(f"/book/confirm?start={TEN}&duration=30&zone={zone}").text
        assert "30 minutes" in page
        assert "14:00 – 14:30" in page
        assert ("Nepal Time (Kathmandu)" in page, "18:45 – 19:15" in page) == (shown, shown)
        assert page.count("United Kingdom Time (London)") == 1


def test_a_form_made_from_an_older_version_changes_nothing(desk: Desk, guest: Visitor) -> None:
    booking_id = guest.book(TEN)
    cancel = fields(guest.get(f"/book/bookings/{booking_id}/cancel"))
    guest.post(
        f"/book/bookings/{booking_id}/move", guest.confirm(people.at(3, 10), move=booking_id)
    )
    answer = guest.post(f"/book/bookings/{booking_id}/cancel", cancel)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    assert bookings_of(desk) == [("grace", "booked", 2)]


def test_a_late_cancellation_says_before_and_after_that_it_counts_as_missed(
    desk: Desk, guest: Visitor
) -> None:
    booking_id = guest.book(people.at(1, 10))
    question = guest.get(f"/book/bookings/{booking_id}/cancel")
    assert "less than 24 hours" in question.text
    ended = guest.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    assert "counts as missed" in guest.get(ended.location).text
    assert guest.get(f"/book/bookings/{booking_id}/cancel").status_code == 404


def test_only_looking_cancels_nothing(one_desk: Desk) -> None:
    guest = enter(one_desk)
    booking_id = guest.book(TEN)
    before = one_desk.dump()
    for path in ("/cancel", "", "/cancel?yes=1"):
        guest.get(f"/book/bookings/{booking_id}{path}")
        guest.client.head(f"/book/bookings/{booking_id}{path}")
    assert guest.get(f"/book/bookings/{booking_id}/move").status_code == 405
    assert one_desk.dump() == before


def test_the_page_lists_this_person_s_coming_sessions_with_this_coach(one_desk: Desk) -> None:
    guest = enter(one_desk)
    mine = [guest.book(people.at(3, 13)), guest.book(TEN)]
    theirs = enter(one_desk, participant=HEDY).book(people.at(4, 13))
    found = re.findall(r"/book/bookings/(bkg_\w+)", guest.get("/book").text)
    assert found == mine[::-1]
    assert theirs not in found


def test_pages_speak_the_languages_of_the_mails(one_desk: Desk) -> None:
    for language, booked, day in (
        ("de-AT", "gebucht", "2. Juni"),
        ("fr", "réservée", "2 juin"),
        ("xx", "booked", "2 June"),
    ):
        guest = enter(one_desk, language=language)
        booking_id = guest.book(TEN)
        page = guest.get(f"/book/bookings/{booking_id}").text
        assert booked in page
        assert day in page
        cancel = guest.get(f"/book/bookings/{booking_id}/cancel")
        guest.post(f"/book/bookings/{booking_id}/cancel", fields(cancel))


# -- groups
# ------------------------------------------------------------------------------------------------


def pod(desk: Desk, start: str = "2026-06-02T14:00:00Z", **changes: Any) -> str:
    made = post(desk, "/v1/pods", POD | {"start": start, "title": "Secret title"} | changes)
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def join(guest: Visitor, pod_id: str) -> Any:
    page = guest.get("/book")
    assert f'formaction="/book/groups/{pod_id}/join"' in page.text
    return guest.post(f"/book/groups/{pod_id}/join", fields(page))


def forms_to(page: str, path: str) -> dict[str, str]:
    found = re.search(rf'<form method="post" action="{path}">.*?</form>', page, re.DOTALL)
    assert found is not None
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', found[0]))


def test_a_group_is_joined_and_left(desk: Desk, guest: Visitor) -> None:
    mine = pod(desk)
    form = fields(guest.get("/book"))
    assert "Seats left: 2" in guest.get("/book").text
    answer = join(guest, mine)
    booking_id = booking_in(answer)
    assert "Group session" in guest.get(answer.location).text
    assert "Groups with seats left" not in guest.get("/book").text  # this one they are in
    again = guest.post(f"/book/groups/{mine}/join", form | {"key": "k" * 20})
    assert (again.status_code, "You have this session" in again.text) == (409, True)
    assert f'href="/book/bookings/{booking_id}' in again.text
    ended = guest.post(
        f"/book/bookings/{booking_id}/cancel",
        fields(guest.get(f"/book/bookings/{booking_id}/cancel")),
    )
    assert "cancelled" in guest.get(ended.location).text
    assert "Seats left: 2" in guest.get("/book").text


def test_the_last_seat_goes_to_one(desk: Desk, guest: Visitor) -> None:
    mine = pod(desk, min_seats=1, max_seats=1)
    form = fields(guest.get("/book"))
    assert join(enter(desk, participant=HEDY), mine).status_code == 303
    answer = guest.post(f"/book/groups/{mine}/join", form)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text
    assert "last seat" in answer.text
    assert bookings_of(desk) == [("hedy", "booked", 1)]


def test_a_seat_is_changed_for_one_in_another_group(desk: Desk, guest: Visitor) -> None:
    first, second = pod(desk), pod(desk, "2026-06-03T14:00:00Z")
    booking_id = booking_in(join(guest, first))
    path = f"/book/bookings/{booking_id}/group"
    form = forms_to(guest.get(f"/book/bookings/{booking_id}").text, path)
    assert form["pod"] == second
    moved = guest.post(path, form)
    assert "Wednesday 3 June" in guest.get(moved.location).text.replace("Wednesday, ", "Wednesday ")
    assert bookings_of(desk) == [("grace", "booked", 2)]


@pytest.mark.parametrize(
    ("format_", "may_join", "may_change"),
    [
        ("open", True, True),
        ("closed", False, False),
        ("hybrid", False, True),
        ("hybrid_v2", True, False),
    ],
)
def test_the_format_of_a_group_is_obeyed(
    desk: Desk, guest: Visitor, format_: str, may_join: bool, may_change: bool
) -> None:
    mine, other = pod(desk, format=format_), pod(desk, "2026-06-03T14:00:00Z", format=format_)
    page = guest.get("/book").text
    assert (f"/book/groups/{mine}/join" in page) is may_join
    form = guest.confirm(FREE) | {"zone": "UTC"}
    if not may_join:
        answer = guest.post(f"/book/groups/{mine}/join", form)
        assert answer.status_code == 409
        assert "given by your programme" in answer.text
        assert (
            post(
                desk, f"/v1/pods/{mine}/seats", {"participant": GRACE, "assigned": True}
            ).status_code
            == 201
        )
    else:
        join(guest, mine)
    found = re.search(r"/book/bookings/(bkg_\w+)", guest.get("/book").text)
    assert found is not None
    page = guest.get(f"/book/bookings/{found[1]}").text
    assert (other in page) is may_change
    if not may_change:
        form = guest.confirm(FREE) | {"pod": other, "version": "1"}
        assert guest.post(f"/book/bookings/{found[1]}/group", form).status_code == 409
    if format_ == "hybrid_v2":
        assert f"/book/groups/{other}/join" not in guest.get("/book").text


def test_groups_of_others_are_not_there(desk: Desk) -> None:
    """A cohort's group is for who belongs to it; another coach's is no business of this page."""
    people.ready(desk.database, replace(people.MAILED, id="bob"))
    cohort = {"company": "acme", "cohort": "spring"}
    ours, theirs, bob_s = (
        pod(desk, context=cohort),
        pod(desk, "2026-06-03T14:00:00Z", context={"company": "evil"}),
        "",
    )
    bob_s = pod(desk, coach_id="bob")
    guest, outsider = enter(desk, context=cohort), enter(desk)
    page = guest.get("/book").text
    assert ours in page
    for away in (theirs, bob_s):
        assert away not in page
        form = guest.confirm(FREE)
        assert guest.post(f"/book/groups/{away}/join", form).status_code == 404
    assert ours not in outsider.get("/book").text
    assert outsider.post(f"/book/groups/{ours}/join", outsider.confirm(FREE)).status_code == 404
    assert bookings_of(desk) == []


# -- what is never told
# ---------------------------------------------------------------------------------------


def test_no_page_tells_a_reason_a_title_or_another_s_name(one_desk: Desk) -> None:
    # Given a week with a forced session and a group of others
    forced = {
        "coach_id": "ada",
        "start": "2026-06-02T09:00:00Z",
        "duration": 60,
        "participant": HEDY,
    }
    assert (
        post(
            one_desk, "/v1/bookings", forced | {"force": {"reason": "A canary reason"}}
        ).status_code
        == 201
    )
    mine = pod(one_desk, max_seats=3, participants=[HEDY])
    guest = enter(one_desk)
    # When every page is looked at, also those of refusals
    booking_id = guest.book(people.at(3, 13))
    seat = booking_in(join(guest, mine))
    form = guest.confirm(people.at(4, 13))
    post(one_desk, "/v1/bookings", forced | {"start": "2026-06-04T13:00:00Z"})
    pages = [guest.post("/book", form)]
    paths = [
        "/book",
        "/book/grid",
        "/book?week=2026-06-08",
        f"/book?move={booking_id}",
        f"/book/confirm?start={people.at(2, 9)}",
    ]
    paths += [f"/book/bookings/{its}{end}" for its in (booking_id, seat) for end in ("", "/cancel")]
    pages += [guest.get(path) for path in [*paths, "/book/bookings/bkg_x", "/book/nowhere"]]
    assert [page.status_code for page in pages] == [
        409,
        200,
        200,
        200,
        200,
        409,
        200,
        200,
        200,
        200,
        404,
        404,
    ]
    # Then none of it is there, in the text, the source or the headers
    for page in pages:
        whole = page.text + str(page.headers)
        for canary in (*CANARIES, people.WORK, "busy", "acc_ada"):
            assert canary not in whole, canary


def test_a_name_is_text_on_the_page(fresh_database: Any) -> None:
    """Whatever a coach or a participant is called."""
    name = '<script>alert("x")</script>'
    with desks.opened(fresh_database("sqlite"), broker=StubBroker()) as desk:
        people.ready(desk.database, replace(people.MAILED, name=name))
        guest = enter(desk, return_url="https://os.test/?a=1&b='\""[:-1])
        page = guest.get("/book").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
