"""A login provider whose every word a test may choose: it lies, hangs and forgets as ordered.

The real one is npm's oidc-provider (tests/browser/test_ops_provider.py); this one says what a real
one never would.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from tests.support import people
from tests.support.listening import listening
from workers.oidc import exchanges

CLIENT, SECRET = "coachcal", "a+secret/of%ours"
ACT, READ, ERASE = "coachcal-act", "coachcal-read", "coachcal-erase"
SUBJECT, MAIL = "248289761001", "ada.ops@example.test"
GRANTED = "access-token-of-ada"
NOW = int(people.NOW.timestamp())
Answer = Callable[[Request], Response]


@cache
def a_key(kid: str) -> RSAKey:
    """Made once: that takes longer than a login."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@dataclass
class MadeUpProvider:
    """`told`: laid over its metadata. `claims`, `userinfo`: over what it says of a person; None
    takes a claim out. `header`: over the ID token's. `answers`: instead of its own, by path.
    """

    issuer: str
    told: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keys: list[Any] = field(default_factory=lambda: [a_key("first")])
    begun: dict[str, str] = field(default_factory=dict)
    """The query of the latest login that a browser brought."""

    @property
    def settings(self) -> dict[str, Any]:
        """Of a product whose people log in here."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
            "oidc_act_groups": ACT,
            "oidc_read_groups": READ,
            "oidc_erase_groups": ERASE,
        }

    def authorise(self, url: str) -> dict[str, str]:
        """Somebody logs in at its page. With what they go back."""
        self.begun = dict(parse_qsl(urlsplit(url).query))
        return {"code": "a-code", "state": self.begun["state"], "iss": self.issuer}

    def log_in(self, client: FlaskClient, **changes: str) -> TestResponse:
        """All of a login. `changes`: of what the browser comes back with."""
        query = self.authorise(client.get("/ops/oidc/login").location or "")
        return client.get("/ops/oidc/callback", query_string=query | changes)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        self.asked.append(request.path)
        own = {
            "/.well-known/openid-configuration": self._metadata,
            "/keys": self._keys,
            "/token": self._token,
            "/me": self._me,
        }
        answer = self.answers.get(request.path) or own[request.path]
        return answer(request)(environ, start_response)

    def _metadata(self, _request: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorise",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
        }
        return as_json(without_none(told | self.told))

    def _keys(self, _request: Request) -> Response:
        return as_json({"keys": [key.as_dict(private=False) for key in self.keys]})

    def _token(self, request: Request) -> Response:
        """As a provider does, it takes the code for the verifier of the login alone."""
        kind, _, both = request.headers["Authorization"].partition(" ")
        name, _, secret = base64.b64decode(both).decode().partition(":")
        if (kind, unquote_plus(name), unquote_plus(secret)) != ("Basic", CLIENT, SECRET):
            return as_json({"error": "invalid_client", "error_description": 'not "ours"\r\n'}, 401)
        hashed = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        same_place = request.form["redirect_uri"] == self.begun["redirect_uri"]
        if challenge != self.begun["code_challenge"] or not same_place:
            return as_json({"error": "invalid_grant"}, 400)
        return as_json({"token_type": "Bearer", "access_token": GRANTED, "id_token": self.token()})

    def _me(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {GRANTED}":
            return as_json({"error": "invalid_token"}, 401)
        return as_json(without_none({"sub": SUBJECT, "email": MAIL} | self.userinfo))

    def token(self) -> str:
        key = self.keys[-1]
        claims = {
            "iss": self.issuer,
            "sub": SUBJECT,
            "aud": CLIENT,
            "iat": NOW,
            "exp": NOW + 300,
            "nonce": self.begun["nonce"],
            "email": MAIL,
            "groups": [ACT],
        }
        header = {"alg": "RS256", "kid": key.kid} | self.header
        return jwt.encode(header, without_none(claims | self.claims), key)


@contextmanager
def provided() -> Iterator[MadeUpProvider]:
    """Whoever asks it from now on is patient: a loaded machine is no provider that is away."""
    provider = MadeUpProvider("")
    with listening(provider) as provider.issuer, pytest.MonkeyPatch.context() as patience:
        for name in ("CONNECT_SECONDS", "READ_SECONDS", "TURN_SECONDS"):
            patience.setattr(exchanges, name, 60.0)
        yield provider


def as_json(told: Any, status: int = 200) -> Response:
    return Response(json.dumps(told), status, mimetype="application/json")


def without_none(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}
