"""Tokens are taken as they come, checked for use, and shown to nobody."""

from typing import Any

import orjson
import pytest

from tests.workers.cronofy.fixtures import raw
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import Grant, read_grant


def answer(**changes: Any) -> bytes:
    whole = {
        "token_type": "bearer",
        "access_token": "at_1",
        "expires_in": 3600,
        "refresh_token": "rt_1",
        "sub": "acc_1",
    }
    return orjson.dumps(
        {key: value for key, value in {**whole, **changes}.items() if value is not ...}
    )


def test_a_code_exchange_names_the_account() -> None:
    grant = read_grant(raw("oauth/token_authorization_code"))
    tokens, sub = ("at_6Jm0w3Yc9e1v", "rt_1Q8s5Dn7u2k4"), "acc_65f0c0de65f0c0de65f0c0de"
    assert grant == Grant(*tokens, 3600, "read_write", sub, "mira@school.example")
    assert "mira" not in repr(grant)


def test_a_refresh_does_not() -> None:
    assert read_grant(raw("oauth/token_refresh")) == Grant(
        "at_newB7x2", "rt_1Q8s5Dn7u2k4", 3600, "read_write", ""
    )


def test_the_older_twin_of_sub_will_do() -> None:
    assert read_grant(answer(sub=..., account_id="acc_2")).sub == "acc_2"


def test_a_refresh_token_that_does_not_come_back_is_kept() -> None:
    assert read_grant(answer(refresh_token=...), refresh_token="rt_0").refresh_token == "rt_0"
    assert read_grant(answer(refresh_token="rt_2"), refresh_token="rt_0").refresh_token == "rt_2"


@pytest.mark.parametrize(
    ("told", "kept"), [(1800, 1800), (0, 0), (-5, 0), (10**9, 86_400), (..., 300), (None, 300)]
)
def test_the_life_of_a_token_is_read_and_kept_sane(told: Any, kept: int) -> None:
    assert read_grant(answer(expires_in=told)).expires_in == kept


def test_a_grant_shows_no_token() -> None:
    assert repr(read_grant(answer())) == "Grant(expires_in=3600, scope=None, sub='acc_1')"


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": ...},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "at 1"},
        {"access_token": "at_1\r\nX-Evil: 1"},
        {"access_token": "at_é"},
        {"access_token": "a" * 5_000},
        {"refresh_token": ...},
        {"refresh_token": "rt\n"},
        {"expires_in": "3600"},
        {"expires_in": True},
        {"scope": ["read_write"]},
    ],
)
def test_a_token_that_cannot_be_used_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer) as caught:
        read_grant(answer(**changes))
    assert "at_1" not in str(caught.value)
