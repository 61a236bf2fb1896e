"""Everything that the database and Redis hold, to look for a canary in."""

from collections.abc import Callable
from typing import Any

import numpy as np
import redis

from domain.freebusy import Reading
from storage.schema import tables
from tests.support.processes import Town


def database(running: Town) -> bytes:
    """Every value of every row, packed readings opened too."""
    parts: list[bytes] = []
    with running.database.read() as tx:
        for table in tables.metadata.sorted_tables:
            for row in tx.execute(table.select()):
                parts += [
                    bytes(value) if isinstance(value, bytes) else str(value).encode()
                    for value in row
                ]
                if table is tables.busy:
                    reading = Reading.unpack(row.reading)
                    parts += [
                        column.astype(np.int64).tobytes() for column in (reading.start, reading.end)
                    ]
    return b"\n".join(parts)


def everything_in(redis_url: str) -> bytes:
    """Every key with its value, whatever its type."""
    readers: dict[bytes, Callable[[Any, bytes], Any]] = {
        b"string": lambda client, key: client.get(key),
        b"list": lambda client, key: client.lrange(key, 0, -1),
        b"hash": lambda client, key: client.hgetall(key),
        b"set": lambda client, key: client.smembers(key),
        b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    }
    parts = []
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter():
            kind = client.type(key)
            # Gone since: whoever works takes messages, and lets keys expire.
            if kind == b"none" or (value := readers[kind](client, key)) is None:
                continue
            flat = (
                [value]
                if isinstance(value, bytes)
                else [*value] + ([*value.values()] if isinstance(value, dict) else [])
            )
            parts += [
                key,
                *(item if isinstance(item, bytes) else repr(item).encode() for item in flat),
            ]
    return b"\n".join(parts)
