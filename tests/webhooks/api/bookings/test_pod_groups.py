"""Groups of pods, and pods without a time, over HTTP."""

from typing import Any

from tests.support.booking_requests import GRACE, HEDY, POD, post, refused, send
from tests.support.http_client import Desk

GROUP = POD | {"format": "hybrid_v2", "group_id": "mondays", "min_seats": 1}
LATER = {"start": "2026-06-03T10:00:00Z"}
SHELL = {"min_seats": 1, "max_seats": 3, "coach_id": "ada", "duration": 60, "title": "Circle"}


def made(desk: Desk, path: str, body: Any) -> Any:
    answer = post(desk, path, body)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_group_is_shown_with_its_pods_in_order(desk: Desk) -> None:
    second = made(desk, "/v1/pods", GROUP | LATER)
    first = made(desk, "/v1/pods", GROUP | {"participants": [GRACE]})
    assert first["pod"]["group_id"] == "mondays"
    told = desk.get("/v1/groups/mondays").json
    assert [pod["session_id"] for pod in told["pods"]] == [
        first["session_id"],
        second["session_id"],
    ]
    seats = [[seat["participant"]["id"] for seat in pod["bookings"]] for pod in told["pods"]]
    assert seats == [["grace"], ["grace"]]
    refused(desk.get("/v1/groups/nobody"), 404, "unknown_group")


def test_what_a_group_does_not_take_is_refused_with_its_code(desk: Desk) -> None:
    pod = made(desk, "/v1/pods", GROUP)
    refused(post(desk, "/v1/pods", GROUP | LATER | {"format": "open"}), 409, "group_forbids")
    evil = {"context": {"company": "evil"}}
    refused(post(desk, "/v1/pods", GROUP | LATER | evil), 409, "group_forbids")
    later = made(desk, "/v1/pods", POD | LATER | {"format": "hybrid_v2", "max_seats": 2})
    assert later["pod"]["group_id"].startswith("grp_")
    path = f"/v1/pods/{later['session_id']}"
    put = send(desk, "PATCH", path, {"group_id": "mondays"}).json
    assert put["pod"]["group_id"] == "mondays"
    full = post(desk, f"{path}/seats", {"participant": GRACE})
    assert refused(full, 409, "format_forbids")["pod_id"] == pod["session_id"]


def test_a_full_later_pod_is_named_with_what_can_be_had(desk: Desk) -> None:
    first = made(desk, "/v1/pods", GROUP)["session_id"]
    second = made(desk, "/v1/pods", GROUP | LATER | {"max_seats": 1})["session_id"]
    other = made(
        desk, "/v1/pods", GROUP | {"group_id": "fridays", "start": "2026-06-05T10:00:00Z"}
    )["session_id"]
    assigned = {"participant": HEDY, "assigned": True}
    assert post(desk, f"/v1/pods/{second}/seats", assigned).status_code == 201
    told = refused(post(desk, f"/v1/pods/{first}/seats", {"participant": GRACE}), 409, "seats_full")
    assert (told["pod_id"], told["pods"], told["reason"]) == (second, [other], "full")
    assert desk.get(f"/v1/pods/{first}").json["pod"]["taken"] == 0


def test_shells_are_planned_set_together_timed_and_taken_away(desk: Desk) -> None:
    bare = {"min_seats": 1, "max_seats": 3}
    shells = made(desk, "/v1/shells", {"shells": [SHELL, bare, bare]})["shells"]
    ids = [shell["pod_id"] for shell in shells]
    assert [shell["coach_id"] for shell in shells] == ["ada", None, None]
    refused(post(desk, f"/v1/shells/{ids[1]}/time", {"start": GROUP["start"]}), 422, "missing")
    body = {"pod_ids": ids, "coach_id": "ada", "duration": 60, "assign": [GRACE]}
    both = send(desk, "PATCH", "/v1/pods", body)
    assert [len(shell["participants"]) for shell in both.json["shells"]] == [1, 1, 1]
    timed = made(desk, f"/v1/shells/{ids[1]}/time", {"start": GROUP["start"], "version": 2})
    assert (timed["session_id"], len(timed["bookings"])) == (ids[1], 1)
    refused(post(desk, f"/v1/shells/{ids[1]}/time", LATER), 404, "unknown_shell")
    closed = post(desk, f"/v1/shells/{ids[0]}/time", {"start": GROUP["start"]})
    assert refused(closed, 409, "slot_not_open")["reason"] == "session"
    assert send(desk, "DELETE", f"/v1/shells/{ids[2]}").status_code == 204
    assert [shell["pod_id"] for shell in desk.get("/v1/shells").json["shells"]] == [ids[0]]


def test_many_are_set_together_or_none(desk: Desk) -> None:
    pod = made(desk, "/v1/pods", POD | {"participants": [GRACE, HEDY]})["session_id"]
    [shell] = made(desk, "/v1/shells", {"shells": [SHELL]})["shells"]
    body = {"pod_ids": [shell["pod_id"], pod], "max_seats": 1, "min_seats": 1}
    told = refused(send(desk, "PATCH", "/v1/pods", body), 409, "seats_taken")
    assert told["pod_id"] == pod
    assert desk.get("/v1/shells").json["shells"] == [shell]
    twice = {"pod_ids": [pod, pod], "title": "x"}
    refused(send(desk, "PATCH", "/v1/pods", twice), 422, "invalid_value")
    refused(send(desk, "PATCH", "/v1/pods", {"pod_ids": ["x"]}), 404, "unknown_pod")
