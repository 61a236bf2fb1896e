"""The calendar settings page without a browser: the save and its refusals."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from storage.transactions import farewells
from tests.support import people
from tests.support.http_client import Desk
from tests.support.settings_page import connection, enter, send, stored
from webhooks.api.schemas.hours import MOST_OVERRIDES


def test_a_save_changes_all_of_it_at_once_and_the_times_follow(desk: Desk, csrf: str) -> None:
    answer = send(
        desk,
        csrf,
        hours__mon="9-12, 13:00–17:30",
        hours__fri="22:00-02:00",
        hours__sat="",
        override_date=["2026-12-24", "2026-12-28", ""],
        override_hours=["", "10:00-14:00", ""],
        pre="0",
        post="30",
        notice="2",
        notice_unit="days",
        horizon_days="60",
        durations=["45", "60"],
        mode="back_to_back",
        zone="Europe/Vienna",
    )
    assert (answer.status_code, answer.location) == (303, "/settings?said=saved")
    coach = stored(desk)
    assert coach.version == 2
    assert coach.hours.zone == "Europe/Vienna"
    assert coach.hours.weekly_json() | {} == {
        "mon": [["09:00", "12:00"], ["13:00", "17:30"]],
        "tue": [["09:00", "17:00"]],
        "wed": [["09:00", "17:00"]],
        "thu": [["09:00", "17:00"]],
        "fri": [["22:00", "02:00"]],
    }
    assert coach.hours.overrides_json() == {"2026-12-24": [], "2026-12-28": [["10:00", "14:00"]]}
    assert (coach.pre, coach.post, coach.notice, coach.horizon_days) == (0, 30, 2880, 60)
    assert (coach.durations, coach.mode) == ((45, 60), "back_to_back")
    # what the form does not show is as it was
    assert (coach.policy, coach.tentative_blocks, coach.per_day) == (people.ADA.policy, True, None)
    # the set is there when the page returns, and a longer horizon wants a read
    assert people.listing(desk.database).slots.durations == (45, 60)
    assert desk.woken() == [connection(desk)["id"]]
    page = desk.client.get(answer.location).text
    assert "Saved." in page
    assert 'value="22:00-02:00"' in page
    assert 'name="notice" min="0" step="1" inputmode="numeric" required value="2"' in page


def test_a_stale_form_saves_nothing_keeps_what_was_typed_and_can_be_sent_again(
    desk: Desk, csrf: str
) -> None:
    assert send(desk, csrf, pre="20").status_code == 303
    before = desk.dump()
    answer = send(desk, csrf, pre="45")
    assert answer.status_code == 409
    assert "changed elsewhere" in answer.text
    assert 'name="version" value="2"' in answer.text
    assert 'value="45"' in answer.text
    assert desk.dump() == before
    assert send(desk, csrf, pre="45", version="2").status_code == 303
    assert stored(desk).pre == 45


def test_a_coach_who_leaves_opens_nothing_again(desk: Desk, csrf: str) -> None:
    with desk.database.write() as tx:
        farewells.begin(tx, "ada", actor="a test", now=people.NOW)
    version = str(stored(desk).version)
    assert send(desk, csrf, version=version).status_code == 404
    place = {"version": version, "kind": "url", "value": "https://example.test/ada"}
    assert send(desk, csrf, "/settings/more/place", **place).status_code == 404
    assert not any(stored(desk).hours.weekly)
    assert stored(desk).place is None


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("hours__mon", "09:00-25:00", "problem-hours.mon"),
        ("hours__tue", "nine to five", "problem-hours.tue"),
        ("hours__wed", "24:00-08:00", "problem-hours.wed"),
        ("hours__thu", ",".join(["09:00-10:00"] * 25), "problem-hours.thu"),
        ("zone", "Europe/Atlantis", "problem-zone"),
        ("pre", "-1", "problem-pre"),
        ("pre", "481", "problem-pre"),
        ("post", "ten", "problem-post"),
        ("notice", "366", "problem-notice"),
        ("notice_unit", "years", "problem-notice"),
        ("horizon_days", "0", "problem-horizon_days"),
        ("horizon_days", "181", "problem-horizon_days"),
        ("durations", [], "problem-durations"),
        ("durations", ["7"], "problem-durations"),
        ("durations", ["x"], "problem-durations"),
        ("mode", "chaotic", "problem-mode"),
        ("override_date", ["24.12.2026", ""], "problem-overrides"),
        ("override_date", ["2026-12-24", "2026-12-24"], "problem-overrides"),
        ("override_hours", ["09:00-10:00", ""], "problem-overrides"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(
    one_desk: Desk, name: str, value: Any, shown: str
) -> None:
    people.introduce(one_desk.database)
    csrf = enter(one_desk)
    before = one_desk.dump()
    answer = send(
        one_desk,
        csrf,
        **({"notice_unit": "days"} | {name: value, "post": value if name == "post" else "0"}),
    )
    assert answer.status_code == 422
    assert f'id="{shown}"' in answer.text
    assert answer.text.count('class="problem" id="problem-') == 1
    if isinstance(value, str) and name not in ("mode", "notice_unit"):
        assert f'value="{value}"' in answer.text
    assert one_desk.dump() == before


def test_every_wrong_field_is_told_at_once(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    answer = send(one_desk, enter(one_desk), hours__mon="x", pre="x", zone="x")
    assert answer.text.count('class="problem" id="problem-') == 3


@pytest.mark.parametrize("version", ["", "-1", "one", "9" * 30, "²"])
def test_a_form_without_a_version_of_ours_is_refused(one_desk: Desk, version: str) -> None:
    people.introduce(one_desk.database)
    assert send(one_desk, enter(one_desk), version=version).status_code == 403


def test_dates_that_are_over_are_not_shown_and_not_lost(one_desk: Desk) -> None:
    hours = replace(people.ADA.hours, overrides=())
    past = type(hours).parse("Europe/London", people.OFFICE, {"2026-05-01": [], "2026-06-01": []})
    people.introduce(one_desk.database, replace(people.ADA, hours=past))
    csrf = enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert 'value="2026-06-01"' in page
    assert 'value="2026-05-01"' not in page
    send(one_desk, csrf)
    assert stored(one_desk).hours.overrides_json() == {"2026-05-01": []}


def test_dates_that_are_over_make_room_for_new_ones(one_desk: Desk) -> None:
    over: dict[str, list[Any]] = {}
    for number in range(MOST_OVERRIDES):
        over[(date(2025, 1, 1) + timedelta(days=number)).isoformat()] = []
    hours = type(people.ADA.hours).parse("Europe/London", people.OFFICE, over)
    people.introduce(one_desk.database, replace(people.ADA, hours=hours))
    csrf = enter(one_desk)
    saved = send(one_desk, csrf, override_date=["2026-12-24"], override_hours=[""])
    assert saved.status_code == 303
    # One more than the API takes would be one that it cannot tell
    told = one_desk.get("/v1/coaches/ada").json["overrides"]
    assert len(told) == MOST_OVERRIDES
    assert "2026-12-24" in told
    assert "2025-01-01" not in told
    assert "2025-01-02" in told


def test_a_day_is_copied_to_others_without_a_script_and_nothing_is_saved(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    csrf = enter(one_desk)
    asked = {"copy": "1", "copy_from": "mon", "copy_to": "all", "hours.mon": "10:00-11:00"}
    page = send(one_desk, csrf, "/settings/preview", **asked)
    assert page.text.count('value="10:00-11:00"') == 7
    assert "Not saved yet" in page.text
    assert stored(one_desk).version == 1
