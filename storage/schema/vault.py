"""Secrets at rest: sealed with Fernet, and bound to the row that owns them.

The owner's id is inside the plaintext, so a token copied into another coach's row is refused when
it is opened. Rotation: put a new key first in COACHCAL_SECRET_KEYS; old values open with the old
keys until they are written again, which `coachcal secrets reseal` does.
"""

import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Sealed(Exception):
    """A stored secret does not open: a key is missing from COACHCAL_SECRET_KEYS,
    or rows were swapped.
    """


class Vault:
    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [Fernet(key) for key in keys]
        self._fernet = MultiFernet(self._keys)

    def seal(self, owner: str, secrets: dict[str, str]) -> bytes:
        # Fernet seals a text without its place. So the owner is sealed with it: whoever can write
        # rows, and has no key, cannot give one coach the calendar of another.
        return self._fernet.encrypt(json.dumps([owner, secrets]).encode())

    def open(self, owner: str, sealed: bytes) -> dict[str, str]:
        try:
            found, secrets = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise Sealed(
                "a stored secret does not open with any key of COACHCAL_SECRET_KEYS: add the old"
                " key back"
            ) from None
        if found != owner:
            raise Sealed(
                f"the secret in the row of {owner} was sealed for another row: restore it or"
                " connect again"
            )
        return dict(secrets)

    def key_of(self, owner: str, sealed: bytes) -> int:
        """Which key it is sealed with: 0 for the newest. Raises Sealed as `open` does."""
        self.open(owner, sealed)
        return next(number for number, key in enumerate(self._keys) if _opens(key, sealed))

    def __repr__(self) -> str:
        return "Vault(...)"


def _opens(key: Fernet, sealed: bytes) -> bool:
    try:
        key.decrypt(sealed)
    except InvalidToken:
        return False
    return True
