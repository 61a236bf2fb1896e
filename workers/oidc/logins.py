"""A login from its begin to a person: the protocol is Authlib's; HTTP and bounds are ours."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode

from authlib.common.security import generate_token
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client

from workers.cronofy.transport import Call, HttpAnswer
from workers.oidc import tokens
from workers.oidc.errors import away, client_refused, denied, invalid, odd, over
from workers.oidc.exchanges import Exchanges
from workers.oidc.provider import Metadata, Provider
from workers.oidc.tokens import Claimed
from workers.settings import Settings

SECRET_LETTERS = 48
"""Of state, nonce and verifier each: 285 bits."""
LONGEST_ANSWER = 4_096
NO_TIME = 0.0
"""The deadline of what asks nobody."""
CLIENT_ERRORS = ("invalid_client", "unauthorized_client")
BODY = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """What a browser keeps of a login that was begun, sealed. `return_to`: where the provider sends
    it back, the same at both ends.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    return_to: str


class Logins:
    """By the provider that the settings name. Safe to share between threads."""

    def __init__(self, settings: Settings, *, exchanges: Exchanges | None = None) -> None:
        """Asks nobody yet. The settings have an issuer."""
        assert settings.oidc_issuer is not None  # noqa: S101 (`logins_of`)
        assert settings.oidc_client_secret is not None  # noqa: S101 (the settings see to it)
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id or ""
        self._secret = settings.oidc_client_secret.get_secret_value()
        self._scope = settings.oidc_scope
        self._groups_claim = settings.oidc_groups_claim
        self._exchanges = exchanges or Exchanges()
        self._provider = Provider(self.issuer, self._exchanges)

    def begin(self, return_to: str) -> tuple[str, BegunLogin]:
        """The provider's page for a browser, and what the browser keeps. Raises LoginFailed."""
        begun = BegunLogin(
            generate_token(SECRET_LETTERS),
            generate_token(SECRET_LETTERS),
            generate_token(SECRET_LETTERS),
            return_to,
        )
        # Without a place where nobody is asked: whoever holds them all keeps nobody from this.
        metadata = self._provider.kept()
        if metadata is None:
            with self._exchanges.turn() as deadline:
                metadata = self._provider.metadata(deadline)
        client = self._client(metadata, begun, NO_TIME)
        url, _ = client.create_authorization_url(
            metadata.authorization,
            state=begun.state,
            code_verifier=begun.verifier,
            nonce=begun.nonce,
        )
        return str(url), begun

    def begun(self, kept: Mapping[str, str]) -> BegunLogin:
        """As a browser gives it back, unsealed."""
        return BegunLogin(**kept)

    def finish(self, begun: BegunLogin, answer: Mapping[str, str], *, now: datetime) -> Claimed:
        """Who it is. `answer`: the query that the browser came back with. Raises LoginFailed."""
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise over()
        if "error" in answer:
            raise denied()
        code = answer.get("code", "")
        if not code or len(code) > LONGEST_ANSWER:
            raise over()
        with self._exchanges.turn() as deadline:
            metadata = self._provider.metadata(deadline)
            self._check_who_answers(metadata, answer)
            token = self._token(metadata, begun, code, deadline)
            return self._claimed(metadata, begun, token, now, deadline)

    def look(self) -> None:
        """Whether its metadata and its keys can be read. Raises LoginFailed."""
        with self._exchanges.turn() as deadline:
            self._provider.keys(deadline)

    def _check_who_answers(self, metadata: Metadata, answer: Mapping[str, str]) -> None:
        """A code of another provider's is not sent to ours (RFC 9207, 2.4)."""
        if "iss" not in answer and not metadata.names_itself:
            return
        if answer.get("iss") != self.issuer:
            raise invalid("another provider sent the code")

    def _client(self, metadata: Metadata, begun: BegunLogin, deadline: float) -> OAuth2Client:
        client = OAuth2Client(
            _BoundedSession(self._exchanges, deadline),
            client_id=self._client_id,
            client_secret=self._secret,
            token_endpoint_auth_method=metadata.auth_method,
            scope=self._scope,
            redirect_uri=begun.return_to,
            code_challenge_method="S256",
        )
        client.register_client_auth_method(("client_secret_basic", _basic))
        return client

    def _token(
        self, metadata: Metadata, begun: BegunLogin, code: str, deadline: float
    ) -> dict[str, Any]:
        client = self._client(metadata, begun, deadline)
        try:
            return dict(
                client.fetch_token(
                    metadata.token,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=begun.verifier,
                )
            )
        except OAuth2Error as error:
            failure = over()
            if error.error in CLIENT_ERRORS:
                failure = client_refused()
        except (ValueError, TypeError, AttributeError):
            failure = odd("it answered the code with something that is no token")
        raise failure

    def _claimed(
        self,
        metadata: Metadata,
        begun: BegunLogin,
        token: dict[str, Any],
        now: datetime,
        deadline: float,
    ) -> Claimed:
        expected = tokens.Expected(self.issuer, self._client_id, begun.nonce, now)
        claims = self._claims(token, expected, deadline)
        if self._groups_claim not in claims and metadata.userinfo is not None:
            # Many providers tell groups there alone (OpenID Connect Core 1.0, 5.4).
            bearer = token.get("access_token")
            if not isinstance(bearer, str) or not bearer.isascii() or not bearer.isprintable():
                raise odd("it gave no access token")
            more = self._exchanges.get("userinfo", metadata.userinfo, deadline, bearer)
            if more.get("sub") != claims["sub"]:
                raise invalid("its userinfo is about somebody else")
            claims = more | claims
        return tokens.claimed(claims, self._groups_claim)

    def _claims(
        self, token: dict[str, Any], expected: tokens.Expected, deadline: float
    ) -> dict[str, Any]:
        keys = self._provider.keys(deadline)
        try:
            return tokens.verified(token, keys, expected)
        except tokens.UnknownKey:
            keys = self._provider.keys(deadline, unknown=True)
        try:
            return tokens.verified(token, keys, expected)
        except tokens.UnknownKey:
            failure = invalid("its ID token is signed with a key that it does not name")
        raise failure


class _BoundedSession:
    """What Authlib's client asks of a session of requests', over our bounded exchanges."""

    def __init__(self, exchanges: Exchanges, deadline: float) -> None:
        self._exchanges = exchanges
        self._deadline = deadline

    def post(self, url: str, *, data: dict[str, str], headers: Mapping[str, str], auth: Any) -> Any:
        form = urlencode(data)
        url, signed, form = auth.prepare("POST", url, dict(headers), form)
        headers = signed | {"Content-Type": BODY}
        call = Call(
            "POST", "token_endpoint", url, body=form.encode(), headers=headers, repeatable=False
        )
        answer = self._exchanges.send(call, self._deadline)
        if answer.status >= 500 or answer.status == 429:
            raise away(f"{call} answered {answer.status}")
        return _Answer(answer)


class _Answer:
    def __init__(self, answer: HttpAnswer) -> None:
        self._answer = answer
        self.status_code = answer.status

    def json(self) -> Any:
        try:
            found = json.loads(self._answer.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        # For people, and often with letters that RFC 6749 forbids: Authlib would raise at those
        # instead of saying what the error is.
        if isinstance(found, dict):
            found.pop("error_description", None)
        return found

    def raise_for_status(self) -> None:
        """Nothing: what is no token is told by the client."""


def _basic(
    client: Any, _method: str, url: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Authlib's own does not encode both halves, as RFC 6749, 2.3.1 asks: a secret with a plus or a
    percent sign would be refused.
    """
    both = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = "Basic " + base64.b64encode(both.encode()).decode()
    return url, headers, body
