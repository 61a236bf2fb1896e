"""Which failures tell that Cronofy is away, and not that it refuses something, or asks to wait."""

from workers.cronofy.errors import BadAnswer, CronofyError, Unavailable


def is_away(error: CronofyError) -> bool:
    """Whether the same call goes well as soon as Cronofy does."""
    # Whoever was told when to come again comes then, and no sooner.
    return isinstance(error, Unavailable | BadAnswer) and error.retry_after is None
