"""Does Redis keep what it is given? One that evicts, is full or is a replica loses wake-ups."""

from collections.abc import Iterator
from typing import Any

import redis.exceptions

from workers.doctor.finding import Finding
from workers.services import Services

KEY, KEPT_MS = "coachcal:doctor", 1_000
POLICY = "noeviction"
NEARLY_FULL = 0.9
MEGABYTE = 1_000_000
MORE_MEMORY = "raise its maxmemory, or name one in REDIS_URL that is ours alone"


def look(services: Services) -> Iterator[Finding]:
    """Nothing of a Redis that is away: the check before says so."""
    try:
        refused = _refusal(services.redis)
        info: dict[str, Any] = services.redis.info()
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError):
        return
    if refused:
        yield Finding("redis writes", *refused)
    used, most = int(info["used_memory"]), int(info.get("maxmemory", 0))
    policy = str(info.get("maxmemory_policy", POLICY))
    amount = f"{used / MEGABYTE:.1f}"
    # 0 is Redis's word for no limit of its own: then the machine's memory is one.
    if most:
        amount += f" of {most / MEGABYTE:.1f}"
    detail = f"{policy}, {amount} MB used"
    # One that evicts throws wake-ups away, as if they had been worked off; none is lost for good,
    # since their rows are swept, but each then comes late.
    if policy != POLICY:
        yield Finding("redis memory", detail, f"set its maxmemory-policy to {POLICY}")
    elif most and used > NEARLY_FULL * most:
        yield Finding("redis memory", detail, MORE_MEMORY)
    else:
        yield Finding("redis memory", detail)


def _refusal(client: redis.Redis) -> tuple[str, str] | None:
    """What it says against a write, and the next step."""
    try:
        client.set(KEY, b"", px=KEPT_MS)
    except redis.exceptions.ReadOnlyError:
        return "it is a replica that may only be read", "name the primary in REDIS_URL"
    except redis.exceptions.OutOfMemoryError:
        return "it is full", MORE_MEMORY
    except redis.exceptions.ResponseError as error:  # MISCONF, NOPERM: its disk, our rights
        word = str(error).partition(" ")[0]
        return f"it refuses them ({word})", "see its log, and the rights of REDIS_URL's user"
    return None
