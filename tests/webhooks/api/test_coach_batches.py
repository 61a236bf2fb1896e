"""Many coaches are set at once: what is wrong refuses the whole, what changed refuses itself."""

from types import SimpleNamespace
from typing import Any

import pytest
from psycopg import errors
from sqlalchemy.exc import OperationalError

from domain.sessions import Refused
from storage.transactions.coach_settings import CoachChange
from tests.support.http_client import SETTINGS, Answer, Desk
from webhooks.api import coach_batches, coaches


def put(desk: Desk, *sent: dict[str, Any]) -> Answer:
    return desk.ask("PUT", "/v1/coaches", json={"coaches": [SETTINGS | one for one in sent]})


def outcomes(answer: Answer) -> list[tuple[str, int]]:
    assert answer.status_code == 200, answer.text
    return [(one["id"], one["status"]) for one in answer.json["coaches"]]


def is_there(desk: Desk, coach_id: str) -> bool:
    return desk.get(f"/v1/coaches/{coach_id}").status_code == 200


def test_coaches_that_are_there_and_others_are_set_at_once_and_a_repeat_changes_nothing(
    desk: Desk,
) -> None:
    put(desk, {"id": "ada"})
    sent = ({"id": "ada", "name": "Ada"}, {"id": "grace", "name": "Grace"})
    assert outcomes(put(desk, *sent)) == [("ada", 200), ("grace", 201)]
    again = put(desk, *sent)
    assert outcomes(again) == [("ada", 200), ("grace", 200)]
    assert [one["version"] for one in again.json["coaches"]] == [2, 1]
    assert desk.get("/v1/coaches/grace").json["name"] == "Grace"


def test_one_that_changed_meanwhile_does_not_stop_the_others(desk: Desk) -> None:
    put(desk, {"id": "ada"}, {"id": "grace"})
    put(desk, {"id": "ada", "name": "Ada"})
    answer = put(
        desk,
        {"id": "ada", "name": "Late", "version": 1},
        {"id": "grace", "name": "Grace", "version": 1},
    )
    assert outcomes(answer) == [("ada", 409), ("grace", 200)]
    told = answer.json["coaches"][0]
    assert (told["code"], told["version"], answer.json["refused"]) == ("stale_version", 2, 1)
    assert desk.get("/v1/coaches/ada").json["name"] == "Ada"


def test_every_coach_that_breaks_a_rule_is_told_and_none_is_written(desk: Desk) -> None:
    refused = put(
        desk,
        {"id": "ada"},
        {"id": "grace", "zone": "Mars/Olympus"},
        {"id": "joan", "durations": [7]},
    )
    assert refused.status_code == 422
    told = {one["field"]: one["code"] for one in refused.json["errors"]}
    assert told == {
        "coaches[1].zone": "unknown_zone",
        "coaches[2].durations": "not_a_multiple_of_5",
    }
    assert refused.json["field"] == "coaches[1].zone"
    assert not is_there(desk, "ada")


def test_nor_is_any_where_one_is_sent_twice_or_has_a_holiday_that_there_is_not(
    desk: Desk,
) -> None:
    nowhere = {"country": "XX", "region": "", "names": ["Christmas Day"]}
    refused = put(desk, {"id": "ada"}, {"id": "grace", "holidays": nowhere}, {"id": "ada"})
    assert refused.status_code == 422
    told = {one["field"]: one["code"] for one in refused.json["errors"]}
    assert told == {
        "coaches[1].holidays.country": "unknown_country_or_region",
        "coaches[2].id": "invalid_value",
    }
    assert not is_there(desk, "ada")


def test_more_than_200_and_none_are_refused(desk: Desk) -> None:
    many = [{"id": f"coach-{number}"} for number in range(201)]
    for sent in (many, []):
        answer = put(desk, *sent)
        assert (answer.status_code, answer.json["field"]) == (422, "coaches")
    assert not is_there(desk, "coach-0")


def test_what_a_request_has_no_time_left_for_is_told_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coach_batches, "SECONDS", -1.0)
    answer = put(desk, {"id": "ada"})
    assert outcomes(answer) == [("ada", 503)]
    assert answer.json == {
        "coaches": [{"id": "ada", "status": 503, "version": None, "code": "busy"}],
        "refused": 1,
    }


def test_what_was_stored_already_is_no_conflict_when_it_is_sent_again_with_its_version(
    desk: Desk,
) -> None:
    put(desk, {"id": "ada"}, {"id": "grace"})
    # Given an answer that was lost
    sent = [{"id": one, "name": "Ada", "version": 1} for one in ("ada", "grace", "joan")]
    assert outcomes(put(desk, *sent)) == [("ada", 200), ("grace", 200), ("joan", 409)]
    # When it is sent again, and only one was changed since
    put(desk, {"id": "grace", "name": "Grace"})
    again = put(desk, *sent)
    # Then that one is told alone
    assert outcomes(again) == [("ada", 200), ("grace", 409), ("joan", 409)]
    assert [one["version"] for one in again.json["coaches"]] == [2, 3, 0]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("", None, errors.LockNotAvailable()), (503, "busy")),
        (OperationalError("", None, errors.AdminShutdown()), (503, "database_away")),
        (Refused("coach_leaves", "This coach leaves."), (409, "coach_leaves")),
    ],
)
def test_what_comes_in_between_is_told_of_that_coach_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception, told: tuple[int, str]
) -> None:
    store = coaches.store

    def store_others(coach_id: str, *given: Any) -> CoachChange:
        if coach_id == "grace":
            raise error
        return store(coach_id, *given)

    monkeypatch.setattr(coaches, "store", store_others)
    answer = put(desk, {"id": "ada"}, {"id": "grace"}, {"id": "joan"})
    assert outcomes(answer) == [("ada", 201), ("grace", told[0]), ("joan", 201)]
    assert answer.json["coaches"][1]["code"] == told[1]


def test_the_rules_take_of_the_same_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(coach_batches, "time", SimpleNamespace(monotonic=lambda: now[0]))
    change_of = coaches.change_of

    def slowly(coach_id: str, body: Any) -> coaches.Change:
        now[0] += coach_batches.SECONDS + 1
        return change_of(coach_id, body)

    monkeypatch.setattr(coaches, "change_of", slowly)
    assert outcomes(put(desk, {"id": "ada"})) == [("ada", 503)]
    refused = put(desk, {"id": "ada"}, {"id": "bob"})
    assert (refused.status_code, refused.json["code"]) == (503, "busy")
    assert refused.headers["Retry-After"] == "2"
