"""What an ID token is believed by, whatever algorithm its provider signs with."""

from typing import Any

import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import ECKey, Key, KeySet, OKPKey
from joserfc.jws import JWSRegistry

from tests.support import made_up_provider as made_up
from tests.support import people
from tests.support.made_up_provider import GRANTED, NOW
from workers.oidc import tokens
from workers.oidc.errors import LoginFailed
from workers.oidc.tokens import ALGORITHMS

EXPECTED = tokens.Expected("https://login.example.test", "coachcal", "a-nonce", people.NOW)
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def key_for(algorithm: str) -> Key:
    if algorithm in CURVES:
        return ECKey.generate_key(CURVES[algorithm], {"kid": "first"})
    if algorithm.startswith("Ed"):
        return OKPKey.generate_key("Ed25519", {"kid": "first"})
    whole = made_up.a_key("first").as_dict(private=True)
    return type(made_up.a_key("first")).import_key(whole | {"alg": algorithm})


def token(algorithm: str, key: Key, granted: str) -> dict[str, Any]:
    """As a provider answers a code, with the hash of an access token that it `granted`."""
    # The hash of a curve is the same by either of its names.
    hashed = create_half_hash(granted, algorithm.replace("Ed25519", "EdDSA"))
    claims = {
        "iss": EXPECTED.issuer,
        "sub": "somebody",
        "aud": EXPECTED.client_id,
        "iat": NOW,
        "exp": NOW + 300,
        "nonce": EXPECTED.nonce,
        "at_hash": hashed.decode(),
    }
    registry = JWSRegistry(algorithms=[algorithm])
    signed = jwt.encode({"alg": algorithm, "kid": "first"}, claims, key, registry=registry)
    return {"access_token": GRANTED, "id_token": signed}


# RFC 9864 would have providers say Ed25519; many say EdDSA still.
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_hash_of_the_access_token_counts_whatever_signs(algorithm: str) -> None:
    key = key_for(algorithm)
    keys = KeySet([key])
    found = tokens.verified(token(algorithm, key, GRANTED), keys, EXPECTED)
    assert found["sub"] == "somebody"
    with pytest.raises(LoginFailed, match="oidc_token_invalid"):
        tokens.verified(token(algorithm, key, "another"), keys, EXPECTED)
