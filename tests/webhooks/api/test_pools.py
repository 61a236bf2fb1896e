"""Several coaches at once: any of them, with who is open, or all of them; each with what their
answer is worth.
"""

from datetime import datetime
from typing import Any

import pytest

from domain.coaches import Policy
from tests.support import people
from tests.support.http_client import Desk

DAY = "from=2026-06-02&to=2026-06-03"
OPEN = Policy("hours_only", 1)


def ask(desk: Desk, query: str) -> Any:
    answer = desk.get(f"/v1/slots?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.fixture
def pair(desk: Desk, ada: str) -> None:
    """Ada, busy on Tuesday from ten to eleven in London, and Bob, who works on Tuesday from nine to
    ten UTC only.
    """
    bob = {
        "zone": "UTC",
        "hours": {"tue": [["09:00", "11:00"]]},
        "durations": [60],
        "policy": {"kind": "hours_only"},
    }
    assert desk.put("/v1/coaches/bob", bob).status_code == 201


def test_any_lists_each_start_once_with_who_is_open(desk: Desk, pair: None) -> None:
    told = ask(desk, f"coach_id=ada&coach_id=bob&{DAY}&duration=60")
    starts = {each["start"][11:16]: each["coach_ids"] for each in told["starts"]}
    assert starts["09:00"] == ["bob"]
    assert starts["12:00"] == ["ada"]
    assert [each["start"] for each in told["starts"]] == sorted(
        each["start"] for each in told["starts"]
    )


def test_all_lists_what_everybody_has(desk: Desk, pair: None) -> None:
    # Bob may start until ten, Ada from a quarter past ten (UTC): no time is open with both
    assert ask(desk, f"coach_id=ada&coach_id=bob&{DAY}&duration=60&mode=all")["starts"] == []
    desk.put("/v1/coaches/bob/hours", {"hours": {"tue": [["09:00", "12:00"]]}})
    told = ask(desk, f"coach_id=ada&coach_id=bob&{DAY}&duration=60&mode=all")
    assert told["starts"] == [
        {"start": f"2026-06-02T{at}:00Z", "coach_ids": ["ada", "bob"]}
        for at in ("10:15", "10:30", "10:45", "11:00")
    ]


def test_a_pool_of_one_lists_what_the_coach_lists(desk: Desk, ada: str) -> None:
    alone = desk.get(f"/v1/coaches/ada/slots?{DAY}&duration=60&tz=UTC").json
    for mode in ("any", "all"):
        told = ask(desk, f"coach_id=ada&{DAY}&duration=60&mode={mode}")
        assert [each["start"] for each in told["starts"]] == alone["starts"]
        assert (told["from"], told["to"], told["tz"]) == (alone["from"], alone["to"], "UTC")
        assert told["valid_until"] == alone["valid_until"]
        (member,) = told["coaches"]
        assert {name: alone[name] for name in member if name != "offers"} == {
            name: value for name, value in member.items() if name != "offers"
        }


def test_a_coach_who_is_hidden_is_open_at_no_time_and_said_to_be(desk: Desk, pair: None) -> None:
    people.introduce(desk.database, people.coach(id="eve", policy=Policy("hide", 1)))
    told = ask(desk, f"coach_id=ada&coach_id=eve&{DAY}&duration=60")
    assert {member["coach_id"]: member["effect"] for member in told["coaches"]} == {
        "ada": "list",
        "eve": "hide",
    }
    assert all(each["coach_ids"] == ["ada"] for each in told["starts"])
    assert ask(desk, f"coach_id=ada&coach_id=eve&{DAY}&duration=60&mode=all")["starts"] == []


def test_a_coach_who_does_not_offer_the_duration_is_open_at_no_time_and_said_not_to(
    desk: Desk, pair: None
) -> None:
    told = ask(desk, f"coach_id=ada&coach_id=bob&{DAY}&duration=30")
    assert {member["coach_id"]: member["offers"] for member in told["coaches"]} == {
        "ada": True,
        "bob": False,
    }
    assert told["starts"]
    assert ask(desk, f"coach_id=ada&coach_id=bob&{DAY}&duration=30&mode=all")["starts"] == []


def test_a_coach_named_twice_counts_once(desk: Desk, pair: None) -> None:
    told = ask(desk, f"coach_id=bob&coach_id=bob&{DAY}&duration=60")
    assert [member["coach_id"] for member in told["coaches"]] == ["bob"]
    assert {tuple(each["coach_ids"]) for each in told["starts"]} == {("bob",)}


def test_two_hundred_coaches_can_be_asked_at_once_and_not_one_more(one_desk: Desk) -> None:
    for number in range(3):
        people.introduce(one_desk.database, people.coach(id=f"c{number}", policy=OPEN))
    many = "&".join(f"coach_id=c{number % 3}" for number in range(200))
    assert len(ask(one_desk, f"{many}&{DAY}&duration=60")["coaches"]) == 3
    answer = one_desk.get(f"/v1/slots?{many}&coach_id=c1&{DAY}&duration=60")
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
        422,
        "too_many",
        "coach_id",
    )


def test_who_is_not_there_is_named(desk: Desk, ada: str) -> None:
    answer = desk.get(f"/v1/slots?coach_id=ada&coach_id=nobody&coach_id=noone&{DAY}&duration=60")
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
        404,
        "unknown_coach",
        "coach_id",
    )
    assert answer.json["unknown"] == ["nobody", "noone"]


def test_an_answer_holds_until_the_first_of_its_coaches_changes(desk: Desk) -> None:
    # Given a coach whose next start begins in an hour, and one whose horizon opens another start
    # sooner
    early = people.coach(id="early", policy=OPEN, hours=people.ADA.hours, notice=60)
    late = people.coach(id="late", policy=OPEN, horizon_days=1, durations=(60,))
    for person in (early, late):
        people.introduce(desk.database, person)
    range_ = "from=2026-06-01T12:00Z&to=2026-06-03T00:00Z&duration=60"
    alone = [
        desk.get(f"/v1/coaches/{name}/slots?{range_}").json["valid_until"]
        for name in ("early", "late")
    ]
    told = ask(desk, f"coach_id=early&coach_id=late&{range_}")
    assert told["valid_until"] == min(alone)
    assert datetime.fromisoformat(told["valid_until"]) > people.NOW


def test_an_unchanged_pool_is_304(desk: Desk, pair: None) -> None:
    query = f"/v1/slots?coach_id=ada&coach_id=bob&{DAY}&duration=60"
    etag = desk.get(query).headers["ETag"]
    assert desk.get(query, headers={"If-None-Match": etag}).status_code == 304
    desk.push()
    assert desk.get(query, headers={"If-None-Match": etag}).status_code == 200
