"""The domain's rules as part of the models, so that a request is told of every field that is wrong
at once: of those that break a rule, together with those of a wrong shape.

A rule that concerns several fields is looked at once each of them has its shape.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from pydantic import AfterValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.errors import Invalid, wrong_by
from webhooks.http.problems import MOST_TOLD


def ruled(check: Callable[[Any], object], within: str) -> AfterValidator:
    """Refuses what the check raises Invalid for. `within`: what the domain calls the value; the
    path below it is told.
    """

    def checked(value: Any) -> Any:
        refuse(wrong_by(check, value), within)
        return value

    return AfterValidator(checked)


def ruled_by_all(find: Callable[[Any], Iterable[Invalid]], within: str) -> AfterValidator:
    """The same of a check that finds all that is wrong."""

    def checked(value: Any) -> Any:
        refuse(find(value), within)
        return value

    return AfterValidator(checked)


def refuse(wrong: Iterable[Invalid], within: str = "") -> None:
    """Raises ValidationError, unless nothing is wrong. pydantic puts the path of the value before
    that of each.
    """
    # Not all of them: a wrong day costs its sender 7 characters, and us 15 us and an error.
    lines = [_line(each, within) for each in islice(wrong, MOST_TOLD)]
    if lines:
        raise ValidationError.from_exception_data(within, lines)


def _line(wrong: Invalid, within: str) -> InitErrorDetails:
    said = PydanticCustomError(wrong.code, "{detail}", {"detail": wrong.detail})
    below = wrong.field.removeprefix(within).removeprefix(".")
    if not below:
        return InitErrorDetails(type=said, input=None)
    return InitErrorDetails(type=said, loc=(below,), input=None)
