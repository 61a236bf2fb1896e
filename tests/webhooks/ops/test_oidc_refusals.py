"""What a provider, or somebody in its name, may say that lets nobody in: each time a plain page
with a code and the next step, and no session.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from joserfc import jwt
from joserfc.jwk import OctKey
from werkzeug.wrappers import Request, Response

from tests.support import http_client as desks
from tests.support import made_up_provider as made_up
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.made_up_provider import NOW, MadeUpProvider, as_json
from tests.support.ops_pages import later
from workers.oidc import exchanges

METADATA = "/.well-known/openid-configuration"


@pytest.fixture
def provider() -> Iterator[MadeUpProvider]:
    with made_up.provided() as provider:
        yield provider


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str], provider: MadeUpProvider) -> Iterator[Desk]:
    url = fresh_database("sqlite")
    with desks.opened(url, broker=StubBroker(), limit_wrong=0, **provider.settings) as opened:
        yield opened


def refused(answer: Any, status: int, code: str) -> None:
    assert f"<code>{code}</code>" in answer.text, answer.text
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    cookies = answer.headers.getlist("Set-Cookie")
    assert any(each.startswith("coachcal-ops-login=;") for each in cookies)


def nobody_is_in(desk: Desk) -> None:
    assert desk.client.get("/ops").status_code == 303
    assert desk.dump()["ops_audit"] == []


CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"iss": "https://another.test"}, "oidc_token_invalid"),
    ({"iss": None}, "oidc_token_invalid"),
    ({"aud": "another"}, "oidc_token_invalid"),
    ({"aud": "another", "azp": "coachcal"}, "oidc_token_invalid"),
    ({"aud": ["coachcal", "another"]}, "oidc_token_invalid"),  # without azp
    ({"azp": "another"}, "oidc_token_invalid"),
    ({"at_hash": "of-another-token"}, "oidc_token_invalid"),
    ({"sub": None}, "oidc_token_invalid"),
    ({"sub": ""}, "oidc_token_invalid"),
    ({"sub": "a\nb"}, "oidc_token_invalid"),
    ({"sub": 7}, "oidc_token_invalid"),
    ({"sub": "x" * 256}, "oidc_token_invalid"),
    ({"nonce": "of-another-login"}, "oidc_nonce_wrong"),
    ({"nonce": None}, "oidc_nonce_wrong"),
    ({"exp": NOW - 61}, "oidc_clocks_apart"),
    ({"iat": NOW + 61}, "oidc_clocks_apart"),
    ({"nbf": NOW + 61}, "oidc_clocks_apart"),
    ({"exp": "soon"}, "oidc_clocks_apart"),
    ({"exp": None}, "oidc_token_invalid"),
    ({"groups": []}, "oidc_no_group"),
    ({"groups": ["coachcal-ACT"]}, "oidc_no_group"),
    ({"groups": "coachcal-act coachcal-read"}, "oidc_no_group"),
    ({"groups": {"coachcal-act": True}}, "oidc_no_group"),
    ({"groups": [made_up.ERASE]}, "oidc_no_group"),
    ({"groups": None}, "oidc_no_group"),
]


def test_a_claim_that_is_wrong_lets_nobody_in(desk: Desk, provider: MadeUpProvider) -> None:
    for claims, code in CLAIMS:
        provider.claims = claims
        answer = provider.log_in(desk.client)
        assert f"<code>{code}</code>" in answer.text, claims
        refused(answer, 403, code)
        assert desk.client.get("/ops").status_code == 303, claims
    nobody_is_in(desk)


def test_clocks_may_be_a_minute_apart(desk: Desk, provider: MadeUpProvider) -> None:
    provider.claims = {"iat": NOW + 59, "exp": NOW - 59}
    assert provider.log_in(desk.client).status_code == 303


def unsigned(provider: MadeUpProvider) -> str:
    _, body, _ = provider.token().split(".")
    return f"eyJhbGciOiJub25lIn0.{body}."


def by_our_secret(provider: MadeUpProvider) -> str:
    claims = jwt.decode(provider.token(), provider.keys[-1]).claims
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(made_up.SECRET * 3))


def touched(provider: MadeUpProvider) -> str:
    head, body, signature = provider.token().split(".")
    flipped = "A" if signature[9] != "A" else "B"
    return ".".join([head, body, signature[:9] + flipped + signature[10:]])


def by_another_key(provider: MadeUpProvider) -> str:
    claims = jwt.decode(provider.token(), provider.keys[-1]).claims
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, made_up.a_key("another"))


def of_no_known_key(provider: MadeUpProvider) -> str:
    claims = jwt.decode(provider.token(), provider.keys[-1]).claims
    return jwt.encode({"alg": "RS256", "kid": "made-up"}, claims, made_up.a_key("another"))


@pytest.mark.parametrize(
    "forged", [unsigned, by_our_secret, touched, by_another_key, of_no_known_key, lambda _: "x.y"]
)
def test_a_token_that_its_keys_did_not_sign_lets_nobody_in(
    desk: Desk, provider: MadeUpProvider, forged: Callable[[MadeUpProvider], str]
) -> None:
    def token(_request: Request) -> Response:
        return as_json({"access_token": "x", "id_token": forged(provider)})

    provider.answers["/token"] = token
    refused(provider.log_in(desk.client), 403, "oidc_token_invalid")
    nobody_is_in(desk)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "of-another-login"}, "oidc_login_over"),
        ({"state": ""}, "oidc_login_over"),
        ({"state": "\N{SNOWMAN}\0"}, "oidc_login_over"),
        ({"code": ""}, "oidc_login_over"),
        ({"code": "x" * 5_000}, "oidc_login_over"),
        ({"error": "access_denied"}, "oidc_denied"),
        ({"iss": "https://another.test"}, "oidc_token_invalid"),
    ],
)
def test_what_a_browser_comes_back_with_is_not_believed(
    desk: Desk, provider: MadeUpProvider, changes: dict[str, str], code: str
) -> None:
    refused(provider.log_in(desk.client, **changes), 403, code)
    assert "/token" not in provider.asked
    nobody_is_in(desk)


def test_a_login_ends_once_in_its_own_browser_and_within_ten_minutes(
    desk: Desk, provider: MadeUpProvider
) -> None:
    query = provider.authorise(desk.client.get("/ops/oidc/login").location or "")
    kept = desk.client.get_cookie("coachcal-ops-login")
    assert kept is not None
    # In another browser
    other = desk.client.application.test_client()
    refused(other.get("/ops/oidc/callback", query_string=query), 403, "oidc_login_over")
    other.set_cookie(kept.key, kept.value[:-4] + "AAAA")
    refused(other.get("/ops/oidc/callback", query_string=query), 403, "oidc_login_over")
    # Too late
    with later_login(desk, provider, 10 / 60) as late:
        late.set_cookie(kept.key, kept.value)
        refused(late.get("/ops/oidc/callback", query_string=query), 403, "oidc_login_over")
    # In time, and not a second time
    assert desk.client.get("/ops/oidc/callback", query_string=query).status_code == 303
    again = desk.client.get("/ops/oidc/callback", query_string=query)
    refused(again, 403, "oidc_login_over")


def later_login(desk: Desk, provider: MadeUpProvider, hours: float) -> Any:
    desk.client.get("/ops/login")  # a cookie to copy
    return later(desk, hours=hours, **provider.settings)


def too_large(_request: Request) -> Response:
    return Response(b" " * (exchanges.MAX_BYTES + 1), mimetype="application/json")


PROVIDERS: list[tuple[str, made_up.Answer, int, str]] = [
    (METADATA, lambda _: Response("", 500), 503, "oidc_provider_away"),
    (METADATA, lambda _: Response("", 404), 502, "oidc_provider_odd"),
    (METADATA, lambda _: Response("", 302, {"Location": "/keys"}), 502, "oidc_provider_odd"),
    (METADATA, lambda _: Response("<html>"), 502, "oidc_provider_odd"),
    (METADATA, lambda _: as_json([]), 502, "oidc_provider_odd"),
    (METADATA, too_large, 502, "oidc_provider_odd"),
    ("/keys", lambda _: Response("", 503), 503, "oidc_provider_away"),
    ("/keys", lambda _: as_json({"keys": []}), 502, "oidc_provider_odd"),
    ("/keys", lambda _: as_json({"keys": [{"kty": "RSA"}]}), 502, "oidc_provider_odd"),
    ("/keys", lambda _: as_json({"keys": [{}] * 51}), 502, "oidc_provider_odd"),
    ("/token", lambda _: Response("", 500), 503, "oidc_provider_away"),
    ("/token", lambda _: as_json({"error": "invalid_grant"}, 400), 403, "oidc_login_over"),
    ("/token", lambda _: as_json({"error": "invalid_client"}, 401), 502, "oidc_client_refused"),
    ("/token", lambda _: Response("<html>", 403), 502, "oidc_provider_odd"),
    ("/token", lambda _: as_json({"access_token": "x"}), 502, "oidc_provider_odd"),
    ("/token", too_large, 502, "oidc_provider_odd"),
    ("/me", lambda _: Response("", 500), 503, "oidc_provider_away"),
    ("/me", lambda _: as_json({"sub": "another"}), 403, "oidc_token_invalid"),
]


@pytest.mark.parametrize(("path", "answer", "status", "code"), PROVIDERS)
def test_a_provider_that_is_away_or_odd_lets_nobody_in(
    desk: Desk, provider: MadeUpProvider, path: str, answer: made_up.Answer, status: int, code: str
) -> None:
    provider.answers[path] = answer
    provider.claims = {"groups": None}  # so that the userinfo is asked
    begun = desk.client.get("/ops/oidc/login")
    if path != METADATA:
        query = provider.authorise(begun.location or "")
        begun = desk.client.get("/ops/oidc/callback", query_string=query)
    refused(begun, status, code)
    nobody_is_in(desk)


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://another.test"},
        {"token_endpoint": "http://example.test/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "file:///etc/passwd"},
    ],
)
def test_metadata_that_leads_elsewhere_is_not_followed(
    desk: Desk, provider: MadeUpProvider, told: dict[str, Any]
) -> None:
    provider.told = told
    refused(desk.client.get("/ops/oidc/login"), 502, "oidc_provider_odd")


def test_a_wrong_secret_of_ours_is_told_as_such(desk: Desk, provider: MadeUpProvider) -> None:
    with later_login(desk, provider, 0) as client:
        pass
    changed = provider.settings | {"oidc_client_secret": "another"}
    with later(desk, **changed) as client:
        refused(provider.log_in(client), 502, "oidc_client_refused")
