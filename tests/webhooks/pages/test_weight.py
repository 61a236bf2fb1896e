"""Pages for people are light: HTML and all that it loads, uncompressed, in the fullest week there
is and with more accounts than anybody has.
"""

import pytest

from tests.support import people
from tests.support.booking_requests import POD, post
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, HEDY, enter
from tests.support.page_weight import LANGUAGES, LONG, light, weighed, weight

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = "week=2026-06-08"


@pytest.fixture
def day_and_night(one_desk: Desk) -> Desk:
    """A coach of a long name who is open all week: no grid is larger; with sessions and groups."""
    body = {
        "zone": "Europe/London",
        "name": LONG,
        "hours": {day: [["00:00", "24:00"]] for day in DAYS},
        "durations": [15, 30, 45, 60, 90],
        "policy": {"kind": "hours_only"},
    }
    assert one_desk.put("/v1/coaches/ada", body).status_code == 201
    return one_desk


def with_sessions(desk: Desk) -> None:
    for day in range(8, 13):
        for hour in (9, 11, 14):
            start = f"2026-06-{day:02}T{hour:02}:00:00Z"
            who = HEDY | {"id": f"p{day}{hour}", "name": LONG[:48]}
            booked = {"coach_id": "ada", "start": start, "duration": 60, "participant": who}
            assert post(desk, "/v1/bookings", booked).status_code == 201
        pod = POD | {"start": f"2026-06-{day:02}T17:00:00Z", "title": f"Circle of {LONG[:48]}"}
        assert post(desk, "/v1/pods", pod).status_code == 201


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_participant_s_week(day_and_night: Desk, language: str) -> None:
    asked = {"return_url": "https://os.test/me", "language": language}
    guest = enter(day_and_night, participant=GRACE | {"name": LONG}, **asked)
    page = guest.get(f"/book?{WEEK}&duration=15")
    assert page.text.count("<button name=q") == 7 * 96
    light(weighed(guest.client, "/book", page))
    with_sessions(day_and_night)
    light(weight(guest.client, f"/book?{WEEK}&duration=15"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("frame", ["", "&frame=0-1440"])
def test_a_coach_s_week(day_and_night: Desk, language: str, frame: str) -> None:
    with_sessions(day_and_night)
    who = GRACE | {"name": LONG}
    for viewer in ("coach", "manager"):
        asked = {"viewer": viewer, "language": language, "context": {"company": "acme"}}
        guest = enter(day_and_night, participant=who, **asked)
        light(weight(guest.client, f"/book?{WEEK}&duration=60{frame}"))
    # And with all that is closed told
    body = {"zone": "Europe/London", "name": LONG, "hours": {}, "durations": [60],
            "policy": {"kind": "hours_only"}}  # fmt: skip
    assert day_and_night.put("/v1/coaches/ada", body).status_code == 200
    coach = enter(day_and_night, participant=who, viewer="coach", language=language)
    page = coach.get(f"/book?{WEEK}{frame}")
    light(weighed(coach.client, "/book", page))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_comes_after_a_time_is_chosen(day_and_night: Desk, language: str) -> None:
    asked = {"return_url": "https://os.test/me", "language": language}
    guest = enter(day_and_night, participant=GRACE | {"name": LONG}, **asked)
    with_sessions(day_and_night)
    start = people.at(9, 6)
    light(weight(guest.client, f"/book/confirm?start={start}&duration=60"))
    booking_id = guest.book(start)
    for path in ("", "/cancel"):
        light(weight(guest.client, f"/book/bookings/{booking_id}{path}"))
    light(weight(guest.client, f"/book?{WEEK}&move={booking_id}"))
    light(weight(guest.client, f"/book/confirm?start={people.at(9, 9)}&duration=60", 409))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_for_in_vain_and_the_question_before_a_calendar(
    day_and_night: Desk, language: str
) -> None:
    guest = enter(day_and_night, participant=GRACE | {"name": LONG}, language=language)
    light(weight(guest.client, "/book/bookings/bkg_nobody", 404))
    spoken = {"Accept-Language": language}
    asked = {"provider": "google"}
    invited = day_and_night.ask("POST", "/v1/coaches/ada/connect", json=asked)
    place = "/c/" + str(invited.json["authorize_url"]).rpartition("/c/")[2]
    stranger = day_and_night.client.application.test_client()
    page = stranger.get(place, buffered=True, headers=spoken)
    assert page.status_code == 200
    light(weighed(stranger, place, page))
    over = stranger.get("/book", buffered=True, headers=spoken)
    assert over.status_code == 401
    light(weighed(stranger, "/book", over))
