"""REDIS_URL: of one server, or of the sentinels that watch it."""

from typing import Any
from urllib.parse import parse_qsl

import redis

from workers import sentinels

WRITE = (
    f"write it as redis://:password@host:6379/0 or {sentinels.EXAMPLE}; the #, / and @ of a"
    " password as %23, %2F and %40; after a question mark only what redis-py takes"
)

NO_TEXT = frozenset(
    {"retry", "retry_on_error", "credential_provider", "redis_connect_func", "decode_responses"}
)
"""What redis-py would take from a URL as text and then fail by, with the first call."""


def create(url: str, **options: Any) -> redis.Redis:
    """`options`: of each connection, as redis-py's; what the URL says counts instead of them."""
    if sentinels.is_watched(url):
        return sentinels.create(url, **options)
    return redis.Redis.from_url(url, **options)


def check(url: str) -> None:
    """Whether connections can be made of it, without making one. Raises ValueError without the URL,
    which may hold a password.
    """
    asked = dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))
    if not NO_TEXT.isdisjoint(asked):
        raise ValueError(WRITE)
    try:
        client = create(url)
        client.connection_pool.make_connection()
    except Exception:  # noqa: BLE001 (redis-py raises what it likes, with parts of the URL in it)
        raise ValueError(WRITE) from None
    client.close()
