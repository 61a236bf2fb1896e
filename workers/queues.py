"""What ops sees of the queues: how deep they are, and whether Redis takes wake-ups."""

from workers import manned
from workers.actors import QUEUES
from workers.breaker import FAILURES, PROBE
from workers.services import Services


def depths(services: Services) -> dict[str, int] | None:
    """Wake-ups waiting per queue;
    None while Redis takes none (nothing is lost with it: the rows are the jobs).
    """
    if services.breaker.open:
        return None
    pipeline = services.redis.pipeline(transaction=False)
    # A write as well: a replica, or a Redis that is full, tells its queues and takes nothing.
    pipeline.set(PROBE, 1, px=1000)
    for queue in QUEUES:
        pipeline.llen(f"coachcal:{queue}")
    try:
        _, *found = pipeline.execute()
    except FAILURES as error:
        services.breaker.failed(error)
        return None
    return dict(zip(QUEUES, found, strict=True))


def unmanned(services: Services) -> list[str] | None:
    """Queues from which no worker took anything for two minutes, be it that nothing was there; None
    while Redis is away.
    """
    if services.breaker.open:
        return None
    try:
        said = services.redis.mget([manned.key(queue) for queue in QUEUES])
    except FAILURES as error:
        services.breaker.failed(error)
        return None
    return [queue for queue, by in zip(QUEUES, said, strict=True) if by is None]


def redis_answers(services: Services) -> bool:
    return depths(services) is not None
