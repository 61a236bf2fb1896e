"""Who may ask what: keys, and what is open without one. Each route with each scope:
test_own_and_other.
"""

import time
from datetime import timedelta
from typing import Any

import pytest

from storage.rows import api_keys
from storage.rows.api_keys import SCOPES
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import WEEK, Desk
from webhooks.http import api_key_cache
from webhooks.http.api_key_cache import ApiKeyCache


def operations(desk: Desk) -> list[tuple[str, str, dict[str, Any]]]:
    paths = desk.look("/openapi.json").json["paths"]
    return [
        (method.upper(), path, told)
        for path, methods in paths.items()
        for method, told in methods.items()
    ]


def test_only_what_watches_us_and_what_is_signed_is_open_to_anybody(one_desk: Desk) -> None:
    open_paths = {path for _, path, told in operations(one_desk) if not told.get("security")}
    # Whoever sees a badge has its signed address from whoever may read the coach.
    badge = "/v1/coaches/{coach_id}/badge.svg"
    # And whoever reads a feed was given its address, which nobody guesses.
    assert open_paths == {"/healthz", "/readyz", "/metrics", badge, "/f/{feed_token}.ics"}


def test_a_missing_key_is_asked_for(one_desk: Desk) -> None:
    for header in (
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
    ):
        answer = one_desk.look(WEEK, headers=header)
        assert (answer.status_code, answer.json["code"]) == (401, "key_missing")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    "key",
    ["cck_0123456789ab_wrong", "cck_", "sk_live_1", "cck_0\x00_1", "ÿ", "x" * 5_000, "cck_é_é"],
)
def test_an_unknown_key_is_refused_whatever_it_looks_like(desk: Desk, key: str) -> None:
    answer = desk.look(WEEK, headers={"Authorization": f"Bearer {key}".encode().decode("latin-1")})
    assert (answer.status_code, answer.json["code"]) == (401, "key_unknown")


def test_the_right_id_with_a_wrong_secret_is_unknown(desk: Desk) -> None:
    key = desk.key()
    forged = key[:-1] + ("A" if key[-1] != "A" else "B")
    assert desk.look(WEEK, headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_the_answer_says_which_scope_is_needed(one_desk: Desk) -> None:
    answer = one_desk.put("/v1/coaches/ada", {}, "slots:read")
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert "coaches:write" in answer.json["detail"]
    assert 'scope="coaches:write"' in answer.headers["WWW-Authenticate"]


def test_reasons_are_for_the_coach_and_for_ops(desk: Desk, ada: str) -> None:
    for scope in ("coach", "ops"):
        assert desk.get(f"{WEEK}&detail=reasons", scope).status_code == 200
    answer = desk.get(f"{WEEK}&detail=reasons", "slots:read")
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
        403,
        "scope_missing",
        "detail",
    )


def test_a_revoked_key_ends_within_its_bound(
    desk: Desk, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: began)
    # Given a key in use
    key = desk.key()
    assert desk.get(WEEK).status_code == 200
    # When it is revoked
    with desk.database.write() as tx:
        assert api_keys.revoke_key(tx, key.split("_")[1], now=people.NOW)
    # Then it works on while this process remembers it, and not a moment longer
    assert desk.get(WEEK).status_code == 200
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))
    assert desk.get(WEEK).status_code == 401
    assert api_key_cache.TRUSTED_SECONDS <= 5


def test_an_expired_key_ends_at_once_though_it_is_remembered(database_url: str) -> None:
    for moment, found in ((people.NOW, True), (people.NOW + timedelta(hours=1), False)):
        with desks.opened(database_url, now=moment) as desk:
            cache = ApiKeyCache(desk.runtime.services)
            with desk.database.write() as tx:
                key = api_keys.create_key(
                    tx,
                    f"at {moment}",
                    ("coach",),
                    now=people.NOW,
                    expires_at=people.NOW + timedelta(hours=1),
                )
            assert [cache.find(key) is not None for _ in range(2)] == [found, found]


def test_what_is_remembered_has_an_end(one_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_key_cache, "REMEMBERED", 2)
    cache = ApiKeyCache(one_desk.runtime.services)
    keys = [one_desk.key(scope) for scope in SCOPES]
    assert all(cache.find(key) for _ in range(2) for key in keys)
