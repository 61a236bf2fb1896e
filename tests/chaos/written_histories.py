"""How a history of requests is written down by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.chaos.checks import both_times
from tests.chaos.checks import histories as checked
from tests.chaos.evidence import Callback, Evidence, Operation, Row, Sighting
from tests.chaos.small_world import at, coach, session, text

ZERO = int(datetime(2026, 6, 1, 8, 0, tzinfo=UTC).timestamp())
GAP = 900


@dataclass
class History:
    """Requests about Ada, written down as clients saw them. Times of sessions in hours of that
    Monday.
    """

    operations: list[Operation] = field(default_factory=list)
    bookings: list[Row] = field(default_factory=list)
    mails: list[Row] = field(default_factory=list)
    writes: list[Row] = field(default_factory=list)
    looks: list[Row] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    faults: list[tuple[float, float, str]] = field(default_factory=list)
    policy: str = "ask"

    def add(
        self,
        kind: str,
        span: tuple[float, float | None],
        request: Row,
        status: int | None,
        answer: Any = None,
        **headers: str,
    ) -> None:
        number = len(self.operations)
        key = None if kind in ("read", "look") else f"key-{number}"
        asked = Operation(
            number, "tests", kind, "ada", key, request, *span, status, answer, headers
        )
        self.operations.append(asked)

    def row(self, name: str, version: int = 1, status: str = "booked") -> "History":
        """How it stands in the end."""
        plain = {"id": name, "session_id": f"ses_{name}", "participant_id": name}
        self.bookings.append(plain | {"version": version, "status": status})
        return self

    def book(self, name: str, hour: float, *span: float, **more: Any) -> "History":
        request = {
            "coach_id": "ada",
            "start": text(at(hour)),
            "duration": 60,
            "participant": {"id": name},
        }
        self.add("book", (span[0], span[1]), request | more, 201, shown(name, hour))
        return self

    def lost(self, name: str, hour: float, sent: float) -> "History":
        request = {
            "coach_id": "ada",
            "start": text(at(hour)),
            "duration": 60,
            "participant": {"id": name},
        }
        self.add("book", (sent, None), request, None)
        return self

    def move(self, name: str, hour: float, *span: float, made: int, **more: Any) -> "History":
        request = {"booking_id": name, "start": text(at(hour))} | more
        self.add("move", (span[0], span[1]), request, 200, shown(name, hour, made))
        return self

    def lost_move(self, name: str, hour: float, sent: float) -> "History":
        self.add("move", (sent, None), {"booking_id": name, "start": text(at(hour))}, 503)
        return self

    def cancel(self, name: str, *span: float, version: int) -> "History":
        told = shown(name, 0, version) | {"status": "cancelled"}
        self.add("cancel", (span[0], span[1]), {"booking_id": name}, 200, told)
        return self

    def lost_cancel(self, name: str, sent: float) -> "History":
        self.add("cancel", (sent, None), {"booking_id": name}, None)
        return self

    def refused(self, kind: str, *span: float, request: Row, **answer: Any) -> "History":
        self.add(kind, (span[0], span[1]), request, 409, answer)
        return self

    def read(self, name: str, *span: float, version: int, status: str = "booked") -> "History":
        told = shown(name, 0, version) | {"status": status}
        self.add("read", (span[0], span[1]), {"booking_id": name}, 200, told)
        return self

    def missing(self, name: str, *span: float) -> "History":
        self.add("read", (span[0], span[1]), {"booking_id": name}, 404, {"code": "unknown_booking"})
        return self

    def pod(self, seats: int, *span: float) -> "History":
        request = {"coach_id": "ada", "start": text(at(10)), "duration": 60, "max_seats": seats}
        told = {"session_id": "ses_pod", "pod": {"max_seats": seats, "taken": 0}, "bookings": []}
        self.add("make_pod", (span[0], span[1]), request, 201, told)
        return self

    def join(self, name: str, *span: float, taken: int) -> "History":
        told = shown(name, 10) | {"session_id": "ses_pod", "pod": {"taken": taken}}
        request = {"pod_id": "ses_pod", "participant": {"id": name}}
        self.add("join", (span[0], span[1]), request, 201, told)
        return self

    def hold(self, name: str, hour: float, *span: float, expires: float) -> "History":
        request = {"coach_id": "ada", "start": text(at(hour)), "duration": 60}
        self.add(
            "hold",
            (span[0], span[1]),
            request,
            201,
            {"id": name, "expires_at": text(int(ZERO + expires))},
        )
        return self

    def dragged(self, name: str, hour: float, sent: float, status: int = 200) -> "History":
        """Its event, by the coach; 404: it was gone by then."""
        to = {"start": at(hour), "end": at(hour + 1)}
        request = {"session_id": f"ses_{name}", "what": "moved"} | to
        self.add("deed", (sent, sent + 0.1), request, status)
        return self

    def followed(self, name: str, hour: float, version: int) -> "History":
        """Its people were mailed that it is there now."""
        facts = {"starts": at(hour), "ends": at(hour + 1)}
        about = {"session_id": f"ses_{name}", "booking_id": name, "version": version}
        told = {"kind": "mail", "topic": "rebooked", "due_at": len(self.mails), "payload": facts}
        self.mails.append(about | told)
        self.policy = "follow"
        return self

    def settled(
        self,
        name: str,
        hour: float,
        *span: float,
        version: int,
        to: str = "calendar",
        shown_at: float | None = None,
    ) -> "History":
        """To where its event stands; `to` session: the event is put back, to the session's hour.
        `shown_at`: the hour that is answered, if that is another.
        """
        times = {"start": text(at(hour)), "end": text(at(hour + 1))}
        request = {"session_id": f"ses_{name}", "to": to} | times
        seat = {"id": name, "uid": name, "version": version, "status": "booked"}
        told = {"session_id": f"ses_{name}", "bookings": [seat]} | times
        if shown_at is not None:
            told |= {"start": text(at(shown_at)), "end": text(at(shown_at + 1))}
        self.add("settle", (span[0], span[1]), request, 200, told)
        return self

    def lost_settling(self, name: str, sent: float) -> "History":
        """Of an event that is gone: it stands nowhere."""
        request = {"session_id": f"ses_{name}", "to": "calendar", "start": None, "end": None}
        self.add("settle", (sent, None), request, None)
        return self

    def seen(self, name: str, hour: float, when: float) -> "History":
        """Its event stood there in a look into the calendars."""
        self.sightings.append(Sighting(when, {f"ses_{name}": (at(hour), at(hour + 1))}))
        return self

    def told(self, name: str, hour: float, own: float, taken: float, *, since: float) -> "History":
        """The platform was: the session is at `own`, and its event stands at `hour`."""
        data = {"session_id": f"ses_{name}", "since": text(int(ZERO + since))}
        data |= {"starts": text(at(own)), "ends": text(at(own + 1))}
        data |= {"event_starts": text(at(hour)), "event_ends": text(at(hour + 1))}
        body = {"type": "session.event_moved", "data": data}
        self.callbacks.append(Callback(taken, f"evt_{len(self.callbacks)}", body))
        return self

    def looked(
        self, name: str, hour: float, own: float, *span: float, since: float, kind: str = "moved"
    ) -> "History":
        """Whoever asked for the sessions was shown the same."""
        event: dict[str, Any] = {"kind": kind, "since": text(int(ZERO + since)), "token": "tok"}
        event |= {"start": text(at(hour)), "end": text(at(hour + 1))}
        told: dict[str, Any] = {"session_id": f"ses_{name}", "event": event}
        told |= {"start": text(at(own)), "end": text(at(own + 1))}
        answer = {"sessions": [told, told | {"event": None}]}
        self.add("look", (span[0], span[1]), {}, 200, answer)
        return self

    def listed(
        self, *hours: float, sent: float, as_of: float = 0, state: str = "fresh", tag: str = ""
    ) -> "History":
        body: dict[str, Any] = {"state": state, "as_of": text(int(ZERO + as_of)), "duration": 60}
        body["starts"] = [text(at(hour)) for hour in hours]
        self.add("read", (sent, sent + 0.1), {}, 200, body, etag=tag)
        return self

    def unchanged(self, tag: str, *, sent: float) -> "History":
        """The listing of that tag still holds."""
        self.add("read", (sent, sent + 0.1), {"if_none_match": tag}, 304, etag=tag)
        return self

    def wrote(self, name: str, begun: float, ended: float | None, state: str = "sent") -> "History":
        """A write of ours of its event was owed until then."""
        row: dict[str, Any] = {"session_id": f"ses_{name}", "kind": "calendar", "state": state}
        row |= {"topic": "upsert", "created_at": stamp(begun), "sent_at": None}
        if ended is not None:
            row["sent_at"] = stamp(ended)
        self.writes.append(row)
        return self

    def may_land(self, name: str, hour: float | None, token: str = "tok") -> "History":
        """A write of unknown end, of this hour, or of any."""
        places = None
        if hour is not None:
            places = [[at(hour), at(hour + 1)]]
        self.looks.append({"session_id": f"ses_{name}", "token": token, "may_bring": places})
        return self

    def failing(self, began: float, ended: float, what: str) -> "History":
        self.faults.append((began, ended, what))
        return self

    def evidence(self) -> Evidence:
        stranger = [session(f"ses_{row['id']}", "ada", at(0)) for row in self.bookings]
        pods = {each.answer["session_id"] for each in self.operations if each.kind == "make_pod"}
        tables: dict[str, list[Row]] = {"bookings": self.bookings, "event_looks": self.looks}
        tables["outbox"] = [*self.mails, *self.writes]
        tables["coaches"] = [coach("ada", None) | {"event_policy": self.policy}]
        tables["sessions"] = [*stranger, *(session(pod, "ada", at(0), kind="pod") for pod in pods)]
        return Evidence(
            self.operations,
            tables,
            [],
            self.callbacks,
            [],
            {},
            now=ZERO,
            faults=self.faults,
            clock_zero=ZERO,
            sightings=self.sightings,
        )

    @property
    def violations(self) -> list[str]:
        return [each.what for each in checked.histories(self.evidence())]

    @property
    def offered(self) -> list[str]:
        """What is offered though it waits for the coach."""
        return [each.what for each in both_times.both_times(self.evidence())]


def shown(name: str, hour: float, version: int = 1) -> dict[str, Any]:
    plain = {
        "id": name,
        "uid": name,
        "session_id": f"ses_{name}",
        "version": version,
        "status": "booked",
    }
    return plain | {"start": text(at(hour)), "end": text(at(hour + 1))}


def stamp(moment: float) -> int:
    """As rows have it."""
    return int((ZERO + moment) * 1000)


def past(**more: Any) -> Row:
    return {"booking_id": "a", "start": text(at(12))} | more
