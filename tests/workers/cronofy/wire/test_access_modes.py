"""How much access a profile gives, which nothing but its names says."""

import orjson
import pytest

from workers.cronofy.wire.accounts import read_userinfo

USUAL, ROOM = "account", "application_calendar"


@pytest.mark.parametrize(
    ("name", "service", "kind", "mode"),
    [
        ("google", "gsuite", USUAL, "read_write"),
        ("exchange", "office365", USUAL, "read_write"),
        ("apple", "icloud", USUAL, "read_write"),
        ("google_free_busy", "google_free_busy", USUAL, "free_busy"),
        ("ms_graph_free_busy", "ms_graph_free_busy", USUAL, "free_busy"),
        ("google", "google_free_busy", USUAL, "free_busy"),
        ("google_free_busy", None, USUAL, "free_busy"),
        ("cronofy", "cronofy", USUAL, "no_access"),
        ("cronofy", None, None, "no_access"),
        # A calendar that lives in Cronofy is called the same, and everything can be done with it
        ("cronofy", "cronofy", ROOM, "read_write"),
        # The list is open: what nobody has heard of is as all were before there were modes
        ("fastmail", "fastmail", USUAL, "read_write"),
        ("fastmail_free_busy", "x", USUAL, "read_write"),
        (None, None, USUAL, "read_write"),
        (None, None, 5, "read_write"),
    ],
)
def test_a_profile_gives_what_its_names_say(
    name: str | None, service: str | None, kind: object, mode: str
) -> None:
    profile = {"profile_id": "pro_1", "provider_name": name, "provider_service": service}
    data = {"profiles": [profile]}
    said = orjson.dumps({"sub": "acc_1", "cronofy.type": kind, "cronofy.data": data})
    assert read_userinfo(said).profiles[0].mode == mode
