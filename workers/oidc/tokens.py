"""An ID token: whether it is to be believed, and what it says of a person (OpenID Connect Core 1.0,
3.1.3.7).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import (
    ClaimError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
)
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from workers.oidc.errors import LoginFailed, clocks_apart, invalid, nonce_wrong, odd

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""By a key pair alone: `none` is no signature, and a shared secret says not who signed."""
LEEWAY_SECONDS = 60
LONGEST = 20_000
LONGEST_NAME = 255
"""Of a subject (Core 1.0, 2), a mail address and a group."""
MOST_GROUPS = 1_000
TIMES = ("iat", "nbf", "exp")


class UnknownKey(Exception):
    """The token names a key that is not among those known."""


@dataclass(frozen=True, slots=True)
class Expected:
    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    now: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whom the provider vouches for. `subject`: theirs for good, there. `mail`: empty, or as the
    provider has it.
    """

    subject: str
    mail: str
    groups: frozenset[str]


def verified(token: dict[str, Any], keys: KeySet, expected: Expected) -> dict[str, Any]:
    """The claims of its ID token. Raises LoginFailed, UnknownKey."""
    text = token.get("id_token")
    if not isinstance(text, str) or not text.isascii() or len(text) > LONGEST:
        raise odd("it gave no ID token")
    decoded = _signed(text, keys)
    header = dict(decoded.header)
    # Authlib knows the hash of an access token by the older name alone (RFC 9864 has the newer).
    if header["alg"] == "Ed25519":
        header["alg"] = "EdDSA"
    claims = CodeIDToken(
        decoded.claims,
        header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        },
        {
            "nonce": expected.nonce,
            "client_id": expected.client_id,
            "access_token": token.get("access_token"),
        },
    )
    _check(claims, expected)
    return dict(claims)


def claimed(claims: dict[str, Any], groups_claim: str) -> Claimed:
    """Raises LoginFailed: no subject that can be written down."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_plain(subject):
        raise invalid("it names nobody")
    mail = claims.get("email")
    # Where it is not known to be theirs, anybody could have written it there.
    if not isinstance(mail, str) or not _is_plain(mail) or claims.get("email_verified") is False:
        mail = ""
    return Claimed(subject, mail, _groups(claims.get(groups_claim)))


def _signed(text: str, keys: KeySet) -> jwt.Token:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    failure: Exception = invalid("the signature of its ID token is wrong")
    try:
        return jwt.decode(text, keys, registry=registry)
    except InvalidKeyIdError:
        failure = UnknownKey()
    except (JoseError, ValueError, TypeError, RecursionError):
        pass
    raise failure


def _check(claims: CodeIDToken, expected: Expected) -> None:
    """Raises LoginFailed."""
    failure: LoginFailed
    try:
        claims.validate(int(expected.now.timestamp()), LEEWAY_SECONDS)
        return
    except ExpiredTokenError:
        failure = clocks_apart()
    except ClaimError as error:
        failure = invalid(f"the claim {error.claim} of its ID token is wrong")
        if error.claim == "nonce":
            failure = nonce_wrong()
        elif error.claim in TIMES and isinstance(error, InvalidClaimError):
            failure = clocks_apart()
    except (JoseError, ValueError, TypeError, OverflowError):
        failure = invalid("a claim of its ID token is wrong")
    raise failure


def _groups(told: object) -> frozenset[str]:
    """A list, or one name; whatever else stands there is no group."""
    if isinstance(told, str):
        told = [told]
    if not isinstance(told, list):
        return frozenset()
    found = set()
    for each in told[:MOST_GROUPS]:
        if isinstance(each, str) and _is_plain(each):
            found.add(each)
    return frozenset(found)


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()
