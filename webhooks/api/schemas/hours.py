"""Working hours as JSON has them: of weekdays, and of dates that replace them."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.windows import WEEKDAYS, wrong_dates, wrong_weekdays
from webhooks.api.schemas.rules import ruled_by_all

MOST_WINDOWS = 24
MOST_OVERRIDES = 400

CLOCK_TIME = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
_WINDOW = {"type": "array", "items": CLOCK_TIME, "minItems": 2, "maxItems": 2}
_WINDOWS = {"type": "array", "items": _WINDOW, "maxItems": MOST_WINDOWS}


def _few_windows(days: dict[str, Any]) -> dict[str, Any]:
    for day, windows in days.items():
        if isinstance(windows, list) and len(windows) > MOST_WINDOWS:
            limits = {"day": day, "most": MOST_WINDOWS}
            raise PydanticCustomError(
                "too_many", "{day} has more than {most} windows: join some", limits
            )
    return days


Week = Annotated[
    dict[str, Any],
    AfterValidator(_few_windows),
    ruled_by_all(wrong_weekdays, "hours"),
    WithJsonSchema(
        {
            "type": "object",
            "description": "Wall-clock windows a weekday;"
            " an end at or before its start is on the next day.",
            "properties": dict.fromkeys(WEEKDAYS, _WINDOWS),
            "additionalProperties": False,
            "examples": [
                {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "fri": [["22:00", "02:00"]]}
            ],
        }
    ),
]
Dates = Annotated[
    dict[str, Any],
    Field(max_length=MOST_OVERRIDES),
    AfterValidator(_few_windows),
    ruled_by_all(wrong_dates, "overrides"),
    WithJsonSchema(
        {
            "type": "object",
            "description": "What replaces the windows that begin on a date;"
            " an empty list is a day off.",
            "propertyNames": {"format": "date"},
            "additionalProperties": _WINDOWS,
            "maxProperties": MOST_OVERRIDES,
            "examples": [{"2026-12-24": [], "2026-12-28": [["10:00", "14:00"]]}],
        }
    ),
]
