"""What is kept of a provider, and how often it is asked; and what the settings and the doctor say
of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from tests.support import made_up_provider as made_up
from tests.support import people
from tests.support.http_client import settings_for
from tests.support.made_up_provider import MadeUpProvider
from workers.oidc import logins_of
from workers.oidc.errors import LoginFailed
from workers.oidc.exchanges import Exchanges
from workers.oidc.provider import ANEW_SECONDS, KEPT_SECONDS, Provider
from workers.settings import Settings

METADATA = "/.well-known/openid-configuration"
NEEDED = {"database_url": "sqlite:///x.db", "redis_url": "redis://127.0.0.1:1/0"}


@dataclass
class Stopwatch:
    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def theirs() -> Iterator[MadeUpProvider]:
    with made_up.provided() as provider:
        yield provider


def test_metadata_and_keys_are_asked_once_an_hour(theirs: MadeUpProvider) -> None:
    exchanges, watch = Exchanges(), Stopwatch()
    provider = Provider(theirs.issuer, exchanges, watch)
    for _ in range(3):
        with exchanges.turn() as deadline:
            provider.keys(deadline)
    assert theirs.asked == [METADATA, "/keys"]
    watch.at += KEPT_SECONDS
    with exchanges.turn() as deadline:
        provider.keys(deadline)
    assert theirs.asked == [METADATA, "/keys"] * 2


def test_a_new_key_is_found_at_once_and_made_up_ones_are_asked_for_once_a_minute(
    theirs: MadeUpProvider,
) -> None:
    # Given keys that are known, and a provider that signs with a new one
    exchanges, watch = Exchanges(), Stopwatch()
    provider = Provider(theirs.issuer, exchanges, watch)
    with exchanges.turn() as deadline:
        provider.keys(deadline)
        theirs.keys.append(made_up.a_key("second"))
        # When a token names it, then it is there
        found = provider.keys(deadline, unknown=True)
        assert [key.kid for key in found] == ["first", "second"]
        # And whoever makes up a name has nobody asked for a minute
        for _ in range(5):
            provider.keys(deadline, unknown=True)
        assert theirs.asked.count("/keys") == 2
        watch.at += ANEW_SECONDS
        provider.keys(deadline, unknown=True)
        assert theirs.asked.count("/keys") == 3


ODD_KEYS: list[Any] = [
    {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},  # no point of it
    {"kty": "OKP", "crv": "X999", "x": "AA"},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
    {"kty": "RSA"},
    {"kty": "RSA", "n": "\N{SNOWMAN}", "e": "AQAB"},
    {"kty": "RSA", "n": "AA", "e": "AQAB", "kid": 7},
    {"kty": "of-tomorrow"},
    {"kty": "oct", "k": "AAAA"},
    "no key",
]


def telling(keys: list[Any]) -> made_up.Answer:
    return lambda _: made_up.as_json({"keys": keys})


@pytest.mark.parametrize("odd", ODD_KEYS)
def test_a_key_that_is_not_understood_takes_no_other_with_it(
    theirs: MadeUpProvider, odd: Any
) -> None:
    good = made_up.a_key("first").as_dict(private=False)
    exchanges = Exchanges()
    with exchanges.turn() as deadline:
        for listed in ([odd, good], [good, odd]):
            theirs.answers["/keys"] = telling(listed)
            found = Provider(theirs.issuer, exchanges).keys(deadline)
            assert [key.kid for key in found] == ["first"]
        theirs.answers["/keys"] = telling([odd])
        with pytest.raises(LoginFailed, match="oidc_provider_odd"):
            Provider(theirs.issuer, exchanges).keys(deadline)


def test_keys_of_before_are_not_believed_while_they_cannot_be_read_anew(
    theirs: MadeUpProvider,
) -> None:
    exchanges, watch = Exchanges(), Stopwatch()
    provider = Provider(theirs.issuer, exchanges, watch)
    with exchanges.turn() as deadline:
        provider.keys(deadline)
        watch.at += KEPT_SECONDS
        theirs.answers["/keys"] = lambda _: Response("", 503)
        for _ in range(2):
            with pytest.raises(LoginFailed, match="oidc_provider_away"):
                provider.keys(deadline)


def test_a_provider_that_takes_our_secret_in_the_form_alone_is_given_it_there(
    theirs: MadeUpProvider,
) -> None:
    theirs.told = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    sent = []

    def token(request: Request) -> Response:
        sent.append((request.headers.get("Authorization"), request.form["client_secret"]))
        return made_up.as_json({"error": "invalid_grant"}, 400)

    theirs.answers["/token"] = token
    logins = logins_of(Settings(**settings_of(theirs)))
    assert logins is not None
    url, begun = logins.begin("http://127.0.0.1:8000/ops/oidc/callback")
    with pytest.raises(LoginFailed, match="oidc_login_over"):
        logins.finish(begun, theirs.authorise(url), now=people.NOW)
    assert sent == [(None, made_up.SECRET)]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"oidc_client_secret": None}, "oidc_client_secret"),
        ({"oidc_client_id": ""}, "oidc_client_id"),
        ({"oidc_act_groups": "", "oidc_read_groups": None}, "oidc_read_groups"),
        ({"oidc_issuer": "http://login.example.test"}, "oidc_issuer"),
        ({"oidc_issuer": "https://user@login.example.test"}, "oidc_issuer"),
        ({"oidc_issuer": "https://login.example.test?x=1"}, "oidc_issuer"),
        ({"oidc_scope": "email"}, "oidc_scope"),
    ],
)
def test_settings_that_let_nobody_in_stop_the_start(
    changed: dict[str, str | None], name: str
) -> None:
    right = settings_of(MadeUpProvider("https://login.example.test"))
    assert Settings(**right).oidc_act_groups == (made_up.ACT,)
    with pytest.raises(ValueError, match=name):
        Settings(**right | changed)


def settings_of(theirs: MadeUpProvider) -> dict[str, Any]:
    return settings_for(**NEEDED).model_dump(exclude_unset=True) | dict(theirs.settings)
