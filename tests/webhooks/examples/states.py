"""What cannot be had as things are: each code of 404 and 409, and a request that gets it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from storage.rows import webhook_endpoints
from storage.rows.feeds import MOST
from storage.schema import tables
from tests.support import changed_events, people
from tests.support.http_client import SETTINGS
from tests.webhooks.every_request import Things
from tests.webhooks.examples.exchange import LEFT_OUT, NOTHING, Change
from tests.webhooks.request_parts import FREE, PERSON, TIME

NIGHT, AFTERNOON = "2026-06-02T02:00:00Z", "2026-06-03T13:00:00Z"
HEDY = PERSON | {"id": "hedy", "name": "Hedy Lamarr", "email": "hedy@example.test"}
ROW = (
    "programme,coach,date,time,zone,min,max,duration\n"
    "Lead,{},2026-06-05,13:00,Europe/London,1,4,60\n"
)
FEW = {"min_seats": 1, "max_seats": 1}
SAME_KEY = "5b0c1f8e-grace-0001"
BOOKED = TIME | {"hold_id": LEFT_OUT, "participant": PERSON}


@dataclass(frozen=True)
class Case:
    """`before`: what was done to the things of the request; `words`: what stands for an id."""

    code: str
    operation: str
    change: Change = NOTHING
    before: Callable[[Things], None] | None = None
    instead: tuple[tuple[str, str], ...] = ()


def _ask(things: Things, method: str, path: str, body: Any, status: int = 200) -> Any:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    answer = things.desk.ask(method, path, json=body, headers=key)
    assert answer.status_code == status, answer.text
    return answer.json


def _cancelled(things: Things) -> None:
    _ask(things, "POST", f"/v1/bookings/{things['booking_id']}/cancel", {})


def _called_off(things: Things) -> None:
    _ask(things, "PATCH", f"/v1/pods/{things['pod_id']}", {"status": "called_off"})


def _seated(things: Things) -> None:
    assert things["seat"]


def _seated_twice(things: Things) -> None:
    _seated(things)
    path = f"/v1/pods/{things['pod_id']}/seats"
    _ask(things, "POST", path, {"participant": HEDY}, 201)


def _full(things: Things) -> None:
    _seated(things)
    _ask(things, "PATCH", f"/v1/pods/{things['pod_id']}", {"max_seats": 1})


def _closed(things: Things) -> None:
    _ask(things, "PATCH", f"/v1/pods/{things['pod_id']}", {"format": "closed"})


def _leaves(things: Things) -> None:
    assert things["booking_id"]
    answer = things.desk.ask("DELETE", f"/v1/coaches/{things['coach_id']}?coming=cancel")
    assert answer.status_code == 202


def _busy_elsewhere(things: Things) -> None:
    other = Things(things.desk, f"other-{things.name}")
    body = TIME | {"coach_id": other.name, "start": FREE, "participant": PERSON}
    filled = body | {"participant": PERSON | {"id": things["participant_id"]}}
    _ask(things, "POST", "/v1/bookings", filled, 201)


def _moved_once(things: Things) -> None:
    """In a company in which nobody moves twice."""
    _ask(things, "PUT", f"/v1/change_rules/company/{things.name}", {"most_rebookings": 1})
    things.made["booking_id"] = _booked(things, FREE)
    path = f"/v1/bookings/{things['booking_id']}/rebook"
    _ask(things, "POST", path, {"start": "2026-06-02T10:00:00Z", "duration": 60})


def _missed_once(things: Things) -> None:
    """In a company in which nobody misses twice: who cancels on the day has missed it."""
    _ask(things, "PUT", f"/v1/change_rules/company/{things.name}", {"most_missed": 1})
    path = f"/v1/bookings/{_booked(things, '2026-06-01T13:00:00Z')}/cancel"
    assert _ask(things, "POST", path, {})["status"] == "missed"


def _booked(things: Things, start: str) -> str:
    mine = {"coach_id": things.name, "context": {"company": things.name}, "start": start}
    who = {"participant": PERSON | {"id": things["participant_id"]}}
    return str(_ask(things, "POST", "/v1/bookings", TIME | mine | who, 201)["id"])


def _another(things: Things) -> None:
    things.made["other_coach"] = Things(things.desk, f"other-{things.name}").name


def _twins(things: Things) -> None:
    """Two coaches with one address."""
    for name in (things.name, f"other-{things.name}"):
        _ask(
            things,
            "PUT",
            f"/v1/coaches/{name}",
            SETTINGS | {"email": "twin@example.test"},
            200 if name == things.name else 201,
        )


def _of_settings(things: Things) -> None:
    with things.desk.database.write() as tx:
        webhook_endpoints.keep_of_settings(tx, "https://os.test/told", now=people.NOW)


def _many_endpoints(things: Things) -> None:
    """As many as there may be; those of the other examples among them."""
    body = {"url": "https://os.test/told"}
    while things.desk.ask("POST", "/v1/webhook_endpoints", json=body).status_code == 201:
        pass


def _same_key(things: Things) -> None:
    path, key = "/v1/holds", {"Idempotency-Key": SAME_KEY}
    body = TIME | {"coach_id": things.name, "owner": "grace", "start": AFTERNOON}
    assert things.desk.ask("POST", path, json=body, headers=key).status_code == 201


def _read_only_calendar(things: Things) -> None:
    calendar = tables.calendars.c
    with things.desk.database.write() as tx:
        mine = calendar.connection_id == things["connection_id"]
        tx.execute(tables.calendars.update().where(mine).values(readonly=True))


def _nobody_came(things: Things) -> None:
    things.made["session_id"] = things.pod("begun")
    _earlier(things, things["session_id"])


def _deleted(things: Things) -> None:
    booked = _ask(things, "GET", f"/v1/bookings/{things['booking_id']}", None)
    with things.desk.database.write() as tx:
        changed_events.found(
            tx, booked["session_id"], things["connection_id"], None, kind="deleted"
        )
    things.made["changed"] = booked["session_id"]


def _many_feeds(things: Things) -> None:
    for _ in range(MOST):
        _ask(things, "POST", "/v1/feeds", {"coach_id": things.name}, 201)


def _begun(things: Things) -> None:
    booked = _ask(things, "GET", f"/v1/bookings/{things['booking_id']}", None)
    _earlier(things, booked["session_id"])


def _earlier(things: Things, session_id: str) -> None:
    """It took place two weeks before."""
    row, weeks = tables.sessions.c, 14 * 86_400
    with things.desk.database.write() as tx:
        values = {"starts": row.starts - weeks, "ends": row.ends - weeks}
        tx.execute(tables.sessions.update().where(row.id == session_id).values(values))


def _stale(operation: str) -> Case:
    return Case("stale_version", operation, Change(body={"version": 99}))


def _settings_of(operation: str, path: str) -> Case:
    there = f"/v1/webhook_endpoints/settings{path}"
    return Case("endpoint_of_settings", operation, Change(path=there), _of_settings)


STATES: tuple[Case, ...] = (
    Case("slot_not_open", "bookings_create", Change(body=BOOKED | {"start": NIGHT})),
    Case("slot_not_open", "holds_create", Change(body={"start": NIGHT})),
    Case("slot_not_open", "pods_create", Change(body={"start": NIGHT, "hold_id": LEFT_OUT,
         "deadline": LEFT_OUT})),
    Case("slot_not_open", "shells_give_time", Change(body={"start": NIGHT})),
    Case("participant_elsewhere", "bookings_create", Change(body=BOOKED), _busy_elsewhere),
    Case("hold_of_another_time", "bookings_create", Change(body={"start": AFTERNOON})),
    Case("coach_leaves", "holds_create", before=_leaves),
    Case("coach_leaves", "coaches_put", before=_leaves),
    Case("coach_leaves", "connections_put_calendars", before=_leaves),
    Case("seats_taken", "shells_create", Change(body={"shells": [FEW | {"coach_id": "{coach_id}",
         "duration": 60, "participants": [PERSON, HEDY]}]})),
    Case("coming_sessions", "people_erase_coach", before=_seated),
    _stale("coaches_put"),
    _stale("coaches_put_hours"),
    _stale("coaches_put_overrides"),
    _stale("bookings_rebook"),
    _stale("bookings_cancel"),
    _stale("pods_change"),
    Case("booking_ended", "bookings_rebook", Change(body={"hold_id": LEFT_OUT, "start": AFTERNOON}),
         _cancelled),
    Case("booking_ended", "bookings_cancel", before=_cancelled),
    Case("already_begun", "bookings_rebook", Change(body={"hold_id": LEFT_OUT, "start": AFTERNOON}),
         _begun),
    Case("not_a_pod", "bookings_rebook", Change(body={"pod_id": "{pod_id}", "start": LEFT_OUT,
         "duration": LEFT_OUT, "hold_id": LEFT_OUT})),
    Case("seat_has_no_time", "bookings_rebook", Change(body={"hold_id": LEFT_OUT}),
         instead=(("booking_id", "seat"),)),
    Case("rebookings_used_up", "bookings_rebook", Change(body={"hold_id": LEFT_OUT,
         "start": AFTERNOON}), _moved_once),
    Case("missed_used_up", "bookings_create", Change(body=BOOKED | {"context":
         {"company": "{coach_id}"}}), _missed_once),
    Case("seats_full", "pods_take_seat", Change(body={"participant": HEDY}), _full),
    Case("already_seated", "pods_take_seat", before=_seated),
    Case("format_forbids", "pods_take_seat", before=_closed),
    Case("pod_ended", "pods_take_seat", before=_called_off),
    Case("pod_ended", "places_change", before=_called_off),
    Case("seats_taken", "pods_change", Change(body={"min_seats": 1, "max_seats": 1}),
         _seated_twice),
    Case("group_forbids", "pods_change", Change(body={"group_id": "{group_id}", "start": LEFT_OUT,
         "duration": LEFT_OUT, "format": LEFT_OUT}), _seated),
    Case("pod_keeps_coach", "shells_change_together", Change(body={"pod_ids": ["{pod_id}"],
         "coach_id": "{other_coach}"}), _another),
    Case("not_begun", "sessions_report_attendance", Change(body={"participant_id": LEFT_OUT}),
         instead=(("session_id", "pod_id"),)),
    Case("unknown_participant", "sessions_report_attendance",
         Change(body={"participant_id": "nobody"})),
    Case("difference_settled", "sessions_settle_event", Change(body={"token": "of-before"})),
    Case("event_not_moved", "sessions_settle_event", before=_deleted),
    Case("mail_not_fitting", "mails_send",
         Change(path="/v1/bookings/{booking_id}/mails/cancelled/send")),
    Case("too_many_feeds", "feeds_create", before=_many_feeds),
    Case("import_refused", "imports_load", Change(body=ROW.format("nobody"))),
    Case("import_refused", "imports_load_table", Change(body={"csv": ROW.format("nobody")})),
    Case("unknown_coach", "sessions_show", Change(query={"coach_id": "nobody", "from": "2026-06-01",
         "to": "2026-06-08"})),
    _settings_of("webhook_endpoints_change", ""),
    _settings_of("webhook_endpoints_delete", ""),
    _settings_of("webhook_endpoints_rotate", "/secret"),
    Case("endpoint_of_settings", "webhook_endpoints_replay",
         Change(path="/v1/webhook_endpoints/settings/replay",
                body={"event_id": LEFT_OUT, "since": "2026-05-01T00:00:00Z"}), _of_settings),
    Case("unknown_withheld_address", "withheld_release_address",
         Change(body={"address": "nobody@example.test"})),
    Case("unknown_path", "conferencing_receive", Change(path="/webhooks/conferencing/x/nothing")),
    Case("ambiguous_coach", "imports_load", Change(body=ROW.format("twin@example.test")), _twins),
    Case("idempotency_key_reused", "holds_create", Change(headers={"Idempotency-Key": SAME_KEY}),
         _same_key),
    Case("calendar_read_only", "connections_put_calendars", before=_read_only_calendar),
    Case("nobody_seated", "sessions_report_attendance", Change(body={"participant_id": LEFT_OUT}),
         _nobody_came),
    # The last one: from here on there can be no further endpoint.
    Case("too_many_endpoints", "webhook_endpoints_create", before=_many_endpoints),
)  # fmt: skip
