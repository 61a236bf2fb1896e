"""What the provider says of itself: its addresses and its keys, kept for an hour.

A key that is not known is looked for anew, at most once a minute: whoever sends tokens with made-up
key ids makes us ask no more often.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from authlib.oidc.discovery import get_well_known_url
from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from workers.oidc.errors import LoginFailed, odd
from workers.oidc.exchanges import Exchanges, check_url

KEPT_SECONDS = 3600.0
ANEW_SECONDS = 60.0
AFTER_FAILURE_SECONDS = 5.0
MOST_KEYS = 50
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
PUBLIC = ("RSA", "EC", "OKP")


@dataclass(frozen=True, slots=True)
class Metadata:
    """`userinfo`: None where it has none. `auth_method`: how it wants our secret."""

    authorization: str
    token: str
    jwks: str
    userinfo: str | None
    auth_method: str
    names_itself: bool
    """Whether it says who it is with each code (RFC 9207)."""


class Provider:
    """Safe to share between threads."""

    def __init__(
        self,
        issuer: str,
        exchanges: Exchanges,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._exchanges = exchanges
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._failed: tuple[float, LoginFailed] | None = None
        self._looked_at: float | None = None

    def kept(self) -> Metadata | None:
        """Its metadata, where nobody has to be asked for them."""
        known = self._metadata
        if known is None or not self._is_young(known[0]):
            return None
        return known[1]

    def metadata(self, deadline: float) -> Metadata:
        """Raises LoginFailed."""
        known = self.kept()
        if known is not None:
            return known
        self._spare()
        url = get_well_known_url(self._issuer, external=True)
        try:
            found = self._read(self._exchanges.get("metadata", url, deadline))
        except LoginFailed as error:
            # One that is away is not asked by each that comes: they would wait for it in turn.
            self._failed = (self._monotonic(), error)
            raise
        self._metadata = (self._monotonic(), found)
        return found

    def keys(self, deadline: float, *, unknown: bool = False) -> KeySet:
        """`unknown`: a token names one that is not among these. Raises LoginFailed."""
        metadata = self.metadata(deadline)
        known = self._keys
        if known is None or not self._is_young(known[0]):
            return self._read_keys(metadata, deadline)
        if unknown and self._may_look_anew():
            return self._read_keys(metadata, deadline)
        return known[1]

    def _read_keys(self, metadata: Metadata, deadline: float) -> KeySet:
        found = _key_set(self._exchanges.get("keys", metadata.jwks, deadline))
        self._keys = (self._monotonic(), found)
        return found

    def _is_young(self, read_at: float) -> bool:
        return self._monotonic() - read_at < KEPT_SECONDS

    def _may_look_anew(self) -> bool:
        # Written down before it is asked: who else comes meanwhile takes what there is.
        with self._lock:
            now = self._monotonic()
            if self._looked_at is not None and now - self._looked_at < ANEW_SECONDS:
                return False
            self._looked_at = now
            return True

    def _spare(self) -> None:
        failed = self._failed
        if failed is not None and self._monotonic() - failed[0] < AFTER_FAILURE_SECONDS:
            raise failed[1].again()

    def _read(self, told: dict[str, Any]) -> Metadata:
        # To the letter (OpenID Connect Discovery 1.0, 4.3): another's metadata would name other
        # keys.
        if told.get("issuer") != self._issuer:
            raise odd(
                "it names another issuer than COACHCAL_OIDC_ISSUER; compare them to the letter"
            )
        for name in NEEDED:
            check_url(name, told.get(name))
        userinfo = told.get("userinfo_endpoint")
        if userinfo is not None:
            check_url("userinfo_endpoint", userinfo)
        return Metadata(
            authorization=told["authorization_endpoint"],
            token=told["token_endpoint"],
            jwks=told["jwks_uri"],
            userinfo=userinfo,
            auth_method=_auth_method(told.get("token_endpoint_auth_methods_supported")),
            names_itself=told.get("authorization_response_iss_parameter_supported") is True,
        )


def _auth_method(supported: object) -> str:
    """The usual one, unless it takes the other alone (Discovery 1.0, 3)."""
    if isinstance(supported, list) and "client_secret_basic" not in supported:
        return "client_secret_post"
    return "client_secret_basic"


def _key_set(told: dict[str, Any]) -> KeySet:
    """Those that a provider signs with in public: a shared secret is no proof of who signed."""
    listed = told.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise odd("its keys are no list of keys")
    found = []
    for each in listed:
        usable = isinstance(each, dict) and each.get("kty") in PUBLIC
        if usable and each.get("use", "sig") == "sig":
            found += _imported(each)
    if not found:
        raise odd("none of its keys can be used")
    return KeySet(found)


def _imported(told: dict[str, Any]) -> list[Key]:
    """Nothing for one that cannot be used: a curve of tomorrow does not lock out the people whose
    tokens are signed with the key beside it.
    """
    try:
        return [JWKRegistry.import_key(told)]
    except (JoseError, LookupError, ValueError, TypeError, UnsupportedAlgorithm):
        return []
