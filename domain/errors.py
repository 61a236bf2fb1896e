"""The one error of this room: an input that breaks a rule.

ValueError
└── Invalid     permanent: the same input never becomes right by itself
"""

from collections.abc import Callable, Sequence
from typing import ParamSpec

P = ParamSpec("P")


class Invalid(ValueError):
    """An input that breaks a rule: which field, a stable code for machines, and a sentence for
    people.

    `field` is a path such as `hours.mon[0]`; `code` is snake_case and never changes once published;
    `detail` ends with the next step.
    """

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(field, code, detail)
        self.field = field
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.field}: {self.detail} ({self.code})"


def whole_number(field: str, value: object, low: int, high: int) -> int:
    """The value, if it is an int from `low` to `high`. Raises Invalid."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(
            field,
            "not_a_whole_number",
            f"Send a whole number from {low} to {high}, not {value!r:.60}.",
        )
    if not low <= value <= high:
        raise Invalid(
            field,
            "out_of_range",
            f"{value} is out of range; send a whole number from {low} to {high}.",
        )
    return value


def one_of(field: str, value: object, words: Sequence[str]) -> str:
    """The value, if it is one of the words. Raises Invalid."""
    for word in words:
        if value == word:
            return word
    raise Invalid(
        field, "unknown_word", f"{value!r:.60} is not known here; send one of {', '.join(words)}."
    )


def wrong_by(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> list[Invalid]:
    """What this check raises as Invalid: nothing, or one. For whoever looks for all that is
    wrong.
    """
    try:
        check(*args, **kwargs)
    except Invalid as wrong:
        return [wrong]
    return []
