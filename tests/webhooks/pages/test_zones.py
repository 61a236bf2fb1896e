"""Zones by city and country: what the list has, and what is understood of what somebody types."""

import re
from pathlib import Path

import orjson
import pytest

from domain.errors import Invalid
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, enter
from webhooks.pages import assets, zones

STATIC = Path(assets.__file__).parent / "static"
TONGUES = ("en", "de", "fr", "ar")
TOKYO = re.compile("To[ky]+i?o, Jap[ao]n \\+09:00|طوكيو, اليابان \u200e\\+09:00")


@pytest.mark.parametrize("tongue", TONGUES)
def test_the_list_is_kept_under_a_name_that_changes_with_it(one_desk: Desk, tongue: str) -> None:
    people.ready(one_desk.database)
    guest = enter(one_desk, language=tongue)
    page = guest.get("/book").text
    url = page.partition('data-from="')[2].partition('"')[0]
    answer = guest.get(url)
    assert "immutable" in answer.headers["Cache-Control"]
    listed = dict(orjson.loads(answer.data))
    assert len(listed) > 400
    assert TOKYO.fullmatch(listed["Asia/Tokyo"])
    # Another name has what is true now, and is not kept
    other = guest.get(f"/pages/zones/{tongue}/000000.json")
    assert other.data == answer.data
    assert other.headers["Cache-Control"] == "no-store"
    # And each of its names, and what the field shows, means its zone
    for zone, name in listed.items():
        assert zones.understood(name, tongue) == zone
        assert zones.understood(zone, tongue) == zone


@pytest.mark.parametrize(
    ("typed", "tongue", "zone"),
    [
        ("Tokyo", "en", "Asia/Tokyo"),
        ("tokio +09:00", "de", "Asia/Tokyo"),
        ("Japon", "fr", "Asia/Tokyo"),
        ("new york", "en", "America/New_York"),
        ("Asia/Calcutta", "en", "Asia/Calcutta"),
        ("UTC", "de", "UTC"),
        ("Österreich", "de", "Europe/Vienna"),
    ],
)
def test_a_city_a_country_or_a_name_is_understood(typed: str, tongue: str, zone: str) -> None:
    assert zones.understood(typed, tongue) == zone


@pytest.mark.parametrize("typed", ["Mars", "", " ", "\0", "+01:00", "x" * 10_000])
def test_what_is_no_place_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="IANA"):
        zones.understood(typed, "en")


def test_who_types_what_is_no_place_is_told_what_to_write(one_desk: Desk) -> None:
    people.ready(one_desk.database)
    answer = enter(one_desk).get("/book?zone=Mars")
    assert answer.status_code == 422
    assert "write a city or a country" in answer.text


def test_without_a_script_a_coach_asks_for_a_closed_time_by_the_clock(one_desk: Desk) -> None:
    people.ready(one_desk.database, people.MAILED, (people.at(3, 12), people.at(3, 14)))
    coach = enter(one_desk, viewer="coach", participant=GRACE)
    assert 'name="wall"' in coach.get("/book").text
    asked = "/book/confirm?duration=60&since=0&zone=London&wall="
    page = coach.get(f"{asked}2026-06-03T13:30")
    assert "This time is closed." in page.text
    assert "13:30" in page.text
    for wrong in ("", "2026-06-03", "soon", "9999-12-31T23:59", "2026-06-03T13:30%2B02:00"):
        assert coach.get(f"{asked}{wrong}").status_code in (200, 409, 422), wrong
    assert coach.get(f"{asked}soon").status_code == 422
    assert coach.get("/book/confirm?duration=60&since=x&q=1").status_code == 422


def test_scripts_and_sheets_are_sent_without_what_only_their_authors_need(one_desk: Desk) -> None:
    for path in STATIC.iterdir():
        answer = one_desk.client.get(f"/pages/static/{path.name}", buffered=True)
        text, written = answer.text, path.read_text()
        assert len(text) < len(written)
        # What a line begins with is left out: no text may go over several
        assert all(line.count("`") % 2 == 0 for line in written.splitlines()), path
        for mark in "{}":
            assert text.count(mark) == written.count(mark), path
        known = {"If-None-Match": answer.headers["ETag"]}
        assert one_desk.client.get(f"/pages/static/{path.name}", headers=known).status_code == 304
    assert one_desk.client.get("/pages/static/nothing.js").status_code == 404
