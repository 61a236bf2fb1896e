"""What a run leaves behind, for the checks: plain values only, and nothing of the product's own
code.

The clients write down each request they made; the sink, the platform and the sandbox what reached
them; the rows are read from the database by plain SQL once all is quiet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One request of a client, and what it was answered.

    `kind`: book, move, cancel, hold, release, make_pod, join, leave, call_off, settings, edit,
      read, look, deed, settle. `sent` and `answered` are seconds of one monotonic clock for the
      whole run; `answered` and `status` are None when no answer came: nobody knows what became
      of it.
    `key`: the Idempotency-Key; operations of one client and key are repeats of one request.
    `request`: the JSON body as it was sent, and the ids of the path beside it: `booking_id` of
    move, cancel and leave, `hold_id` of release, `pod_id` of join and call_off. Of a read:
    `booking_id` for GET /v1/bookings/<id>, else a listing with its `duration` in minutes.
    Of a look, at the sessions of a coach and what is known of their events: the span. Of an edit:
    `event_id`, `calendar_id`, `start`, `end` (epoch seconds; None: deleted) and `busy`; its
    `answered` and `status` are those of the push that told of it (None: no push was answered).
    Of a deed, which a coach does to an event of ours: `session_id`, `what` (moved, deleted,
    declined, renamed), and where it was moved: `start` and `end` in epoch seconds; `status` 404:
    the event was gone. Of a settle: `session_id`, `to`, and where the event stood: `start`, `end`.
    `answer`: the JSON of the answer, None for one without a body (204, 304).
    `headers`: those of the answer, in small letters.
    """

    number: int
    client: str
    kind: str
    coach_id: str
    key: str | None
    request: Row
    sent: float
    answered: float | None = None
    status: int | None = None
    answer: Any = None
    headers: Row = field(default_factory=dict)

    @property
    def unknown(self) -> bool:
        """Whether nobody can know if it was done: no answer, or one that does not promise that
        nothing was.
        """
        return self.status is None or self.status >= 500


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as the sink took it: to whom the envelope said, and its bytes. `taken`: seconds of the
    run's clock.
    """

    taken: float
    recipient: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Callback:
    """A webhook as the platform took it: its `webhook-id` and the JSON of its body. `status`: what
    it was answered.
    """

    taken: float
    id: str
    body: Row
    status: int = 204


@dataclass(frozen=True, slots=True)
class Event:
    """An event in a coach's calendar as the sandbox holds it in the end. `event_id` only for those
    written through the API. `start` and `end` in epoch seconds.
    """

    coach_id: str
    calendar_id: str
    start: int
    end: int
    busy: bool
    event_id: str | None = None
    declined: bool = False
    join_url: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look into all calendars, which began at `when` (the run's clock): by session, where its
    event stood (epoch seconds).
    """

    when: float
    places: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the checks look at.

    `tables`: every row of every table, by the table's name, as the driver gives it (instants are
      milliseconds since 1970, as stored). `listings`: for each coach the API's last answers, by
      duration in minutes. `now`: epoch seconds when the listings were asked for. `faults`: (began,
      ended, what) on the run's clock.
    `parted`: (began, ended) of those of the faults that leave a rest of the hosts, which goes on.
    `clock_zero`: the epoch second at which the run's clock was 0.
    `bound`: seconds after which an acknowledged push has been read at the latest, whoever died
    (G2: lease + sweep + gap + read, as the run was set up, and room for a loaded machine).
    `patience`: how many times as long as is promised an answer may take.
    `ended`: processes that ended though nobody ended them: (when on the run's clock, which, code).
    `sightings`: where events of ours stood while clients were at work, in order.
    `longest_read`: seconds from the beginning of a read of a calendar until it is stored, at most.
    """

    operations: Sequence[Operation]
    tables: Mapping[str, Sequence[Row]]
    letters: Sequence[Letter]
    callbacks: Sequence[Callback]
    events: Sequence[Event]
    listings: Mapping[str, Mapping[int, Row]]
    now: float
    faults: Sequence[tuple[float, float, str]] = ()
    parted: Sequence[tuple[float, float]] = ()
    clock_zero: float = 0.0
    bound: float = 45.0
    ended: Sequence[tuple[float, str, int]] = ()
    patience: float = 1.0
    sightings: Sequence[Sighting] = ()
    longest_read: float = 13.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that did not hold: which (G1 to G10), and a sentence with the ids that somebody
    needs to look.

    `kind`: lost, doubled, overlapping, or other: the column of the table. `at`: when, on the run's
      clock (the operation that it is about was sent), so that it can be counted with the fault of
      that time; None if unknown.
    """

    promise: str
    what: str
    kind: str = "other"
    at: float | None = None
