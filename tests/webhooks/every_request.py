"""A request of each operation of the OpenAPI document that is answered well, and whose things it
may be about.

A new operation, and a new id in an old one, needs its line in REQUESTS: `test_own_and_other` says
so.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from typing import cast as cast_to

from domain.accounts import Calendar, Profile
from storage.rows import channels
from tests.support import people
from tests.support.http_client import SETTINGS, Answer, Desk
from tests.webhooks import rare_things
from tests.webhooks.a_session import begun, changed
from tests.webhooks.event_requests import ABOUT_EVENTS
from tests.webhooks.list_requests import ABOUT_LISTS
from tests.webhooks.pod_requests import ABOUT_PODS, GROUPED
from tests.webhooks.programme_requests import ABOUT_PROGRAMMES
from tests.webhooks.request_parts import (
    CONTEXT,
    DAYS,
    FREE,
    HELD,
    HOUR,
    PERSON,
    REPLY,
    ROOM,
    ROSTER,
    SEATS,
    TIME,
    WEEK,
    WHOLE,
    Request,
    as_sent,
    free_time,
)
from workers.cronofy import signature

# A key is bound to no coach: an id that stands alone may be anybody's. Ids that stand together have
# to belong together.
COACH = {"coach_id": (200, 404)}
CONNECTION = {"coach_id": (404, 404), "connection_id": (404, 404)}
BOOKED = {"booking_id": (200, 404)}
PODS = {"pod_id": (200, 404)}
GUEST = {"participant_id": "guest"}
COMPANY, PLACED = {"scope": "company"}, {"scope_id": "placed"}
REQUESTS = (
    Request("notifications_receive", 204, {"channel_token": (204, 404)},
        {"notification": {"type": "change"}}),
    # Whose the address is, only Cronofy and we know: anybody else's calls nobody.
    Request("conferencing_receive", 204, words={"session_token": "somewhere", "news": "assigned"}),
    Request("tiles_show", 200, {"ids": (200, 200)}, query={"ids": "{ids}"}),
    # The address is signed for one coach: another's, or nobody's, does not go with it.
    Request("badges_show", 200, {"coach_id": (404, 404)}, query={"sig": "{badge}"}),
    Request("coaches_show", 200, COACH),
    Request("coaches_put", 200, {"coach_id": (200, 201)}, SETTINGS | WHOLE
        | {"place": ROOM, "place_kinds": ["url", "phone"]}),
    Request("coaches_put_many", 200, {"coach_id": (200, 200)},
        {"coaches": [SETTINGS | WHOLE | {"id": "{coach_id}"}]}),
    Request("coaches_show_hours", 200, COACH),
    Request("coaches_put_hours", 200, COACH, {"hours": people.OFFICE, "zone": "Europe/London"}),
    Request("coaches_show_overrides", 200, COACH),
    Request("coaches_put_overrides", 200, COACH, {"overrides": {"2026-12-24": []}}),
    Request("holidays_show", 200, query={"country": "GB", "region": "SCT", "language": "en"}),
    Request("slots_show", 200, COACH, query=WEEK | HOUR),
    Request("pools_show", 200, COACH, query=WEEK | HOUR | {"coach_id": "{coach_id}",
        "mode": "any"}),
    *ABOUT_EVENTS,
    Request("connect_begin", 200, COACH, {"provider": "google"}),
    Request("connections_put_calendars", 200, CONNECTION | {"calendars": (422, 422),
        "receives": (422, 422)},
            {"calendars": ["{calendars}"], "receives": "{receives}"}),
    Request("connections_disconnect", 202, CONNECTION),
    Request("bookings_create", 201, {"coach_id": (409, 404), "hold_id": (409, 409)},
            HELD | {"participant": PERSON, "context": CONTEXT, "place": ROOM}),
    Request("bookings_create", 201, {"pod_id": (201, 404)},
            {"pod_id": "{pod_id}", "participant": PERSON, "context": CONTEXT}),
    Request("bookings_show", 200, BOOKED),
    Request("bookings_rebook", 200, {"booking_id": (409, 404), "hold_id": (409, 409)},
            {"start": DAYS["hold"], "duration": 60, "hold_id": "{hold_id}"}),
    Request("bookings_rebook", 200, {"booking_id": (200, 404), "pod_id": (200, 404)},
        {"pod_id": "{pod_id}"},
            instead={"booking_id": "seat", "pod_id": "later_pod"}),
    Request("bookings_cancel", 200, BOOKED, {"excused": False}),
    Request("holds_create", 201, {"coach_id": (201, 404)}, TIME | {"owner": "{participant_id}",
        "minutes": 10}),
    Request("holds_release", 204, {"hold_id": (204, 404)}),
    Request("pods_create", 201, {"coach_id": (409, 404), "hold_id": (409, 409)},
            HELD | SEATS | {"format": "open", "deadline": "2026-06-03T08:00:00Z", "title": "Circle",
                            "context": CONTEXT, "place": ROOM, "participants": [PERSON]}),
    Request("pods_show", 200, PODS),
    Request("pods_change", 200, PODS, SEATS | {"start": FREE, "duration": 60, "title": "Circle",
        "format": "open"}),
    Request("pods_take_seat", 201, {"pod_id": (201, 404)}, {"participant": PERSON,
        "context": CONTEXT}),
    *ABOUT_LISTS,
    Request("sessions_report_attendance", 200, {"session_id": (404, 404), "participant_id": (404,
        404)},
            {"status": "missed", "participant_id": "{participant_id}"}),
    Request("sessions_settle_event", 200, {"session_id": (200, 404)}, {"to": "calendar"},
        instead={"session_id": "changed"}),
    Request("places_change", 200, {"session_id": (200, 404)}, {"place": ROOM},
            instead={"session_id": "pod_id"}),
    Request("places_show", 200, {"scope_id": (200, 404)}, words=COMPANY, instead=PLACED),
    Request("places_put", 200, {"scope_id": (200, 200)}, {"place": ROOM, "kinds": ["url"]},
            words=COMPANY, instead=PLACED),
    Request("places_delete", 204, {"scope_id": (204, 404)}, words=COMPANY, instead=PLACED),
    Request("imports_load", 201, {"coach_id": (201, 409)}, ROSTER, query={"dry_run": "false"}),
    *ABOUT_PODS,
    Request("mail_replies_take", 200, {"booking_uid": (200, 404)}, REPLY),
    Request("history_show", 200, BOOKED),
    Request("mails_show", 200, BOOKED),
    Request("mails_send", 202, {"booking_id": (202, 404)}, words={"kind": "booked"}),
    *ABOUT_PROGRAMMES,
    Request("withheld_show"),
    Request("withheld_release", 200, {"withheld_id": (200, 404)}),
    Request("withheld_release_address", 200, {}, {"address": "{coach_id}@gone.test"}),
    Request("links_create", 201, {"coach_id": (404, 404), "booking_id": (404, 404)},
            {"purpose": "booking", "viewer": "participant", "coach_id": "{coach_id}",
                "participant": PERSON,
             "context": CONTEXT, "booking_id": "{booking_id}", "return_url": "https://os.test/",
             "language": "en"}),
    Request("feeds_create", 201, {"coach_id": (201, 404)}, {"coach_id": "{coach_id}"}),
    Request("feeds_create", 201, {"participant_id": (201, 201)},
            {"participant_id": "{participant_id}", "language": "de"}),
    Request("feeds_show", 200, {"coach_id": (200, 200)}, query={"coach_id": "{coach_id}"}),
    Request("feeds_show", 200, {"participant_id": (200, 200)},
            query={"participant_id": "{participant_id}"}),
    Request("feeds_revoke", 204, {"feed_id": (204, 404)}),
    Request("feeds_read", 200, {"feed_token": (200, 404)}),
    Request("people_export_coach", 200, COACH),
    Request("people_erase_coach", 202, {"coach_id": (202, 404)}),
    Request("people_export_participant", 200, {"participant_id": (200, 404)}, instead=GUEST),
    Request("people_erase_participant", 202, {"participant_id": (202, 404)}, instead=GUEST),
    *(Request(f"health_{name}") for name in ("alive", "ready", "metrics")),
)  # fmt: skip


@dataclass
class Things:
    """A coach and what there is of theirs: each thing is made when it is first asked for."""

    desk: Desk
    name: str
    made: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        database = self.desk.database
        mine = {"id": self.name, "name": self.name.title(), "email": f"{self.name}@example.test"}
        coach = people.introduce(database, people.coach(**mine))
        connection_id = people.connect(database, self.name, sub=f"acc_{self.name}")
        with database.write() as tx:
            hashed = channels.channel_hash(f"token-{self.name}")
            channels.plan_channel(tx, connection_id, hashed, b"sealed")
        calendars = (Calendar(f"cal_{self.name}", "Work", primary=True),)
        profile = Profile(f"pro_{self.name}", "google", "gsuite", self.name, calendars=calendars)
        account = replace(people.ACCOUNT, sub=f"acc_{self.name}", profiles=(profile,))
        people.read(database, connection_id, of=coach, account=account)
        self.made = {
            "coach_id": self.name,
            "ids": self.name,
            "participant_id": f"grace-of-{self.name}",
            "connection_id": connection_id,
            "calendars": f"cal_{self.name}",
            "receives": f"cal_{self.name}",
            "channel_token": f"token-{self.name}",
        }

    def __getitem__(self, thing: str) -> str:
        if thing not in self.made:
            self.made[thing] = MAKERS[thing](self)
        return self.made[thing]

    def post(self, path: str, body: Any) -> Any:
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        answer = self.desk.ask("POST", path, json=filled(body, self), headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json

    def booking(self) -> str:
        body = TIME | {"start": DAYS["booking"], "participant": PERSON, "context": CONTEXT}
        return str(self.post("/v1/bookings", body)["id"])

    def booking_uid(self) -> str:
        """What calendars call the booking."""
        answer = self.desk.get(f"/v1/bookings/{self['booking_id']}")
        return str(answer.json["uid"])

    def guest(self) -> str:
        """The participant, once they have booked."""
        assert self["booking_id"]
        return self["participant_id"]

    def hold(self) -> str:
        body = TIME | {"start": DAYS["hold"], "owner": "{participant_id}"}
        return str(self.post("/v1/holds", body)["id"])

    def pod(self, day: str) -> str:
        # Whoever has a seat in one coach's is asked for in the other's, too: not at the same time.
        start = DAYS[day]
        if self.name.startswith("other"):
            start = start.replace("T08", "T11")
        body = TIME | SEATS | {"start": start, "context": CONTEXT}
        return str(self.post("/v1/pods", body)["session_id"])

    def group(self) -> str:
        group_id = f"group-of-{self.name}"
        self.post("/v1/pods", TIME | SEATS | GROUPED | {"start": free_time(), "group_id": group_id})
        return group_id

    def shell(self) -> str:
        body = {"shells": [SEATS | {"coach_id": "{coach_id}", "duration": 60, "context": CONTEXT}]}
        return str(self.post("/v1/shells", body)["shells"][0]["pod_id"])

    def seat(self) -> str:
        return str(self.post(f"/v1/pods/{self['pod_id']}/seats", {"participant": PERSON})["id"])

    def rare(self, thing: str) -> str:
        made: str = getattr(rare_things, thing)(self.desk, self.name)
        return made


MAKERS: dict[str, Callable[[Things], str]] = {
    "badge": partial(Things.rare, thing="badge"),
    "booking_id": Things.booking,
    "booking_uid": Things.booking_uid,
    "guest": Things.guest,
    "hold_id": Things.hold,
    "pod_id": partial(Things.pod, day="pod"),
    "later_pod": partial(Things.pod, day="later"),
    "group_id": Things.group,
    "shell_id": Things.shell,
    "seat": Things.seat,
    "session_id": begun,
    "changed": changed,
    "withheld_id": partial(Things.rare, thing="withheld"),
    "scope_id": partial(Things.rare, thing="ruled"),
    "placed": partial(Things.rare, thing="placed"),
    "company_id": partial(Things.rare, thing="brand"),
    "endpoint_id": partial(Things.rare, thing="endpoint_id"),
    "event_id": partial(Things.rare, thing="event_id"),
    "feed_id": partial(Things.rare, thing="feed_id"),
    "feed_token": partial(Things.rare, thing="feed_token"),
}
PLACE = re.compile(r"(?<!{){(\w+)}(?!})")  # {{participant_name}} is a mail's own


@dataclass(frozen=True)
class About:
    """The things that a request is about: the coach's own, but for those in `but`."""

    request: Request
    own: Things
    but: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, thing: str) -> str:
        if thing == "free_time":
            return free_time()
        words = {**self.request.words, **self.but}
        return words[thing] if thing in words else self.own[self.request.instead.get(thing, thing)]


def filled(template: Any, things: About | Things) -> Any:
    """The template with `{coach_id}` and the like replaced, at any depth."""
    match template:
        case str():
            return PLACE.sub(lambda found: things[found[1]], template)
        case dict():
            return {name: filled(value, things) for name, value in template.items()}
        case list():
            return [filled(value, things) for value in template]
    return template


def send(
    desk: Desk, method: str, path: str, about: About, *scopes: str, bare: bool = False
) -> Answer:
    """Send the request to this path of the document's, with a key of these scopes. `bare`: without
    key or signature.
    """
    request = about.request
    place, query, body = (filled(part, about) for part in (path, dict(request.query), request.body))
    if request.operation == "notifications_receive":
        return desk.push(path=place, headers={signature.HEADER: ""} if bare else None)
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    sent: dict[str, Any] = {"query_string": query, "headers": headers} | as_sent(body)
    if bare:
        return cast_to(Answer, desk.client.open(place, method=method, **sent))
    return desk.ask(method, place, *scopes, **sent)
