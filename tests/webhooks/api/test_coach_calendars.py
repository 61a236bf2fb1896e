"""A coach's calendars over HTTP: how they stand, which of them block, which one receives sessions,
and what a disconnection owes.
"""

from dataclasses import replace
from typing import Any

import pytest

from domain.accounts import Account, Calendar, Profile
from tests.support import people
from tests.support.http_client import SETTINGS, Desk
from tests.webhooks.api.ada import ADA, starts


@pytest.mark.parametrize(
    ("change", "owed"),
    [
        ({"zone": "Europe/Berlin"}, 1),
        ({"horizon_days": 90}, 1),
        ({"horizon_days": 7}, 0),
        ({"pre": 60}, 0),
    ],
    ids=["another zone", "a longer horizon", "a shorter horizon", "a longer buffer"],
)
def test_calendars_are_read_again_where_more_of_them_has_to_be_known(
    desk: Desk, ada: str, change: dict[str, Any], owed: int
) -> None:
    body = SETTINGS | {"horizon_days": people.ADA.horizon_days} | change
    assert desk.put(ADA, body).status_code == 200
    assert desk.owes(ada) == owed
    assert desk.woken() == [ada] * owed


def test_beyond_what_was_read_nothing_is_open_until_it_is(desk: Desk, ada: str) -> None:
    desk.put(ADA, SETTINGS | {"horizon_days": 90})
    later = "/v1/coaches/ada/slots?from=2026-07-20&to=2026-07-25&duration=60"
    assert desk.get(later).json["starts"] == []


def test_a_coach_is_shown_with_how_the_calendars_stand(desk: Desk, ada: str) -> None:
    told = desk.get(ADA, "coaches:read").json
    assert (told["synced"], told["state"], told["as_of"]) == (True, "fresh", "2026-06-01T08:00:00Z")
    (connection,) = told["connections"]
    assert connection["id"] == ada
    assert (connection["trouble"], connection["last_read_at"]) == (None, "2026-06-01T08:00:00Z")
    (profile,) = connection["profiles"]
    assert (profile["provider"], profile["connected"]) == ("google", True)
    assert {calendar["id"]: calendar["blocks"] for calendar in profile["calendars"]} == {
        "cal_work": True,
        "cal_home": True,
    }


def test_a_profile_that_lost_its_login_is_shown_with_where_to_repair_it(
    desk: Desk, ada: str
) -> None:
    relink = "https://app.cronofy.com/relink/1"
    broken = Profile(
        "pro_1", "google", "gsuite", "ada", False, False, relink, (Calendar(people.WORK, "Work"),)
    )
    people.mark_dirty(desk.database, ada)
    people.read(desk.database, ada, account=Account(sub="acc_ada", profiles=(broken,)))
    told = desk.get(ADA).json
    assert (told["synced"], told["state"]) == (False, "disconnected")
    assert told["connections"][0]["profiles"][0]["relink_url"] == relink


def test_choosing_calendars_changes_what_blocks(desk: Desk, ada: str) -> None:
    # Given Tuesday's ten o'clock, closed by an event in the work calendar
    assert "2026-06-02T09:00:00Z" not in starts(desk)
    # When only the one at home blocks
    path = f"{ADA}/connections/{ada}/calendars"
    answer = desk.put(path, {"calendars": ["cal_home"]})
    # Then it is open, and the choice is shown
    assert answer.status_code == 200
    assert "2026-06-02T09:00:00Z" in starts(desk)
    (profile,) = answer.json["connections"][0]["profiles"]
    assert {calendar["id"]: calendar["blocks"] for calendar in profile["calendars"]} == {
        "cal_work": False,
        "cal_home": True,
    }
    # And it can be taken back
    desk.put(path, {"calendars": ["cal_home", "cal_work"]})
    assert "2026-06-02T09:00:00Z" not in starts(desk)


def receiving(desk: Desk) -> list[str]:
    """The calendars that are shown as chosen to receive sessions."""
    profiles = [
        profile for each in desk.get(ADA).json["connections"] for profile in each["profiles"]
    ]
    return [
        calendar["id"]
        for profile in profiles
        for calendar in profile["calendars"]
        if calendar["receives"]
    ]


def test_one_calendar_is_chosen_to_receive_sessions(desk: Desk, ada: str) -> None:
    path, blocking = f"{ADA}/connections/{ada}/calendars", {"calendars": ["cal_home", "cal_work"]}
    assert receiving(desk) == []
    assert desk.put(path, blocking | {"receives": "cal_home"}).status_code == 200
    assert receiving(desk) == ["cal_home"]
    # What is left out stays as it was
    desk.put(path, blocking)
    assert receiving(desk) == ["cal_home"]
    desk.put(path, blocking | {"receives": None})
    assert receiving(desk) == []


def test_a_calendar_that_cannot_be_chosen_to_receive_changes_nothing(desk: Desk, ada: str) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    profile = Profile("pro_b", "google", "gsuite", "bob", calendars=(Calendar("cal_bob", "Bob"),))
    bobs = people.connect(desk.database, "bob", sub="acc_bob")
    people.read(desk.database, bobs, account=Account("acc_bob", profiles=(profile,)))
    found = replace(
        people.ACCOUNT.profiles[0],
        calendars=(Calendar(people.WORK, "Work"), Calendar("cal_r", "R", True)),
    )
    people.mark_dirty(desk.database, ada)
    people.read(desk.database, ada, account=replace(people.ACCOUNT, profiles=(found,)))
    before = desk.dump()
    for calendar, code in (
        ("cal_bob", "unknown_calendar"),
        ("", "unknown_calendar"),
        ("cal_r", "calendar_read_only"),
    ):
        answer = desk.put(
            f"{ADA}/connections/{ada}/calendars", {"calendars": [], "receives": calendar}
        )
        assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
            422,
            code,
            "receives",
        )
    answer = desk.put(
        f"{ADA}/connections/{bobs}/calendars", {"calendars": [], "receives": "cal_bob"}
    )
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_connection")
    assert desk.dump() == before


def test_disconnecting_owes_the_erasure_and_wakes_a_worker_for_it(desk: Desk, ada: str) -> None:
    answer = desk.ask("DELETE", f"{ADA}/connections/{ada}")
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    held = people.claim(desk.database, ada)
    assert held is not None
    assert held.erase_due
    assert desk.woken() == [ada]


def test_nobody_reaches_another_coachs_connection(desk: Desk, ada: str) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    before = desk.dump()
    for answer in (
        desk.put(f"/v1/coaches/bob/connections/{ada}/calendars", {"calendars": []}),
        desk.ask("DELETE", f"/v1/coaches/bob/connections/{ada}"),
        desk.ask("DELETE", f"{ADA}/connections/con_unknown"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_connection")
    assert desk.dump() == before
