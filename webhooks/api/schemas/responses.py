"""What goes out: the answers, typed, as OpenAPI tells them. (Slots are written by hand, for speed;
tests compare.)
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from domain.accounts import AccessMode, Trouble
from domain.coaches import Kind, Mode
from domain.event_differences import EventPolicy
from domain.freshness import Effect, State
from domain.places import Kind as PlaceKind
from webhooks.api.schemas.absences import AbsentSession, Away, HolidayDates, SwitchedOn, Travel
from webhooks.api.schemas.hours import Dates, Week
from webhooks.api.schemas.places import PlaceOut
from webhooks.http.codes import CODES
from webhooks.http.meanings import REASONS

WORDS = "x-extensible-enum"
"""The words that there are, of a list that may grow: generated clients take others, too."""
Instant = Annotated[
    str,
    Field(
        description="UTC, on a whole second.",
        examples=["2026-06-01T09:00:00Z"],
        json_schema_extra={"format": "date-time"},
    ),
]


class PolicyOut(BaseModel):
    kind: Kind
    last_known_hours: int


class CalendarOut(BaseModel):
    id: str
    name: str
    readonly: bool
    deleted: bool
    primary: bool
    blocks: bool
    receives: bool = Field(
        description=(
            "Chosen to receive sessions. Without one, and while it cannot, the main one receives"
            " them."
        )
    )


class ProfileOut(BaseModel):
    id: str
    provider: str
    service: str
    name: str
    connected: bool
    initial_sync: bool
    mode: AccessMode = Field(
        description=(
            "What its coach lets us do. `free_busy`: it is read, and sessions come to them as"
            " invitations that they accept or not. `no_access`: not read either."
        )
    )
    relink_url: str | None = Field(
        description="Where the coach repairs a profile that lost its credentials."
    )
    calendars: list[CalendarOut]


class Connection(BaseModel):
    id: str
    trouble: Trouble | None
    last_read_at: Instant | None
    last_error: str | None
    profiles: list[ProfileOut]


class CoachSettingsOut(BaseModel):
    name: str
    email: str | None
    language: str
    zone: str
    hours: Week
    overrides: Dates
    durations: list[int]
    pre: int
    post: int
    notice: int
    horizon_days: int
    mode: Mode
    per_day: int | None
    per_week: int | None
    tentative_blocks: bool
    place: PlaceOut | None
    place_kinds: list[PlaceKind] | None
    event_policy: EventPolicy
    policy: PolicyOut
    away: Away
    travel: Travel
    holidays: SwitchedOn | None


class PushWaitsOut(BaseModel):
    """From Cronofy's push to the slots that it changed, in milliseconds."""

    measured: int = Field(description="How many of the latest pushes: at most 50.")
    last_ms: int | None
    p95_ms: int | None = Field(description="As long as that, or shorter, waited 95 of 100.")


class CoachOut(CoachSettingsOut):
    """What was set, and how the calendars stand: `synced` is the badge of connected and healthy
    calendars.
    """

    id: str
    version: int
    synced: bool
    state: State
    as_of: Instant | None = Field(
        description="When the calendars were last read, the oldest of them."
    )
    push_to_visible: PushWaitsOut
    missed_pushes: int = Field(
        description="Changes that reading found and no push had announced, since the accounts were"
        " connected."
    )
    connections: list[Connection]
    holiday_dates: HolidayDates
    absent_sessions: list[AbsentSession] = Field(
        description="Coming sessions that lie where the coach is away or has a holiday."
    )


class Tile(BaseModel):
    """How a coach's calendars stand: `synced` is the badge of connected and healthy ones."""

    id: str
    synced: bool
    state: State
    as_of: Instant | None = Field(
        description="When the calendars were last read, the oldest of them."
    )
    badge_url: str = Field(
        description="The symbol as a picture, for a page to show; its address needs no key."
    )


class TilesOut(BaseModel):
    coaches: list[Tile]
    unknown: list[str] = Field(description="Those of the ids that no coach has.")


class HoursOut(BaseModel):
    coach_id: str
    version: int
    zone: str
    hours: Week


class OverridesOut(BaseModel):
    coach_id: str
    version: int
    overrides: Dates


class ClosedRun(BaseModel):
    """Quarter hours in a row that are closed for one reason: first start, end, reason."""

    since: Instant = Field(alias="from")
    until: Instant = Field(alias="to")
    reason: Annotated[
        str,
        Field(
            description=" ".join(f"`{word}`: {said}" for word, said in REASONS.items()),
            json_schema_extra={WORDS: [*REASONS]},
        ),
    ]


class CoachStateOut(BaseModel):
    coach_id: str
    version: int = Field(description="Grows with each change of the slot set.")
    as_of: Instant | None = Field(
        description="When the calendars were last read, the oldest of them."
    )
    state: State
    policy: PolicyOut
    effect: Effect = Field(
        description="What the policy makes of the state: list, hide, or hours_only."
    )


class SlotsOut(CoachStateOut):
    valid_until: Instant | None = Field(description="When time alone next changes this answer.")
    tz: str
    since: Instant = Field(alias="from")
    until: Instant = Field(alias="to")
    duration: int
    starts: list[Instant]
    reasons: list[ClosedRun] | None = Field(None, description="With detail=reasons.")


class MemberOut(CoachStateOut):
    offers: bool = Field(description="Whether the coach offers this duration.")


class OpenStart(BaseModel):
    start: Instant
    coach_ids: list[str] = Field(description="Who is open then.")


class PoolOut(BaseModel):
    mode: Literal["any", "all"]
    valid_until: Instant | None
    tz: str
    since: Instant = Field(alias="from")
    until: Instant = Field(alias="to")
    duration: int
    coaches: list[MemberOut]
    starts: list[OpenStart]


class ConnectOut(BaseModel):
    authorize_url: str
    expires_in: int = Field(description="Seconds.")


class Accepted(BaseModel):
    status: Literal["accepted"]


class PersonalData(RootModel[dict[str, list[dict[str, Any]]]]):
    """Every row that is about a person, by table."""


class Alive(BaseModel):
    status: Literal["ok"]


class ReadyOut(BaseModel):
    status: Literal["ready", "not_ready"]
    database: Literal["ok", "away", "read_only", "busy", "other_schema", "other_time"]
    redis: Literal["ok", "away"]


SAID = "Stable: what each means `x-codes` of this document says. More may come."


class Flaw(BaseModel):
    field: str
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable; `detail` ends with the next step; other members may follow."""

    model_config = ConfigDict(extra="allow")

    title: str
    status: int
    code: Annotated[str, Field(description=SAID, json_schema_extra={WORDS: [*CODES]})]
    detail: str
    field: str | None = None
    errors: list[Flaw] | None = Field(
        None, description="Each of them, the first hundred, when there are several."
    )
    request_id: str | None
