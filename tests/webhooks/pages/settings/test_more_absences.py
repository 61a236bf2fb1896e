"""Away, travel and public holidays on "More settings"."""

import re
from typing import Any

import pytest

from domain.coaches import Coach
from tests.support import page_visitor
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.page_visitor import follow, path_of
from tests.support.settings_page import enter, stored

PAGE = "/settings/more"
EMPTY = [""]
AWAY = {
    "since_date": ["2026-06-02", ""],
    "since_time": ["1 pm", ""],
    "until_date": ["2026-06-03", ""],
    "until_time": ["", ""],
    "note": ["Skiing", ""],
}
TRAVEL = {"first": ["2026-06-04", ""], "last": ["2026-06-05", ""], "zone": ["Tokyo", ""]}


def save(desk: Desk, csrf: str, section: str, **fields: Any) -> Any:
    sent = {"csrf": csrf, "version": str(stored(desk).version)} | fields
    return desk.client.post(f"{PAGE}/{section}", data=sent)


def told(desk: Desk) -> tuple[list[str], list[str], tuple[str, ...]]:
    """What is stored: absences, trips and holidays."""
    coach: Coach = stored(desk)
    away = [f"{it.since:%d %H:%M}-{it.until:%d %H:%M} {it.note}" for it in coach.away]
    trips = [f"{it.first.day}-{it.last.day} {it.zone}" for it in coach.trips]
    return away, trips, coach.holidays.names


def test_each_section_saves_itself_and_nothing_else(desk: Desk, csrf: str, ada: str) -> None:
    saved = save(desk, csrf, "away", **AWAY)
    assert (saved.status_code, saved.location) == (303, f"{PAGE}?saved=away#away")
    assert save(desk, csrf, "travel", **TRAVEL).status_code == 303
    chosen = {"country": "GB", "region": "SCT", "name": ["Boxing Day", "Christmas Day"]}
    assert save(desk, csrf, "holidays", **chosen).status_code == 303
    away, trips, names = told(desk)
    assert away == ["02 13:00-04 00:00 Skiing"]
    assert trips == ["4-5 Asia/Tokyo"]
    assert names == ("Boxing Day", "Christmas Day")
    # And the page shows what it took, whole days without a time
    page = desk.client.get(saved.location).text
    assert 'value="13:00"' in page
    assert 'name="until_date" value="2026-06-03"' in page
    assert 'value="Asia/Tokyo"' in page
    assert 'value="Boxing Day" checked' in page
    assert "Saved." in page
    assert save(desk, csrf, "away", note=EMPTY).status_code == 303
    assert told(desk) == ([], trips, names)


@pytest.mark.parametrize(
    ("section", "fields", "said"),
    [
        ("away", AWAY | {"until_date": ["2026-06-01", ""]}, "The end must come after"),
        ("away", AWAY | {"since_time": ["noon", ""]}, "Write a time like 09:30."),
        ("away", AWAY | {"since_time": ["25:00", ""]}, "Write a time like 09:30."),
        ("away", AWAY | {"since_date": ["", ""]}, "Write the date like 2026-12-24."),
        ("away", AWAY | {"until_date": ["9999-12-31", ""]}, "Write the date like 2026-12-24."),
        ("away", {name: [texts[0]] * 101 for name, texts in AWAY.items()}, "That is too many"),
        ("away", AWAY | {"note": ["Skiing\0", ""]}, "without control characters"),
        ("away", AWAY | {"note": ["Skiing" * 60, ""]}, "This is too long. Shorten it."),
        ("away", AWAY | {"since_date": ["0202-06-02", ""]}, "Write the date like 2026-12-24."),
        ("travel", TRAVEL | {"first": ["0202-06-04", ""]}, "Write the date like 2026-12-24."),
        ("travel", TRAVEL | {"zone": ["Atlantis", ""]}, "We know no such zone"),
        ("travel", TRAVEL | {"zone": ["\0", ""]}, "We know no such zone"),
        ("travel", TRAVEL | {"first": ["\0", ""]}, "Write the date like 2026-12-24."),
        ("travel", {name: [texts[0]] * 2 for name, texts in TRAVEL.items()}, "stands in two rows"),
        ("holidays", {"country": "XX"}, "Choose a country and a region"),
        ("holidays", {"country": "\0"}, "Choose a country and a region"),
        ("holidays", {"country": "GB", "region": "\0"}, "Choose a country and a region"),
        ("holidays", {"country": "GB", "name": "Neujahr"}, "Choose one of the options."),
        ("holidays", {"country": "GB", "name": "\0"}, "without control characters"),
    ],
)
def test_what_is_wrong_is_told_with_what_was_typed_and_nothing_is_saved(
    desk: Desk, csrf: str, ada: str, section: str, fields: dict[str, Any], said: str
) -> None:
    page = save(desk, csrf, section, **fields)
    assert page.status_code == 422
    assert said in page.text
    assert told(desk) == ([], [], ())
    if section == "away":
        assert "Skiing" in page.text


def test_a_save_over_another_change_asks_again(desk: Desk, csrf: str, ada: str) -> None:
    page = save(desk, csrf, "away", version="7", **AWAY)
    assert page.status_code == 409
    assert "Your settings were changed elsewhere" in page.text
    again = re.search(r'name="version" value="(\d+)"', page.text)
    assert again
    assert save(desk, csrf, "away", version=again[1], **AWAY).status_code == 303


def test_a_country_is_chosen_then_its_region_and_holidays_are_shown(
    desk: Desk, csrf: str, ada: str
) -> None:
    page = desk.client.get(f"{PAGE}?country=DE&region=SCT").text
    assert '<option value="DE" selected>Germany' in page
    assert '<option value="BY">Bayern' in page
    assert 'value="Neujahr"' in page
    assert "Unity Day" in page
    assert stored(desk).holidays.country == ""
    for nowhere in ("country=XX", "country=%00", "country=GB&region=%00", "country="):
        assert desk.client.get(f"{PAGE}?{nowhere}").status_code == 200


BOOKED = {
    "coach_id": "ada",
    "duration": 60,
    "start": "2026-06-02T13:00:00Z",
    "participant": {"id": "grace", "name": "Grace Hopper", "email": "g@x.test", "zone": "UTC"},
}


def test_sessions_inside_are_listed_and_their_coach_may_go_on_to_move_them(
    desk: Desk, ada: str
) -> None:
    made = post(desk, "/v1/bookings", BOOKED).json
    csrf = enter(desk)
    page = desk.client.get(save(desk, csrf, "away", **AWAY).location).text
    assert "These sessions lie within. Nothing was changed" in page
    assert "2 June 2026" in page
    assert desk.get(f"/v1/bookings/{made['id']}").json == made
    # The key of this link may not force: it names nobody, and no way leads on from here
    assert "Grace Hopper" not in page
    assert "/settings/more/move" not in page
    move = {"csrf": csrf, "booking": made["id"]}
    assert desk.client.post(f"{PAGE}/move", data=move).status_code == 404


def test_who_may_let_a_coach_in_lets_them_go_on_from_the_settings(desk: Desk, ada: str) -> None:
    made = post(desk, "/v1/bookings", BOOKED).json
    asked = {"purpose": "settings", "coach_id": "ada", "language": "en-GB"}
    link = desk.ask("POST", "/v1/links", "links:write", "bookings:force", json=asked)
    follow(desk.client, path_of(link))
    csrf = re.search(r'name="csrf" value="([\w-]+)"', desk.client.get(PAGE).text)
    assert csrf
    page = desk.client.get(save(desk, csrf[1], "away", **AWAY).location).text
    assert "<bdi>Grace Hopper</bdi>" in page
    assert "Moving one leads away from your settings" in page
    assert f'name="booking" value="{made["id"]}"' in page
    for other in ("bkg_nobody", "\0", ""):
        wrong = {"csrf": csrf[1], "booking": other}
        assert desk.client.post(f"{PAGE}/move", data=wrong).status_code == 404
    on = desk.client.post(f"{PAGE}/move", data={"csrf": csrf[1], "booking": made["id"]})
    assert on.status_code == 303
    there = follow(desk.client, on.location)
    assert there.location == f"/book/bookings/{made['id']}"
    assert "Grace Hopper" in desk.client.get(there.location).text


def test_what_is_over_is_not_shown_and_long_over_not_kept(desk: Desk, csrf: str, ada: str) -> None:
    past = {"since_date": ["2026-05-20", "2026-01-05"], "until_date": ["2026-05-21", "2026-01-06"]}
    rest = {"since_time": EMPTY * 2, "until_time": EMPTY * 2, "note": ["May", "January"]}
    save(desk, csrf, "away", **past, **rest)
    page = desk.client.get(PAGE).text
    assert "January" not in page
    assert 'value="May"' not in page
    save(desk, csrf, "away", **AWAY)
    assert [each.partition(" ")[0] for each in told(desk)[0]] == ["20", "02"]


def test_nobody_else_sees_a_note(desk: Desk, csrf: str, ada: str) -> None:
    save(desk, csrf, "away", **AWAY)
    people_see = desk.get("/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-08&duration=60")
    assert "Skiing" not in people_see.text
    guest = page_visitor.enter(desk)
    assert "Skiing" not in guest.get("/book?week=2026-06-01").text
