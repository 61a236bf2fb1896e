"""What comes in: the bodies and queries that are accepted, typed, as OpenAPI tells them.

Names and limits are the domain's, and so are its checks of what a value means: a model refuses
unknown fields and wrong types, and `domain.coaches` and `domain.hours` say what a zone, a window or
a duration is.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from domain.coaches import Kind, Mode, check_durations
from domain.errors import Invalid
from domain.event_differences import EventPolicy
from domain.hours import timezone
from domain.mail import LANGUAGES
from domain.mail.safety import ADDRESS_RULE, mail_address, one_line
from webhooks.api.schemas.absences import Away, SwitchedOn, Travel
from webhooks.api.schemas.hours import Dates, Week
from webhooks.api.schemas.places import Kinds, PlaceIn
from webhooks.api.schemas.rules import ruled
from webhooks.api.schemas.urls import ReturnUrl
from webhooks.http import patterns
from webhooks.http.times import check_bound

SPOKEN = f"{', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}"
MOST_TEXT = 300
SHOWS_NOTHING = "Send a text of which people see something: this one is only blanks."
MOST_COACHES = 200
DEFAULT_HORIZON_DAYS = 60


def _address(text: str) -> str:
    """As it goes on the wire."""
    try:
        return mail_address("", text)
    except Invalid as error:
        raise PydanticCustomError("not_an_address", ADDRESS_RULE) from error


def _seen(text: str) -> str:
    """A text that people see: an empty one is none, and one of blanks would look like it."""
    if text and not one_line(text):
        raise PydanticCustomError("shows_nothing", SHOWS_NOTHING)
    return text


def listed(value: object) -> object:
    """A repeated parameter, and its values joined by commas, which no id has."""
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value).split(",")
    return value


Zone = Annotated[
    str,
    Field(max_length=64, description="IANA time zone.", examples=["Europe/London"]),
    ruled(timezone, "zone"),
]
ZoneOfDates = Annotated[
    str,
    Field(max_length=64, description="Zone of the dates in `from` and `to`."),
    ruled(timezone, "zone"),
]
Bound = Annotated[str, Field(max_length=40), ruled(check_bound, "")]
Version = Annotated[
    int | None,
    Field(
        ge=0,
        le=2**31,
        description="The version this change was made from; 409 if it is no longer that. 0: new.",
    ),
]
Minutes = Annotated[int, Field(ge=0, le=480)]
# No database keeps a NUL; whatever else people are called is kept as it is, and made harmless where
# it is shown.
Line = Annotated[str, Field(max_length=MOST_TEXT, pattern=patterns.NO_NUL), AfterValidator(_seen)]
Mail = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema(
        {
            "type": "string",
            "format": "idn-email",
            "description": ADDRESS_RULE,
            "examples": ["pat@example.test"],
        }
    ),
]
Language = Annotated[
    str,
    Field(
        pattern=patterns.LANGUAGE,
        description=f"What they read, with its region: pages and mails are in {SPOKEN}, pt-PT gets"
        " pt-BR, and any other English.",
        examples=["en-GB", "pt-BR", "ar"],
    ),
]


Ids = Annotated[list[Annotated[str, Field(pattern=patterns.ID)]], BeforeValidator(listed)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PolicyIn(Body):
    kind: Kind
    last_known_hours: int | None = Field(
        None,
        ge=1,
        le=24 * 365,
        description="For last_known: how long; the service's default if absent.",
    )


class CoachIn(Body):
    """All that a coach sets. What is left out gets its default: a PUT replaces the whole."""

    name: Line = Field(
        "", description="As mails call the coach; a mail that would name nobody is held."
    )
    email: Mail | None = Field(
        None, description="Where the coach's own session mails go; without, there are none."
    )
    language: Language = "en"
    zone: Zone
    hours: Week
    overrides: Dates = Field(default_factory=dict)
    durations: Annotated[list[int], ruled(check_durations, "durations")] = Field(
        min_length=1, max_length=12, description="Minutes, multiples of 5 from 5 to 480."
    )
    pre: Minutes = Field(0, description="Minutes free before a session.")
    post: Minutes = Field(0, description="Minutes free after a session.")
    notice: int = Field(
        0, ge=0, le=60 * 24 * 365, description="Minutes between now and the soonest start."
    )
    horizon_days: int = Field(
        DEFAULT_HORIZON_DAYS, ge=1, le=180, description="Days of 24 h that can be booked ahead."
    )
    mode: Mode = Field(
        "flexible", description="Every open quarter hour, or only those that pack the day."
    )
    per_day: int | None = Field(
        None, ge=0, le=1000, description="Most sessions a day in the coach's zone."
    )
    per_week: int | None = Field(
        None, ge=0, le=1000, description="Most sessions an ISO week in the coach's zone."
    )
    tentative_blocks: bool = Field(True, description="Whether tentative events close slots.")  # noqa: FBT003 (a default)
    place: PlaceIn | None = Field(
        None,
        description="Where new sessions are, unless somebody says otherwise; as before if absent.",
    )
    place_kinds: Kinds = None
    event_policy: EventPolicy = Field(
        "ask",
        description=(
            "When the coach moves, deletes or declines a session's event in their calendar: ask"
            " them, put it back at once, or move the session to where it stands if that is open."
            " As before if absent; ask for a new coach."
        ),
    )
    policy: PolicyIn | None = Field(
        None, description="While the calendars cannot be trusted; the service's if absent."
    )
    away: Away | None = Field(None, description="As before if absent; []: never.")
    travel: Travel | None = Field(None, description="As before if absent; []: nowhere.")
    holidays: SwitchedOn | None = Field(None, description="As before if absent; null: none.")
    version: Version = None


class HoursIn(Body):
    hours: Week
    zone: Zone | None = Field(None, description="Moves the coach there too; unchanged if absent.")
    version: Version = None


class OverridesIn(Body):
    overrides: Dates
    version: Version = None


class CalendarsIn(Body):
    calendars: list[str] = Field(
        max_length=500, description="Ids of the calendars that block; the others do not."
    )
    receives: str | None = Field(
        None,
        max_length=MOST_TEXT,
        description="Id of the calendar that receives the coach's sessions,"
        " instead of any other of any connection; the coming ones move there."
        " null: the main one, chosen automatically. Absent: as before.",
    )


class ConnectIn(Body):
    provider: str | None = Field(
        None, pattern=patterns.PROVIDER, description="Preselects one, such as google."
    )
    return_url: ReturnUrl | None = Field(
        None,
        description="Where the coach's browser goes in the end, with `outcome` in its query: an"
        " address of an origin that COACHCAL_RETURN_ORIGINS names.",
    )


class QueryIn(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RangeIn(QueryIn):
    since: Bound = Field(
        alias="from",
        description="The first start asked for: a date (its local midnight in `tz`)"
        " or an instant with an offset.",
        examples=["2026-06-01", "2026-06-01T09:00:00Z"],
    )
    until: Bound = Field(
        alias="to",
        description="Exclusive, as `from`; at most 92 days later.",
        examples=["2026-06-15"],
    )


class SlotsQuery(RangeIn):
    duration: int | None = Field(
        None, description="Minutes; required when the coach offers several."
    )
    tz: ZoneOfDates | None = Field(
        None,
        description="Zone of the dates in `from` and `to`; the coach's if absent.",
    )
    detail: Literal["reasons"] | None = Field(
        None, description="Adds why closed times are closed: coach and ops only."
    )


class PoolQuery(RangeIn):
    coach_id: Ids = Field(min_length=1, max_length=MOST_COACHES)
    duration: int = Field(description="Minutes.")
    mode: Literal["any", "all"] = Field(
        "any", description="Open with any of the coaches, or with all of them at once."
    )
    tz: ZoneOfDates = "UTC"


class TilesQuery(QueryIn):
    ids: Ids = Field(
        min_length=1,
        max_length=MOST_COACHES,
        description=f"Ids of coaches, at most {MOST_COACHES}.",
        examples=[["ada", "grace"]],
    )
