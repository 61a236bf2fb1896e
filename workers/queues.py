"""What ops sees of the queues: how deep they are, and what ended in the dead letters."""

import redis.exceptions

from workers.actors import QUEUES
from workers.services import Services


def depths(services: Services) -> dict[str, int] | None:
    """Wake-ups waiting per queue; None when Redis is away (nothing is lost with it: the rows are the jobs)."""
    try:
        pipeline = services.redis.pipeline(transaction=False)
        for queue in QUEUES:
            pipeline.llen(f"coachcal:{queue}")
        return dict(zip(QUEUES, pipeline.execute(), strict=True))
    except (redis.exceptions.RedisError, OSError):
        return None


def redis_answers(services: Services) -> bool:
    try:
        return bool(services.redis.ping())
    except (redis.exceptions.RedisError, OSError):
        return False
