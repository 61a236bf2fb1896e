"""Where the time goes between a push and the slots that show it: six stages, which together are the
whole of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal["gap", "queue", "budget", "cronofy", "database", "fault"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Failure = Literal["budget", "cronofy", "database", "fault"]
"""Whose fault it was that a read broke off. It is made again later: that wait is theirs."""


@dataclass(frozen=True, slots=True)
class CronofyWaits:
    """Milliseconds that a read spent on Cronofy: waiting for its turn in the rate budget, and for
    the answers.
    """

    budget_ms: int = 0
    cronofy_ms: int = 0


NO_WAITS = CronofyWaits()


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one push, in milliseconds of the database's clock: when it came, from when on its calendar
    might be read, and when somebody took it. `failure`: why the read before broke off, if it did.
    """

    pushed: int
    due: int
    claimed: int
    failure: Failure | None = None


def before_storing(of: Moments, waits: CronofyWaits) -> dict[Stage, int]:
    """Milliseconds of each stage but the database's, which is what is left of the whole."""
    # Inexact on purpose: all the time before the last try is the fault of the failure before it.
    # Who wants to know it try by try finds each in the log.
    started = min(max(of.due, of.pushed), of.claimed)
    held_back: Stage = of.failure or "gap"
    found: dict[Stage, int] = dict.fromkeys(STAGES, 0)
    del found["database"]
    found["queue"] = max(0, of.claimed - started)
    found["budget"] = waits.budget_ms
    found["cronofy"] = waits.cronofy_ms
    if held_back == "database":
        return found
    found[held_back] += max(0, started - of.pushed)
    return found


def whole(before: Mapping[Stage, float], total: float) -> dict[Stage, float]:
    """Every stage of what took `total` milliseconds."""
    # Two clocks: ours measured the calls, the database's the whole. What is left may be just below
    # nothing.
    return {**before, "database": max(0.0, total - sum(before.values()))}


def shares(spent: Mapping[Stage, float]) -> dict[Stage, float]:
    """Of the whole, between 0 and 1; nothing where nothing was spent."""
    whole = sum(spent.values())
    if whole <= 0:
        return {}
    return {stage: spent.get(stage, 0) / whole for stage in STAGES}
