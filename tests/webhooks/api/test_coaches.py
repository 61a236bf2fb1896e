"""Setting a coach up over HTTP: whole or in part, by version, with the slot set following in the
same breath.
"""

from threading import Barrier, Thread

import pytest

from storage.rows import refresh_jobs
from tests.support import people
from tests.support.http_client import SETTINGS, WEEK, Desk
from tests.webhooks.api.ada import ADA, starts


def test_a_new_coach_is_created_with_what_was_sent_and_defaults_for_the_rest(desk: Desk) -> None:
    answer = desk.put(ADA, SETTINGS)
    assert answer.status_code == 201
    told = answer.json
    assert told == desk.get(ADA).json
    assert {name: told[name] for name in SETTINGS} == SETTINGS
    assert told["version"] == 1
    assert (told["notice"], told["horizon_days"], told["mode"], told["tentative_blocks"]) == (
        0,
        60,
        "flexible",
        True,
    )
    assert told["policy"] == {"kind": "last_known", "last_known_hours": 24}
    assert (told["overrides"], told["per_day"], told["connections"]) == ({}, None, [])
    assert (told["state"], told["synced"], told["as_of"]) == ("unconnected", False, None)


def test_everything_that_can_be_set_comes_back_as_it_was_sent(desk: Desk) -> None:
    everything = SETTINGS | {
        "hours": {"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "fri": [["22:00", "02:00"]]},
        "overrides": {"2026-06-05": [], "2026-06-06": [["10:00", "14:00"]]},
        "notice": 120,
        "horizon_days": 180,
        "durations": [45, 5, 480],
        "mode": "back_to_back",
        "per_day": 4,
        "per_week": 0,
        "tentative_blocks": False,
        "policy": {"kind": "hide", "last_known_hours": 3},
    }
    told = desk.put(ADA, everything).json
    assert {name: told[name] for name in everything} == everything


def test_the_same_settings_again_change_nothing(desk: Desk) -> None:
    desk.put(ADA, SETTINGS)
    before = desk.dump()
    answer = desk.put(ADA, SETTINGS)
    assert (answer.status_code, answer.json["version"]) == (200, 1)
    assert desk.dump() == before


def test_whoever_lists_slots_after_the_answer_sees_what_was_set(desk: Desk, ada: str) -> None:
    # Given Ada, open on Monday at nine
    assert "2026-06-01T08:15:00Z" in starts(desk)
    # When her Monday becomes a day off, and Saturday a working day
    overrides = {"2026-06-01": [], "2026-06-06": [["10:00", "12:00"]]}
    assert desk.put(f"{ADA}/overrides", {"overrides": overrides}).status_code == 200
    # Then that is what is listed
    listed = starts(desk)
    assert not any(start.startswith("2026-06-01") for start in listed)
    assert [start for start in listed if start.startswith("2026-06-06")] == [
        f"2026-06-06T{at}:00Z" for at in ("09:00", "09:15", "09:30", "09:45", "10:00")
    ]


def test_hours_are_read_and_set_alone(desk: Desk, ada: str) -> None:
    assert desk.get(f"{ADA}/hours").json == {
        "coach_id": "ada", "version": 1, "zone": "Europe/London", "hours": people.OFFICE
    }  # fmt: skip
    answer = desk.put(f"{ADA}/hours", {"hours": {"sun": [["10:00", "11:00"]]}, "version": 1})
    assert answer.json == {
        "coach_id": "ada", "version": 2, "zone": "Europe/London", "hours": {"sun": [["10:00",
        "11:00"]]}
    }  # fmt: skip
    assert starts(desk) == ["2026-06-07T09:00:00Z"]


def test_overrides_are_read_and_set_alone(desk: Desk, ada: str) -> None:
    overrides = {"2026-06-01": [], "2026-06-06": [["10:00", "12:00"]]}
    answer = desk.put(f"{ADA}/overrides", {"overrides": overrides})
    assert answer.json == {"coach_id": "ada", "version": 2, "overrides": overrides}
    assert desk.get(f"{ADA}/overrides").json == answer.json
    assert desk.get(ADA).json["hours"] == people.OFFICE


@pytest.mark.parametrize("part", ["", "/hours", "/overrides"])
def test_a_change_made_from_an_old_version_is_refused_and_told_the_new_one(
    desk: Desk, ada: str, part: str
) -> None:
    # Given two editors who both read version 1, of whom one was faster
    desk.put(f"{ADA}/hours", {"hours": {"sun": [["10:00", "11:00"]]}, "version": 1})
    before = desk.dump()
    body = {"": SETTINGS, "/hours": {"hours": people.OFFICE}, "/overrides": {"overrides": {}}}[part]
    # When the other one writes, with the version in the body or in the header
    stale, failed = (409, "stale_version", "version"), (412, "precondition_failed", "If-Match")
    for answer, refusal in (
        (desk.put(ADA + part, body | {"version": 1}), stale),
        (desk.put(ADA + part, body, headers={"If-Match": '"1"'}), failed),
        (desk.put(ADA + part, body | {"version": 0}), stale),
    ):
        # Then nothing is written
        told = (answer.status_code, answer.json["code"], answer.json["field"])
        assert told == refusal
        assert answer.json["current"] == 2
    assert desk.dump() == before
    # And with the version of now it is
    assert desk.put(ADA + part, body, headers={"If-Match": '"2"'}).status_code == 200


def test_version_0_creates_and_never_replaces(desk: Desk) -> None:
    assert desk.put(ADA, SETTINGS | {"version": 0}).status_code == 201
    assert desk.put(ADA, SETTINGS | {"version": 0}).status_code == 409
    assert desk.put("/v1/coaches/bob", SETTINGS | {"version": 3}).json["current"] == 0


def test_eight_who_create_one_coach_at_once_make_one_coach(desk: Desk) -> None:
    desk.key()  # before the race: it is not about keys
    together = Barrier(8)
    answers: list[int] = []

    def create(place: int) -> None:
        together.wait()
        answers.append(desk.put(ADA, SETTINGS | {"notice": place}).status_code)

    threads = [Thread(target=create, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(answers)) == [200, 201]
    assert answers.count(201) == 1
    assert desk.get(ADA).json["version"] == 8


def test_ids_may_look_as_coach_os_likes(one_desk: Desk) -> None:
    for coach_id in ("42", "0b9e5a4e-3f7d-4c0e-9d8b-1f0a4f7c9a11", "ada@school.example", "a" * 128):
        assert one_desk.put(f"/v1/coaches/{coach_id}", SETTINGS).json["id"] == coach_id


def test_a_put_right_after_a_push_does_not_lose_the_read_that_is_owed(desk: Desk, ada: str) -> None:
    desk.push()
    desk.put(ADA, SETTINGS | {"zone": "Europe/Berlin"})
    assert desk.owes(ada) >= 1
    with desk.database.read() as tx:
        assert refresh_jobs.owed(tx, [ada]) == [ada]


def test_each_coach_is_their_own(desk: Desk, ada: str) -> None:
    desk.put("/v1/coaches/bob", SETTINGS | {"hours": {}, "policy": {"kind": "hours_only"}})
    assert desk.get(ADA).json["hours"] == people.OFFICE
    assert desk.get(WEEK.replace("ada", "bob")).json["starts"] == []
