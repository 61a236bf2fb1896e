"""Userinfo tells who is connected, and whether what can be read is the whole truth."""

from typing import Any

import orjson
import pytest

from domain.accounts import Account, Calendar, Profile
from tests.workers.cronofy.fixtures import raw
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import read_userinfo

MIRA = "acc_65f0c0de65f0c0de65f0c0de"


def userinfo(profile: dict[str, Any] | None = None, **changes: Any) -> bytes:
    data = {"profiles": [{"profile_id": "pro_1", **(profile or {})}]}
    return orjson.dumps({"sub": "acc_1", "cronofy.data": data, **changes})


def test_a_connected_account_is_read_whole() -> None:
    assert read_userinfo(raw("identity/userinfo_connected")) == Account(
        sub=MIRA,
        name="Mira Example",
        email="mira@school.example",
        zone="Europe/London",
        scope="read_write",
        profiles=(
            Profile(
                id="pro_ZfDA3mXwwN5l8MDe",
                provider="google",
                service="gsuite",
                name="mira@school.example",
                connected=True,
                initial_sync=False,
                relink_url=None,
                calendars=(
                    Calendar("cal_ZfDA3mXwwN5l8MDe_k3Jq8mR1xTzYw0aB", "Mira", primary=True),
                    Calendar("cal_ZfDA3mXwwN5l8MDe_h0L1dAy5uKxQz9sT", "UK Holidays", readonly=True),
                ),
            ),
        ),
    )


def test_a_broken_profile_says_where_to_repair_it() -> None:
    google, apple = read_userinfo(raw("identity/userinfo_relink_required")).profiles
    assert (google.connected, google.relink_url) == (True, None)
    assert (apple.connected, apple.relink_url) == (
        False,
        "https://app.cronofy.com/relink/apple?email=mira@icloud.example",
    )


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("userinfo_connected", None),
        ("userinfo_initial_sync_pending", "initial_sync"),
        ("userinfo_relink_required", "disconnected"),
        ("userinfo_service_account", None),
        ("userinfo_application_calendar", None),
    ],
)
def test_trouble_is_seen(name: str, trouble: str | None) -> None:
    assert read_userinfo(raw(f"identity/{name}")).trouble == trouble


def test_providers_are_an_open_list() -> None:
    profile = read_userinfo(raw("identity/userinfo_free_busy_access_mode")).profiles[0]
    assert (profile.provider, profile.service) == ("google_free_busy", "google_free_busy")


def test_nothing_but_ids_is_needed() -> None:
    bare = userinfo({"profile_calendars": [{"calendar_id": "cal_1"}]}, name=None, email="")
    calendars = (Calendar("cal_1", ""),)
    assert read_userinfo(bare) == Account(
        "acc_1", profiles=(Profile("pro_1", "", "", "", calendars=calendars),)
    )


def test_names_lose_what_a_database_or_a_terminal_cannot_bear() -> None:
    profile = {"profile_name": "Mi\x00ra\x1b[2J\u2028" + "é" * 300}
    assert read_userinfo(userinfo(profile)).profiles[0].name == ("Mira[2J" + "é" * 300)[:197]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://a b",
        "https://x\n",
        "ftp://x",
        "",
    ],
)
def test_a_relink_url_that_is_no_web_address_is_not_offered(url: str) -> None:
    assert read_userinfo(userinfo({"profile_relink_url": url})).profiles[0].relink_url is None


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        orjson.dumps({"sub": "acc_1"}),
        orjson.dumps({"sub": "acc_1", "cronofy.data": None}),
        orjson.dumps({"sub": "acc_1", "cronofy.data": []}),
        userinfo(sub=""),
        userinfo(sub="acc 1"),
        userinfo(sub=5),
        userinfo({"profile_id": None}),
        userinfo({"profile_connected": "no"}),
        userinfo({"profile_initial_sync_required": 1}),
        userinfo({"profile_calendars": {}}),
        userinfo({"profile_calendars": ["cal_1"]}),
        userinfo({"profile_calendars": [{}]}),
        userinfo({"profile_name": 5}),
    ],
)
def test_an_account_that_cannot_be_read_is_never_a_healthy_one(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_userinfo(body)
