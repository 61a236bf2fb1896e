"""Whether those who watch Redis answer, know it, and have somebody to promote."""

from collections.abc import Iterator
from typing import Any

from redis.sentinel import Sentinel

from workers.breaker import FAILURES
from workers.doctor.finding import Finding
from workers.sentinels import is_watched, manager_of, parse
from workers.services import Services

ENOUGH = 3


def look(services: Services) -> Iterator[Finding]:
    """Nothing to say where nobody watches it."""
    if not is_watched(services.settings.redis_url):
        return
    name, manager = parse(services.settings.redis_url).name, manager_of(services.redis)
    states, silent = _states(manager)
    if silent:
        step = "start them, or correct REDIS_URL; most of them have to agree on a promotion"
        yield Finding("sentinels", f"no answer of {', '.join(silent)}", step)
    known = [each[name] for each in states if name in each]
    if not known:
        if states:
            step = "write in REDIS_URL after the hosts what the sentinels call it"
            yield Finding("sentinels", f"none knows {name}", step)
        return
    replicas = known[0]["num-slaves"]
    detail = f"{len(known)} watch {name}, which has {replicas} replicas"
    if not replicas:
        yield Finding("sentinels", detail, "give it a replica: without one nobody is promoted")
    elif known[0]["num-other-sentinels"] + 1 < ENOUGH:
        yield Finding(
            "sentinels", detail, "have three of them: fewer cannot agree once one is gone"
        )
    else:
        yield Finding("sentinels", detail)


def _states(manager: Sentinel) -> tuple[list[dict[str, Any]], list[str]]:
    """What each sentinel knows, and which of them did not answer."""
    found: list[dict[str, Any]] = []
    silent = []
    sentinel: Any
    for sentinel in manager.sentinels:
        place = sentinel.connection_pool.connection_kwargs
        try:
            found.append(sentinel.sentinel_masters())
        except FAILURES:
            silent.append(f"{place['host']}:{place['port']}")
    return found, silent
