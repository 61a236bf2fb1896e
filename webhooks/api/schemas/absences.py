"""When a coach is away, travels, or has a public holiday: what comes in and what goes out."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.absences import MOST_AWAY, MOST_NAMES, MOST_TEXT, MOST_TRIPS, away_of, trips_of
from domain.errors import wrong_by
from webhooks.api.schemas.rules import refuse
from webhooks.http import patterns

MOST_PLACE = 60
WALL = "2026-12-24T12:00"

Date = Annotated[str, Field(max_length=10, json_schema_extra={"format": "date"})]
Wall = Annotated[str, Field(max_length=16, examples=[WALL])]
Note = Annotated[
    str,
    Field(
        max_length=MOST_TEXT,
        pattern=patterns.NO_NUL,
        description="For whoever runs the service: show it to no participant.",
        examples=["Parental leave"],
    ),
]
Country = Annotated[
    str, Field(max_length=2, description="ISO 3166-1, as GET /v1/holidays has it.", examples=["GB"])
]
Region = Annotated[
    str,
    Field(
        max_length=MOST_PLACE,
        description="A part of the country, as GET /v1/holidays has it; empty: all of it.",
        examples=["SCT"],
    ),
]
Name = Annotated[str, Field(max_length=MOST_TEXT, examples=["Boxing Day"])]


class AwayRange(BaseModel):
    """A time without sessions, by the clocks of the coach's zone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    since: Wall = Field(alias="from")
    until: Wall = Field(alias="to", description="Exclusive.", examples=["2027-01-04T09:00"])
    note: Note = ""

    @model_validator(mode="after")
    def _ruled(self) -> Self:
        refuse(wrong_by(away_of, [self.model_dump(by_alias=True)]), "away[0]")
        return self


class TravelRange(BaseModel):
    """Dates, both of them included, on which the coach works the same hours in another zone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    first: Date = Field(examples=["2026-05-01"])
    last: Date = Field(examples=["2026-05-14"])
    zone: str = Field(max_length=64, description="IANA time zone.", examples=["Asia/Tokyo"])

    @model_validator(mode="after")
    def _ruled(self) -> Self:
        refuse(wrong_by(trips_of, [self.model_dump()]), "travel[0]")
        return self


class SwitchedOn(BaseModel):
    """The public holidays that are switched on: on their dates the coach's hours are not worked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    country: Country
    region: Region = ""
    names: list[Name] = Field(
        max_length=MOST_NAMES, description="As GET /v1/holidays has them, each to be switched on."
    )


HolidayDates = Annotated[
    list[Date],
    Field(
        description="When the holidays that are switched on are, by the release that is installed.",
        examples=[["2026-12-26"]],
    ),
]
Away = Annotated[
    list[AwayRange],
    Field(max_length=MOST_AWAY, description="When the coach is away; they may overlap."),
]
Travel = Annotated[
    list[TravelRange],
    Field(max_length=MOST_TRIPS, description="Where the coach is on some dates; none twice."),
]


class AbsentSession(BaseModel):
    """A coming session that lies where its coach is not there. It stays until somebody moves it."""

    session_id: str
    start: str = Field(examples=["2026-12-28T09:00:00Z"])
    end: str = Field(examples=["2026-12-28T10:00:00Z"])
    reason: Literal["away", "holiday"]
    rebook: list[str] = Field(
        description="The requests that move it; to keep it, send none.",
        examples=[["POST /v1/bookings/bkg_6624c405d5be66e1127b319a/rebook"]],
    )


class HolidaysQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    country: Country | None = Field(None, description="None: the countries that there are.")
    region: Region = ""
    language: str = Field(
        "en", max_length=35, description="In which places and holidays are shown.", examples=["de"]
    )


class HolidayAreaOut(BaseModel):
    code: str = Field(examples=["SCT"])
    name: str = Field(examples=["Scotland"])


class HolidayOut(BaseModel):
    name: str = Field(
        description="As the country calls it; what a coach's `names` takes.",
        examples=["Boxing Day"],
    )
    shown: str = Field(
        description="The same in the language asked for, or in English, where it is known.",
        examples=["Boxing Day"],
    )
    dates: list[Date] = Field(
        description="From some days ago to the end of the year after the next.",
        examples=[["2026-12-26"]],
    )


class HolidayPlacesOut(BaseModel):
    countries: list[HolidayAreaOut] = Field(description="Without `country`: all that there are.")
    regions: list[HolidayAreaOut] = Field(description="Of the country, with holidays of their own.")
    holidays: list[HolidayOut] = Field(description="Of the country, or the region.")
