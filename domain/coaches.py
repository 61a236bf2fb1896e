"""A coach's own settings: what slots are made from, besides the calendars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.errors import Invalid
from domain.hours import Hours

Mode = Literal["flexible", "back_to_back"]
Kind = Literal["hide", "last_known", "hours_only"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What people see while a coach's calendars cannot be trusted."""

    kind: Kind
    last_known_hours: int
    """For `last_known`: how long after the last good read its answer is still shown."""

    def __post_init__(self) -> None:
        _one_of("policy.kind", self.kind, ("hide", "last_known", "hours_only"))
        _within("policy.last_known_hours", self.last_known_hours, 0, 24 * 365)


@dataclass(frozen=True, slots=True)
class Coach:
    """One coach; `pre`, `post`, `notice` and `durations` in minutes. Raises Invalid for what no coach can have."""

    id: str
    hours: Hours
    pre: int
    post: int
    notice: int
    horizon_days: int
    """Elapsed days of 24 h."""
    durations: tuple[int, ...]
    mode: Mode
    per_day: int | None
    per_week: int | None
    tentative_blocks: bool
    policy: Policy
    version: int

    def __post_init__(self) -> None:
        _within("pre", self.pre, 0, 480)
        _within("post", self.post, 0, 480)
        _within("notice", self.notice, 0, 60 * 24 * 365)
        _within("horizon_days", self.horizon_days, 0, 730)
        if not self.durations or len(set(self.durations)) < len(self.durations):
            raise Invalid("durations", "durations_repeated", "Offer one duration or more, each of them once.")
        for duration in self.durations:
            _duration(duration)
        _one_of("mode", self.mode, ("flexible", "back_to_back"))
        for field in ("per_day", "per_week"):
            if (limit := getattr(self, field)) is not None:
                _within(field, limit, 0, 1000)


def _duration(minutes: object) -> None:
    _within("durations", minutes, 5, 480)
    if isinstance(minutes, int) and minutes % 5:
        raise Invalid("durations", "not_a_multiple_of_5", f"{minutes} minutes cannot be offered; use multiples of 5.")


def _within(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(field, "not_a_whole_number", f"Send a whole number from {low} to {high}, not {value!r}.")
    if not low <= value <= high:
        raise Invalid(field, "out_of_range", f"{value} is out of range; send a whole number from {low} to {high}.")


def _one_of(field: str, value: object, words: tuple[str, ...]) -> None:
    if value not in words:
        raise Invalid(field, "unknown_word", f"{value!r} is not known here; send one of {', '.join(words)}.")
