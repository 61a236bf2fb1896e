"""Where the coach's sessions are: a section of "More settings"."""

from typing import Any

import pytest

from domain.places import Place
from storage.rows import coaches
from tests.support import people
from tests.support.booking_requests import BOOKING, post
from tests.support.http_client import Desk
from tests.support.settings_page import enter, stored

PAGE = "/settings/more"
LINK = "https://meet.example/ada"


def choose(desk: Desk, csrf: str, kind: str, value: str = "", **changes: str) -> Any:
    version = str(stored(desk).version)
    sent = {"csrf": csrf, "version": version, "kind": kind, "value": value} | changes
    return desk.client.post(f"{PAGE}/place", data=sent)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("url", f" {LINK} ", Place("url", LINK)),
        ("phone", "+44 20 7946 0018", Place("phone", "+44 20 7946 0018")),
        ("address", "12 High Street", Place("address", "12 High Street")),
        ("conferencing", "what stood there before", Place("conferencing", "default")),
        ("", LINK, None),
    ],
)
def test_a_coach_chooses_and_new_sessions_are_there(
    one_desk: Desk, kind: str, value: str, kept: Place | None
) -> None:
    people.ready(one_desk.database)
    csrf = enter(one_desk)
    before = stored(one_desk)
    answer = choose(one_desk, csrf, kind, value)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?saved=place#place")
    coach = stored(one_desk)
    assert coach.place == kept
    assert (coach.hours, coach.durations) == (before.hours, before.durations)
    page = one_desk.client.get(answer.location).text
    assert "Saved." in page
    assert (f'<option value="{kind}" selected>' in page) == bool(kind)
    booked = post(one_desk, "/v1/bookings", BOOKING).json
    assert booked["place"] == (kept and kept.as_json())


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("url", "javascript:alert(1)", "Enter a link that begins with https://."),
        ("phone", "call me", "Enter a telephone number"),
        ("address", " ", "Fill this in."),
        ("address", "a" * 301, "This is too long. Shorten it."),
        ("zoom", "x", "Choose one of the options."),
        ("platform", LINK, "Choose one of the options."),
    ],
)
def test_what_is_no_place_is_told_beside_its_field_and_stays_typed(
    one_desk: Desk, kind: str, value: str, said: str
) -> None:
    people.ready(one_desk.database)
    csrf = enter(one_desk)
    answer = choose(one_desk, csrf, kind, value)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{value}"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert stored(one_desk).place is None


def test_only_what_is_allowed_is_offered_and_taken(one_desk: Desk) -> None:
    people.ready(one_desk.database, people.coach(place_kinds=("phone", "url"), name="Ada"))
    csrf = enter(one_desk)
    page = one_desk.client.get(PAGE).text
    for kind, offered in (("url", True), ("phone", True), ("address", False)):
        assert (f'<option value="{kind}"' in page) == offered
    answer = choose(one_desk, csrf, "address", "12 High Street")
    assert answer.status_code == 422
    assert "This kind of place is not allowed here." in answer.text


def test_whose_video_calls_they_are_stays(one_desk: Desk) -> None:
    profile = Place("conferencing", "pro_c1")
    people.ready(one_desk.database, people.coach(place=profile, name="Ada"))
    csrf = enter(one_desk)
    assert "pro_c1" not in one_desk.client.get(PAGE).text
    assert choose(one_desk, csrf, "conferencing").status_code == 303
    assert stored(one_desk).place == profile


def test_what_somebody_else_changed_meanwhile_is_not_written_over_unseen(one_desk: Desk) -> None:
    people.ready(one_desk.database)
    csrf = enter(one_desk)
    with one_desk.database.write() as tx:
        coaches.put(tx, people.coach(name="Ada King"))
    answer = choose(one_desk, csrf, "url", LINK, version="1")
    assert answer.status_code == 409
    assert LINK in answer.text
    assert stored(one_desk).place is None
