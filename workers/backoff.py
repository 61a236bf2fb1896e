"""How long what failed is left alone before it is tried again.

How often a job is tried, and how long at most it waits, is said where the job is. Inside one call
to Cronofy tenacity waits (`workers.cronofy.retries`).
"""

import random

MOST_DOUBLINGS = 10


def doubling_ms(attempts: int, *, first_ms: int, longest_ms: int) -> int:
    """`first_ms` after the first attempt (1), twice as long after each further one."""
    return min(first_ms << min(attempts - 1, MOST_DOUBLINGS), longest_ms)


def jittered_ms(wait_ms: int) -> int:
    """A quarter more or less: what failed together does not come back together."""
    return round(wait_ms * random.uniform(0.75, 1.25))  # noqa: S311 (spreads load, guards nothing)
