"""A coach of whose calendars one may not be read, as every answer tells it; and what each mode is
called.
"""

from dataclasses import replace
from typing import Any

import pytest

from domain.accounts import AccessMode, Account, Profile
from tests.support import http_client as desks
from tests.support import people
from tests.support.booking_requests import post
from tests.support.http_client import WEEK, Desk
from tests.support.page_visitor import GRACE
from tests.support.page_visitor import enter as visit
from tests.support.settings_page import enter

HEDGED: tuple[AccessMode, ...] = ("read_write", "no_access")


def connected(desk: Desk, *modes: AccessMode, policy: str = "last_known") -> None:
    """Ada with an account of each mode, busy on Tuesday at ten in the first one."""
    people.introduce(desk.database)
    desk.put("/v1/coaches/ada", desks.SETTINGS | {"policy": {"kind": policy}})
    for number, mode in enumerate(modes):
        (usual,) = people.ACCOUNT.profiles
        calendars = tuple(replace(each, id=f"{each.id}_{number}") for each in usual.calendars)
        service = "google_free_busy" if mode == "free_busy" else "x"
        profile = Profile(
            f"pro_{number}", service, service, "ada@school.test", mode=mode, calendars=calendars
        )
        sub = f"acc_{number}"
        connection_id = people.connect(desk.database, sub=sub)
        periods = [(people.at(2, 9), people.at(2, 10))][number:]
        account = Account(sub, profiles=(profile,))
        people.read(desk.database, connection_id, *periods, account=account)


@pytest.mark.parametrize(
    ("modes", "policy", "state", "effect"),
    [
        (("read_write",), "last_known", "fresh", "list"),
        (("free_busy",), "last_known", "fresh", "list"),
        (("no_access",), "last_known", "no_access", "hide"),
        (("no_access",), "hide", "no_access", "hide"),
        (("no_access",), "hours_only", "no_access", "hours_only"),
        (HEDGED, "last_known", "no_access", "hide"),
        (HEDGED, "hours_only", "no_access", "hours_only"),
        (("free_busy", "no_access"), "hide", "no_access", "hide"),
    ],
)
def test_every_answer_tells_that_a_calendar_may_not_be_read(
    one_desk: Desk, modes: tuple[AccessMode, ...], policy: str, state: str, effect: str
) -> None:
    connected(one_desk, *modes, policy=policy)
    slots = one_desk.get(WEEK).json
    pool = one_desk.get("/v1/slots?coach_id=ada&from=2026-06-01&to=2026-06-08&duration=60")
    assert pool.status_code == 200, pool.text
    (member,) = pool.json["coaches"]
    for told in (slots, member):
        assert (told["state"], told["effect"]) == (state, effect)
        assert (told["as_of"] is None) is (state == "no_access")
    assert bool(slots["starts"]) is (effect != "hide")
    if effect != "list":
        assert (slots["valid_until"] is None) is (effect == "hide")
    # The badge is off, on the tile and on the coach's own page
    (tile,) = one_desk.get("/v1/coaches?ids=ada").json["coaches"]
    for told in (tile, one_desk.get("/v1/coaches/ada").json):
        assert (told["state"], told["synced"]) == (state, state == "fresh")


def test_each_profile_tells_its_mode(one_desk: Desk) -> None:
    connected(one_desk, "free_busy", "no_access")
    found = one_desk.get("/v1/coaches/ada").json["connections"]
    assert [each["trouble"] for each in found] == [None, "no_access"]
    assert [each["profiles"][0]["mode"] for each in found] == ["free_busy", "no_access"]


def test_what_is_hidden_cannot_be_booked(one_desk: Desk) -> None:
    connected(one_desk, *HEDGED)
    wanted: dict[str, Any] = {"coach_id": "ada", "start": "2026-06-03T09:00:00Z", "duration": 60}
    refused = post(one_desk, "/v1/bookings", wanted | {"participant": GRACE})
    assert (refused.status_code, refused.json["reason"]) == (409, "untrusted")


SAID = {
    "free_busy": "Read only for when you are busy.",
    "no_access": "We may not read this calendar",
}


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
def test_the_settings_say_what_an_account_s_mode_means(one_desk: Desk, mode: AccessMode) -> None:
    connected(one_desk, mode)
    enter(one_desk)
    page = one_desk.client.get("/settings").text
    for each, words in SAID.items():
        assert (words in page) is (each == mode)
    assert ('id="synced"' in page) is (mode != "no_access")
    assert (">Not read<" in page) is (mode == "no_access")
    assert ("<h3>Google" in page) is (mode == "free_busy")


def test_whoever_looks_for_a_time_is_told_why_there_is_none(one_desk: Desk) -> None:
    connected(one_desk, *HEDGED)
    coach = visit(one_desk, participant=GRACE, viewer="coach")
    assert "does not let us read" in coach.get("/book?week=2026-06-01").text
    guest = visit(one_desk, participant=GRACE)
    assert "calendars may not be read" in guest.get("/book?week=2026-06-01").text
