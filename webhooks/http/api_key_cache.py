"""API keys as this process last saw them: each is asked of the database once in a few seconds, not
once a request.
"""

import re
import time
from datetime import datetime
from hashlib import sha256

from storage.rows import api_keys
from storage.rows.api_keys import Key
from workers.services import Services

# A revoked key, and a changed scope, works on for at most this long in each web process.
TRUSTED_SECONDS = 5.0
REMEMBERED = 1_000
SHAPE = re.compile(r"cck_[0-9a-f]{1,32}_[\w-]{1,128}", re.ASCII)


class ApiKeyCache:
    """Only keys that are good are remembered, by their hash: guessing finds nothing here, and fills
    nothing.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[bytes, tuple[float, Key]] = {}

    def find(self, presented: str) -> Key | None:
        """The key, or None for one that is unknown, expired or revoked. Raises
        storage.schema.database.Unavailable.
        """
        return self.recall(presented) or self._good(self._ask(_name(presented), presented))

    def recall(self, presented: str) -> Key | None:
        """The same, but nothing for a key that was not good here before: for a stranger the
        database is not asked.
        """
        name = _name(presented)
        trusted_until, key = self._seen.get(name, (0.0, None))
        if key is not None and time.monotonic() > trusted_until:
            key = self._ask(name, presented)
        return self._good(key)

    def _good(self, key: Key | None) -> Key | None:
        if key is None or is_expired(key, self._services.now()):
            return None
        return key

    def _ask(self, name: bytes, presented: str) -> Key | None:
        if not SHAPE.fullmatch(presented):
            return None
        with self._services.database.read() as tx:
            key = api_keys.authenticate(tx, presented, now=self._services.now())
        if key is None:
            self._seen.pop(name, None)
            return None
        if len(self._seen) >= REMEMBERED:
            self._seen.clear()
        self._seen[name] = (time.monotonic() + TRUSTED_SECONDS, key)
        return key


def is_expired(key: Key, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at <= now


def _name(presented: str) -> bytes:
    return sha256(presented.encode("utf-8", "surrogateescape")).digest()
