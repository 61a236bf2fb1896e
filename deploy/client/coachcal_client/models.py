"""What is sent and answered: written from the OpenAPI document by `./run docs`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AbsentSession(TypedDict):
    """A coming session that lies where its coach is not there. It stays until somebody
    moves it.
    """

    session_id: str
    start: str
    end: str
    reason: Literal["away", "holiday"]
    rebook: list[str]


class Accepted(TypedDict):
    status: Literal["accepted"]


class AddressIn(TypedDict):
    address: str


class Alive(TypedDict):
    status: Literal["ok"]


class AttemptOut(TypedDict):
    event_id: str
    type: str
    at: str
    status: int | None
    duration_ms: int


class AttemptsOut(TypedDict):
    attempts: list[AttemptOut]


class AttendanceIn(TypedDict):
    status: Literal["completed", "missed"]
    participant_id: NotRequired[str | None]


AwayRange = TypedDict("AwayRange", {"from": "str", "to": "str", "note": "NotRequired[str]"})


class BookingIn(TypedDict):
    """Either a time with a coach (coach_id, start, duration) or a seat in a pod (pod_id)."""

    participant: ParticipantIn
    coach_id: NotRequired[str | None]
    start: NotRequired[str | None]
    duration: NotRequired[int | None]
    pod_id: NotRequired[str | None]
    hold_id: NotRequired[str | None]
    context: NotRequired[ContextIn]
    place: NotRequired[PlaceIn | None]
    force: NotRequired[ForceIn | None]


class BookingOut(TypedDict):
    """A booking with the session that it is for."""

    session_id: str
    pod_id: str | None
    coach_id: str
    kind: Literal["one_to_one", "pod", "hold"]
    start: str
    end: str
    duration: int
    title: str | None
    place: PlaceOut | None
    join_url: str | None
    pod: PodOut | None
    force_reason: str | None
    conflict_since: str | None
    booked_for: str | None
    wall_moved: str | None
    id: str
    version: int
    status: Literal["booked", "cancelled", "completed", "missed"]
    participant: ParticipantOut
    context: ContextOut
    uid: str
    sequence: int
    created_at: str
    changed_at: str
    moves: int
    replaces: str | None
    answer: Literal["accepted", "declined", "tentative"] | None
    overlap_reason: str | None
    participant_booked_for: str | None
    participant_wall_moved: str | None


class BookingsOut(TypedDict):
    """In the order in which their sessions begin; with `changed_since`, in which they
    changed.
    """

    bookings: list[BookingOut]
    next_cursor: str | None


class BrandIn(TypedDict):
    """All that is set; what is null, or left out, is as for everybody. The logo has an
    address of its own.
    """

    sender_name: NotRequired[str | None]
    support: NotRequired[str | None]
    colour: NotRequired[str | None]


class BrandOut(TypedDict):
    company_id: str
    sender_name: str | None
    support: str | None
    colour: str | None
    logo_url: str | None


class ByOut(TypedDict):
    door: str
    name: str | None
    request_id: str | None


class CalendarOut(TypedDict):
    id: str
    name: str
    readonly: bool
    deleted: bool
    primary: bool
    blocks: bool
    receives: bool


class CalendarsIn(TypedDict):
    calendars: list[str]
    receives: NotRequired[str | None]


class CancelIn(TypedDict):
    version: NotRequired[int | None]
    excused: NotRequired[bool]


class ChangeRulesIn(TypedDict):
    """All that is set here; what is null, or left out, is as the wider scope has it."""

    late_hours: NotRequired[int | None]
    free_moves: NotRequired[int | None]
    most_rebookings: NotRequired[int | None]
    most_missed: NotRequired[int | None]


class ChangeRulesOut(TypedDict):
    scope: Literal["cohort", "project", "company"]
    scope_id: str
    late_hours: int | None
    free_moves: int | None
    most_rebookings: int | None
    most_missed: int | None


ClosedRun = TypedDict("ClosedRun", {"from": "str", "to": "str", "reason": "str"})


class CoachIn(TypedDict):
    """All that a coach sets. What is left out gets its default: a PUT replaces the whole."""

    name: NotRequired[str]
    email: NotRequired[str | None]
    language: NotRequired[str]
    zone: str
    hours: dict[str, Any]
    overrides: NotRequired[dict[str, list[list[str]]]]
    durations: list[int]
    pre: NotRequired[int]
    post: NotRequired[int]
    notice: NotRequired[int]
    horizon_days: NotRequired[int]
    mode: NotRequired[Literal["flexible", "back_to_back"]]
    per_day: NotRequired[int | None]
    per_week: NotRequired[int | None]
    tentative_blocks: NotRequired[bool]
    place: NotRequired[PlaceIn | None]
    place_kinds: NotRequired[
        list[Literal["conferencing", "url", "phone", "address", "platform"]] | None
    ]
    event_policy: NotRequired[Literal["ask", "restore", "follow"]]
    policy: NotRequired[PolicyIn | None]
    away: NotRequired[list[AwayRange] | None]
    travel: NotRequired[list[TravelRange] | None]
    holidays: NotRequired[SwitchedOn | None]
    version: NotRequired[int | None]


class CoachListOut(TypedDict):
    """By id; with `changed_since`, in the order in which they changed."""

    coaches: list[CoachOut | Tile]
    next_cursor: NotRequired[str | None]
    unknown: NotRequired[list[str] | None]


class CoachOfMany(TypedDict):
    name: NotRequired[str]
    email: NotRequired[str | None]
    language: NotRequired[str]
    zone: str
    hours: dict[str, Any]
    overrides: NotRequired[dict[str, list[list[str]]]]
    durations: list[int]
    pre: NotRequired[int]
    post: NotRequired[int]
    notice: NotRequired[int]
    horizon_days: NotRequired[int]
    mode: NotRequired[Literal["flexible", "back_to_back"]]
    per_day: NotRequired[int | None]
    per_week: NotRequired[int | None]
    tentative_blocks: NotRequired[bool]
    place: NotRequired[PlaceIn | None]
    place_kinds: NotRequired[
        list[Literal["conferencing", "url", "phone", "address", "platform"]] | None
    ]
    event_policy: NotRequired[Literal["ask", "restore", "follow"]]
    policy: NotRequired[PolicyIn | None]
    away: NotRequired[list[AwayRange] | None]
    travel: NotRequired[list[TravelRange] | None]
    holidays: NotRequired[SwitchedOn | None]
    version: NotRequired[int | None]
    id: str


class CoachOut(TypedDict):
    """What was set, and how the calendars stand: `synced` is the badge of connected and
    healthy calendars.
    """

    name: str
    email: str | None
    language: str
    zone: str
    hours: dict[str, Any]
    overrides: dict[str, list[list[str]]]
    durations: list[int]
    pre: int
    post: int
    notice: int
    horizon_days: int
    mode: Literal["flexible", "back_to_back"]
    per_day: int | None
    per_week: int | None
    tentative_blocks: bool
    place: PlaceOut | None
    place_kinds: list[Literal["conferencing", "url", "phone", "address", "platform"]] | None
    event_policy: Literal["ask", "restore", "follow"]
    policy: PolicyOut
    away: list[AwayRange]
    travel: list[TravelRange]
    holidays: SwitchedOn | None
    id: str
    version: int
    synced: bool
    state: Literal[
        "fresh", "refreshing", "stale", "initial_sync", "disconnected", "no_access", "unconnected"
    ]
    as_of: str | None
    push_to_visible: PushWaitsOut
    missed_pushes: int
    connections: list[Connection]
    holiday_dates: list[str]
    absent_sessions: list[AbsentSession]


class CoachPutOut(TypedDict):
    """What came of one of many: 201 for a new coach, 200 for one that was there, 409 for
    one whose `version` is another by now or who leaves, 422 for one that breaks a rule
    together with what was stored, 503 for one that this request had no time left for,
    or that somebody else was at for too long.
    """

    id: str
    status: Literal[200, 201, 409, 422, 503]
    version: NotRequired[int | None]
    code: NotRequired[str | None]


class CoachSessionOut(TypedDict):
    session_id: str
    pod_id: str | None
    coach_id: str
    kind: Literal["one_to_one", "pod", "hold"]
    start: str
    end: str
    duration: int
    title: str | None
    place: PlaceOut | None
    join_url: str | None
    pod: PodOut | None
    force_reason: str | None
    conflict_since: str | None
    booked_for: str | None
    wall_moved: str | None
    version: int
    status: Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]
    active: bool
    context: ContextOut
    bookings: list[SeatOut]
    event: EventOut | None


class CoachesIn(TypedDict):
    coaches: list[CoachOfMany]


class CoachesPutOut(TypedDict):
    """In the order in which they were sent."""

    coaches: list[CoachPutOut]
    refused: int


class ColumnIn(TypedDict):
    heading: str
    column: Literal[
        "id",
        "version",
        "group",
        "programme",
        "cohort",
        "title",
        "coach",
        "date",
        "time",
        "when",
        "duration",
        "min",
        "max",
        "zone",
        "format",
        "participants",
        "usernames",
        "language",
        "company",
        "project",
    ]


class ConnectIn(TypedDict):
    provider: NotRequired[str | None]
    return_url: NotRequired[str | None]


class ConnectOut(TypedDict):
    authorize_url: str
    expires_in: int


class Connection(TypedDict):
    id: str
    trouble: Literal["initial_sync", "disconnected", "revoked", "no_access"] | None
    last_read_at: str | None
    last_error: str | None
    profiles: list[ProfileOut]


class ContextIn(TypedDict):
    """Where in Coach OS the session belongs: it chooses the texts of the mails, and fills
    them.
    """

    company: NotRequired[str | None]
    project: NotRequired[str | None]
    cohort: NotRequired[str | None]
    programme_name: NotRequired[str | None]


class ContextOut(TypedDict):
    company: str | None
    project: str | None
    cohort: str | None
    programme_name: str | None


class Counts(TypedDict):
    green: int
    yellow: int
    red: int


class EndpointChange(TypedDict):
    """What is absent stays; null: of all."""

    url: NotRequired[str | None]
    types: NotRequired[
        list[
            Literal[
                "slots.changed",
                "booking.booked",
                "booking.rebooked",
                "booking.place_changed",
                "booking.cancelled",
                "booking.seat_left",
                "booking.missed",
                "calendar.disconnected",
                "calendar.reconnected",
                "calendar.connected",
                "coach.synced",
                "session.conflict",
                "session.conflict_cleared",
                "session.conferencing_failed",
                "session.conferencing_recovered",
                "session.event_moved",
                "session.event_deleted",
                "session.event_settled",
                "session.wall_clock_moved",
                "session.wall_clock_restored",
                "session.participant_clock_moved",
                "session.participant_clock_restored",
            ]
        ]
        | None
    ]
    coach_ids: NotRequired[list[str] | None]
    company_ids: NotRequired[list[str] | None]
    version: NotRequired[Literal["2026-06-01", "2026-11-29"] | None]
    state: NotRequired[Literal["on", "paused"] | None]


class EndpointIn(TypedDict):
    url: str
    types: NotRequired[
        list[
            Literal[
                "slots.changed",
                "booking.booked",
                "booking.rebooked",
                "booking.place_changed",
                "booking.cancelled",
                "booking.seat_left",
                "booking.missed",
                "calendar.disconnected",
                "calendar.reconnected",
                "calendar.connected",
                "coach.synced",
                "session.conflict",
                "session.conflict_cleared",
                "session.conferencing_failed",
                "session.conferencing_recovered",
                "session.event_moved",
                "session.event_deleted",
                "session.event_settled",
                "session.wall_clock_moved",
                "session.wall_clock_restored",
                "session.participant_clock_moved",
                "session.participant_clock_restored",
            ]
        ]
        | None
    ]
    coach_ids: NotRequired[list[str] | None]
    company_ids: NotRequired[list[str] | None]
    version: NotRequired[Literal["2026-06-01", "2026-11-29"]]


class EndpointOut(TypedDict):
    id: str
    url: str
    types: list[str] | None
    coach_ids: list[str] | None
    company_ids: list[str] | None
    version: Literal["2026-06-01", "2026-11-29"]
    state: Literal["on", "paused", "off"]
    failing_since: str | None
    of_settings: bool
    waiting: int
    dead: int
    created_at: str


class EndpointsOut(TypedDict):
    endpoints: list[EndpointOut]


class EventOut(TypedDict):
    """What the coach did to the session's event in their own calendar, and nobody settled
    yet.
    """

    kind: Literal["moved", "deleted", "declined"]
    start: str | None
    end: str | None
    since: str
    token: str


class EventsOut(TypedDict):
    version: Literal["2026-06-01", "2026-11-29"]
    events: list[FeedEventOut]
    next: str
    more: bool


class FeedEventOut(TypedDict):
    id: str
    type: str
    timestamp: str
    data: dict[str, Any]
    next: str


class FeedIn(TypedDict):
    """Whose sessions: send either coach_id or participant_id."""

    coach_id: NotRequired[str | None]
    participant_id: NotRequired[str | None]
    language: NotRequired[str]


class FeedOut(TypedDict):
    id: str
    coach_id: str | None
    participant_id: str | None
    language: str
    created_at: str


class FeedsOut(TypedDict):
    feeds: list[FeedOut]


class Flaw(TypedDict):
    field: str
    code: str
    detail: str


class ForceIn(TypedDict):
    """Book over busy time, outside hours, or while the participant is in another session;
    never over another session of the coach's, nor into the past. Needs a key with the
    scope bookings:force.
    """

    reason: str


class GroupOut(TypedDict):
    """A group of hybrid_v2 pods; title and context are those that it was begun with."""

    group_id: str
    title: str | None
    context: ContextOut
    pods: list[SessionOut]


class HistoryEntryOut(TypedDict):
    at: str
    kind: Literal["booking", "session", "mail", "calendar", "callback"]
    what: str
    id: str
    session_id: str | None
    booking_id: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str | None
    excused: bool
    by: ByOut | None
    state: str | None
    recipient: str | None
    due_at: str | None
    sent_at: str | None
    attempts: int | None


class HistoryOut(TypedDict):
    booking_id: str
    history: list[HistoryEntryOut]


class HoldIn(TypedDict):
    coach_id: str
    start: str
    duration: int
    owner: str
    minutes: NotRequired[int]


class HoldOut(TypedDict):
    id: str
    coach_id: str
    start: str
    end: str
    owner: str
    expires_at: str


class HolidayAreaOut(TypedDict):
    code: str
    name: str


class HolidayOut(TypedDict):
    name: str
    shown: str
    dates: list[str]


class HolidayPlacesOut(TypedDict):
    countries: list[HolidayAreaOut]
    regions: list[HolidayAreaOut]
    holidays: list[HolidayOut]


class HoursIn(TypedDict):
    hours: dict[str, Any]
    zone: NotRequired[str | None]
    version: NotRequired[int | None]


class HoursOut(TypedDict):
    coach_id: str
    version: int
    zone: str
    hours: dict[str, Any]


class ImportOut(TypedDict):
    imported: bool
    counts: Counts
    rows: list[RowOut]


class LinkIn(TypedDict):
    """A page for one person: a coach's calendar settings, or bookings with a coach, as a
    participant, the coach or a programme manager sees and makes them.
    """

    purpose: Literal["settings", "booking"]
    viewer: NotRequired[Literal["participant", "coach", "manager"]]
    coach_id: str
    participant: NotRequired[ParticipantIn | None]
    context: NotRequired[ContextIn]
    booking_id: NotRequired[str | None]
    return_url: NotRequired[str | None]
    language: NotRequired[str | None]


class LinkOut(TypedDict):
    url: str
    expires_at: str


class MailOut(TypedDict):
    """One mail of a booking: never what it says, nor the address."""

    id: str
    kind: str
    recipient: Literal["participant", "coach"]
    version: int
    state: Literal[
        "pending", "sending", "waiting_for_text", "withheld", "sent", "dead", "superseded"
    ]
    due_at: str
    sent_at: str | None
    attempts: int
    last_error: str | None


class MailTextIn(TypedDict):
    """A text, a switch, or both. Without a text, the next wider scope's is used."""

    subject: NotRequired[str | None]
    text: NotRequired[str | None]
    html: NotRequired[str | None]
    enabled: NotRequired[bool]


class MailTextOut(TypedDict):
    scope: Literal["cohort", "project", "company"]
    scope_id: str
    kind: str
    language: str
    enabled: bool
    subject: str | None
    text: str | None
    html: str | None


class MailersOut(TypedDict):
    """By scope, its id, kind and language."""

    mailers: list[MailTextOut]
    next_cursor: str | None


class MailsOut(TypedDict):
    booking_id: str
    mails: list[MailOut]


class MemberOut(TypedDict):
    coach_id: str
    version: int
    as_of: str | None
    state: Literal[
        "fresh", "refreshing", "stale", "initial_sync", "disconnected", "no_access", "unconnected"
    ]
    policy: PolicyOut
    effect: Literal["list", "hide", "hours_only"]
    offers: bool


class NewEndpointOut(TypedDict):
    id: str
    url: str
    types: list[str] | None
    coach_ids: list[str] | None
    company_ids: list[str] | None
    version: Literal["2026-06-01", "2026-11-29"]
    state: Literal["on", "paused", "off"]
    failing_since: str | None
    of_settings: bool
    waiting: int
    dead: int
    created_at: str
    secret: str


class NewFeedOut(TypedDict):
    """The only time that its address is told: it is kept nowhere."""

    id: str
    coach_id: str | None
    participant_id: str | None
    language: str
    created_at: str
    url: str
    webcal_url: str


class OpenStart(TypedDict):
    start: str
    coach_ids: list[str]


class OverridesIn(TypedDict):
    overrides: dict[str, list[list[str]]]
    version: NotRequired[int | None]


class OverridesOut(TypedDict):
    coach_id: str
    version: int
    overrides: dict[str, list[list[str]]]


class ParticipantIn(TypedDict):
    """Whom the session is for, as mails address them."""

    id: str
    name: str
    email: str
    zone: str
    language: NotRequired[str]
    my_page_url: NotRequired[str | None]


class ParticipantOut(TypedDict):
    id: str
    name: str
    email: str
    zone: str
    language: str
    my_page_url: str | None


class PersonIn(TypedDict):
    """Whom a username means."""

    username: str
    participant: ParticipantIn


PersonalData: TypeAlias = "dict[str, list[dict[str, Any]]]"


class PlaceChange(TypedDict):
    version: NotRequired[int | None]
    place: PlaceIn | None


class PlaceIn(TypedDict):
    """Where a session is."""

    kind: Literal["conferencing", "url", "phone", "address", "platform"]
    value: NotRequired[str | None]


class PlaceOut(TypedDict):
    kind: Literal["conferencing", "url", "phone", "address", "platform"]
    value: str | None


class PlacesIn(TypedDict):
    """What a company, project or cohort says; what is null, or left out, it does not say."""

    place: NotRequired[PlaceIn | None]
    kinds: NotRequired[list[Literal["conferencing", "url", "phone", "address", "platform"]] | None]


class PlacesOut(TypedDict):
    scope: Literal["cohort", "project", "company"]
    scope_id: str
    place: PlaceOut | None
    kinds: list[Literal["conferencing", "url", "phone", "address", "platform"]] | None


class PodChange(TypedDict):
    """What is left out stays as it is."""

    version: NotRequired[int | None]
    start: NotRequired[str | None]
    duration: NotRequired[int | None]
    min_seats: NotRequired[int | None]
    max_seats: NotRequired[int | None]
    format: NotRequired[Literal["open", "closed", "hybrid", "hybrid_v2"] | None]
    deadline: NotRequired[str | None]
    title: NotRequired[str | None]
    group_id: NotRequired[str | None]
    status: NotRequired[Literal["called_off", "disabled"] | None]
    force: NotRequired[ForceIn | None]


class PodIn(TypedDict):
    """A small group's session at any open time of the coach."""

    coach_id: str
    start: str
    duration: int
    min_seats: int
    max_seats: int
    format: NotRequired[Literal["open", "closed", "hybrid", "hybrid_v2"]]
    group_id: NotRequired[str | None]
    deadline: NotRequired[str | None]
    title: NotRequired[str | None]
    context: NotRequired[ContextIn]
    place: NotRequired[PlaceIn | None]
    hold_id: NotRequired[str | None]
    participants: NotRequired[list[ParticipantIn]]
    force: NotRequired[ForceIn | None]


class PodOut(TypedDict):
    format: Literal["open", "closed", "hybrid", "hybrid_v2"]
    group_id: str | None
    min_seats: int
    max_seats: int
    taken: int
    deadline: str | None
    short_of_seats: bool


class PodsChange(TypedDict):
    """The same for all of them; what is left out stays as it is in each."""

    pod_ids: list[str]
    coach_id: NotRequired[str | None]
    duration: NotRequired[int | None]
    min_seats: NotRequired[int | None]
    max_seats: NotRequired[int | None]
    format: NotRequired[Literal["open", "closed", "hybrid", "hybrid_v2"] | None]
    group_id: NotRequired[str | None]
    title: NotRequired[str | None]
    place: NotRequired[PlaceIn | None]
    assign: NotRequired[list[ParticipantIn]]


class PodsListOut(TypedDict):
    """In the order in which they begin; with `changed_since`, in which they changed."""

    pods: list[SessionOut]
    next_cursor: str | None


class PodsOut(TypedDict):
    pods: list[SessionOut]
    shells: list[ShellOut]


class PolicyIn(TypedDict):
    kind: Literal["hide", "last_known", "hours_only"]
    last_known_hours: NotRequired[int | None]


class PolicyOut(TypedDict):
    kind: Literal["hide", "last_known", "hours_only"]
    last_known_hours: int


PoolOut = TypedDict(
    "PoolOut",
    {
        "mode": "Literal['any', 'all']",
        "valid_until": "str | None",
        "tz": "str",
        "from": "str",
        "to": "str",
        "duration": "int",
        "coaches": "list[MemberOut]",
        "starts": "list[OpenStart]",
    },
)


class PreviewIn(TypedDict):
    """A text to try before it is set; the one that is set, or else the default, if absent."""

    subject: NotRequired[str | None]
    text: NotRequired[str | None]
    html: NotRequired[str | None]


class PreviewOut(TypedDict):
    language: str
    subject: str
    text: str
    html: str
    calendar: str | None


class Problem(TypedDict):
    """RFC 9457. `code` is stable; `detail` ends with the next step; other members may
    follow.
    """

    title: str
    status: int
    code: str
    detail: str
    field: NotRequired[str | None]
    errors: NotRequired[list[Flaw] | None]
    request_id: str | None


class ProfileOut(TypedDict):
    id: str
    provider: str
    service: str
    name: str
    connected: bool
    initial_sync: bool
    mode: Literal["read_write", "free_busy", "no_access"]
    relink_url: str | None
    calendars: list[CalendarOut]


class PushWaitsOut(TypedDict):
    """From Cronofy's push to the slots that it changed, in milliseconds."""

    measured: int
    last_ms: int | None
    p95_ms: int | None


class ReadyOut(TypedDict):
    status: Literal["ready", "not_ready"]
    database: Literal["ok", "away", "read_only", "busy", "other_schema", "other_time"]
    redis: Literal["ok", "away"]


class RebookIn(TypedDict):
    """A new time of a 1:1 session, or another pod of a seat."""

    version: NotRequired[int | None]
    start: NotRequired[str | None]
    duration: NotRequired[int | None]
    pod_id: NotRequired[str | None]
    hold_id: NotRequired[str | None]
    force: NotRequired[ForceIn | None]
    excused: NotRequired[bool]


class ReleasedOut(TypedDict):
    id: str
    leaving: int
    superseded: int


class RemarkOut(TypedDict):
    """What is wrong or doubtful about a row; `detail` ends with the next step."""

    code: str
    detail: str
    field: str | None
    reason: str | None
    nearest: list[str]


class ReplayIn(TypedDict):
    """One of the three."""

    event_id: NotRequired[str | None]
    since: NotRequired[str | None]
    dead: NotRequired[bool]


class ReplayOut(TypedDict):
    events: int


class ReplyOut(TypedDict):
    booking_id: str
    answer: Literal["accepted", "declined", "tentative"]
    kept: bool


class RotateIn(TypedDict):
    overlap_hours: NotRequired[int]


class RowDifferenceOut(TypedDict):
    field: str
    before: str
    after: str


class RowOut(TypedDict):
    row: int
    verdict: Literal["green", "yellow", "red"]
    comes: Literal["new", "changed", "unchanged"]
    differs: list[RowDifferenceOut]
    remarks: list[RemarkOut]
    pod_id: str | None


class SeatIn(TypedDict):
    participant: ParticipantIn
    context: NotRequired[ContextIn]
    assigned: NotRequired[bool]
    force: NotRequired[ForceIn | None]


class SeatOut(TypedDict):
    """One participant's booking; `uid` and `sequence` are what calendars know it by."""

    id: str
    version: int
    status: Literal["booked", "cancelled", "completed", "missed"]
    participant: ParticipantOut
    context: ContextOut
    uid: str
    sequence: int
    created_at: str
    changed_at: str
    moves: int
    replaces: str | None
    answer: Literal["accepted", "declined", "tentative"] | None
    overlap_reason: str | None
    participant_booked_for: str | None
    participant_wall_moved: str | None


class SecretOut(TypedDict):
    secret: str
    old_until: str


class SendingOut(TypedDict):
    outbox_id: str
    state: str


class SessionOut(TypedDict):
    session_id: str
    pod_id: str | None
    coach_id: str
    kind: Literal["one_to_one", "pod", "hold"]
    start: str
    end: str
    duration: int
    title: str | None
    place: PlaceOut | None
    join_url: str | None
    pod: PodOut | None
    force_reason: str | None
    conflict_since: str | None
    booked_for: str | None
    wall_moved: str | None
    version: int
    status: Literal["unbooked", "booked", "completed", "missed", "called_off", "disabled"]
    active: bool
    context: ContextOut
    bookings: list[SeatOut]


SessionsOut = TypedDict(
    "SessionsOut",
    {
        "sessions": "list[CoachSessionOut]",
        "next_cursor": "NotRequired[str | None]",
        "coach_id": "NotRequired[str | None]",
        "tz": "NotRequired[str | None]",
        "from": "NotRequired[str | None]",
        "to": "NotRequired[str | None]",
    },
)


class SettleIn(TypedDict):
    """Whose time counts, of a session whose event its coach changed in their calendar."""

    to: Literal["session", "calendar"]
    token: NotRequired[str | None]


class ShellIn(TypedDict):
    """A pod as it is planned: what is left out is said later, with its time at the latest."""

    coach_id: NotRequired[str | None]
    duration: NotRequired[int | None]
    min_seats: int
    max_seats: int
    format: NotRequired[Literal["open", "closed", "hybrid", "hybrid_v2"]]
    group_id: NotRequired[str | None]
    title: NotRequired[str | None]
    context: NotRequired[ContextIn]
    place: NotRequired[PlaceIn | None]
    participants: NotRequired[list[ParticipantIn]]


class ShellOut(TypedDict):
    """A pod without a time. Once it has one it is a pod with this id."""

    pod_id: str
    version: int
    coach_id: str | None
    duration: int | None
    min_seats: int
    max_seats: int
    format: Literal["open", "closed", "hybrid", "hybrid_v2"]
    group_id: str | None
    title: str | None
    context: ContextOut
    place: PlaceOut | None
    participants: list[ParticipantOut]
    created_at: str


class ShellTimeIn(TypedDict):
    """The open time that was chosen, and how long it is, where that was not said before."""

    start: str
    duration: NotRequired[int | None]
    version: NotRequired[int | None]
    force: NotRequired[ForceIn | None]


class ShellsIn(TypedDict):
    shells: list[ShellIn]


class ShellsOut(TypedDict):
    shells: list[ShellOut]


class SlotChange(TypedDict):
    coach_id: str
    version: int
    changed_at: str
    next: str


class SlotChangesOut(TypedDict):
    changes: list[SlotChange]
    next: str
    more: bool


SlotsOut = TypedDict(
    "SlotsOut",
    {
        "coach_id": "str",
        "version": "int",
        "as_of": "str | None",
        "state": "Literal['fresh', 'refreshing', 'stale', 'initial_sync', 'disconnected', 'no_access', 'unconnected']",
        "policy": "PolicyOut",
        "effect": "Literal['list', 'hide', 'hours_only']",
        "valid_until": "str | None",
        "tz": "str",
        "from": "str",
        "to": "str",
        "duration": "int",
        "starts": "list[str]",
        "reasons": "NotRequired[list[ClosedRun] | None]",
    },
)


class SwitchedOn(TypedDict):
    """The public holidays that are switched on: on their dates the coach's hours are not
    worked.
    """

    country: str
    region: NotRequired[str]
    names: list[str]


class TableIn(TypedDict):
    """A table of pods, and what its words mean."""

    csv: NotRequired[str | None]
    xlsx: NotRequired[str | None]
    people: NotRequired[list[PersonIn]]
    columns: NotRequired[list[ColumnIn]]


class TestSentOut(TypedDict):
    event_id: str


class Tile(TypedDict):
    """How a coach's calendars stand: `synced` is the badge of connected and healthy ones."""

    id: str
    synced: bool
    state: Literal[
        "fresh", "refreshing", "stale", "initial_sync", "disconnected", "no_access", "unconnected"
    ]
    as_of: str | None
    badge_url: str


class TilesOut(TypedDict):
    coaches: list[Tile]
    unknown: list[str]


class TravelRange(TypedDict):
    """Dates, both of them included, on which the coach works the same hours in another
    zone.
    """

    first: str
    last: str
    zone: str


class WithheldListOut(TypedDict):
    withheld: list[WithheldOut]


class WithheldOut(TypedDict):
    """A mailbox that does not exist, as a mail server said: never the address."""

    id: str | None
    reason: str
    reply: str | None
    since: str
    until: str
    recipient: Literal["participant", "coach"] | None
    coach_id: str | None
    booking_id: str | None
    waiting: int
