"""Values that are refused: each code of 400 and 422, and a request that gets it."""

import random
from base64 import urlsafe_b64encode
from typing import Any

from tests.webhooks.examples.exchange import LEFT_OUT, Change
from tests.webhooks.request_parts import FREE, PERSON, TIME
from webhooks.http.idempotent import HEADER as KEY

DAY = "2026-06-02T08:00:00Z"
TRIP = {"first": "2026-09-01", "last": "2026-09-08", "zone": "Asia/Tokyo"}


def _coach(code: str, **fields: Any) -> tuple[str, str, Change]:
    return code, "coaches_put", Change(body=fields)


def _place(code: str, kind: str, value: str) -> tuple[str, str, Change]:
    return _coach(code, place={"kind": kind, "value": value}, place_kinds=None)


def _text(code: str, **fields: Any) -> tuple[str, str, Change]:
    return code, "mailers_put", Change(body=fields)


def _html(code: str, html: str) -> tuple[str, str, Change]:
    return _text(code, html=html)


def _brand(code: str, **fields: Any) -> tuple[str, str, Change]:
    return code, "brands_put", Change(body=fields)


def _slots(code: str, **query: str) -> tuple[str, str, Change]:
    return code, "slots_show", Change(query={name.rstrip("_"): query[name] for name in query})


# What cannot be packed together.
NOISE = urlsafe_b64encode(random.Random(7).randbytes(2000)).decode()
THERE, PAGE = (f"https://os.test/{NOISE[::-1]}"[:990], f"https://os.test/{NOISE}"[:1990])
BOOKED = TIME | {"participant": PERSON, "start": FREE, "hold_id": LEFT_OUT}
# Code, operation, and what is sent otherwise than a request that is answered well.
VALUES: tuple[tuple[str, str, Change], ...] = (
    ("malformed_json", "coaches_put", Change(raw=b"{")),
    ("idempotency_key_required", "bookings_create", Change(headers={KEY: ""})),
    ("key_unknown", "coaches_show", Change(headers={"Authorization": "Bearer cck_0123456789ab_x"})),
    ("missing", "bookings_create", Change(body={"participant": LEFT_OUT})),
    ("invalid_id", "coaches_show", Change(path="/v1/coaches/a%20b")),
    _coach("unknown_zone", zone="Mars/Olympus"),
    _coach("unknown_weekday", hours={"monday": []}),
    _coach("invalid_time", hours={"mon": [["9:00", "17:00"]]}),
    _coach("not_a_window", hours={"mon": ["noon"]}),
    _coach("starts_at_24", hours={"mon": [["24:00", "02:00"]]}),
    _coach("not_a_list", hours={"mon": 4}),
    _coach("invalid_date", overrides={"2026-02-30": []}),
    _coach("not_a_multiple_of_5", durations=[7]),
    _coach("not_distinct", durations=[30, 30]),
    _coach("out_of_range", pre=-1),
    _coach("unknown_word", mode="packed"),
    _coach("wrong_type", pre="a quarter"),
    _coach("too_many", name="x" * 500),
    _coach("shows_nothing", name="\u200b"),
    _coach("not_an_address", email="ada"),
    _coach("invalid_value", language="German"),
    _coach("unknown_field", nickname="Ada"),
    _coach("reversed_range", travel=[TRIP | {"last": "2026-08-01"}]),
    _coach("ranges_overlap", travel=[TRIP, TRIP]),
    _coach("unknown_country_or_region", holidays={"country": "XX", "names": ["Yule"]}),
    _place("not_a_link", "url", "ftp://meet.example/room"),
    _place("not_a_phone_number", "phone", "call me"),
    _place("too_long", "address", "a" * 301),
    _place("empty", "address", "\u200b"),
    _place("not_a_profile", "conferencing", "zoom"),
    _coach("place_forbidden", place={"kind": "phone", "value": "+44 20 7946 0000"},
           place_kinds=["url"]),
    _text("unknown_token", text="Hello {{coach}}"),
    ("single_brace", "mailers_put",
     Change(raw=b'{"subject": "Hello {coach_name}", "text": "See you."}')),
    _html("refused_tag", "<script></script>"),
    _html("refused_attribute", '<p onclick="x()">Hello</p>'),
    _html("refused_link", '<a href="javascript:x()">Hello</a>'),
    _html("refused_style", '<p style="position: fixed">Hello</p>'),
    _html("token_in_attribute", '<p style="color: {{coach_name}}">Hello</p>'),
    _brand("holds_an_address", sender_name="Ada ada@example.com"),
    _brand("invalid_length", sender_name=""),
    _brand("not_reachable", support="ask Bob"),
    _brand("not_a_colour", colour="red"),
    ("logo_refused", "brands_put_logo", Change(raw=b"no picture")),
    ("file_refused", "imports_load", Change(raw=b"Programme\n")),
    ("not_a_reply", "mail_replies_take", Change(raw=b"Subject: Hello\n\nHello")),
    _slots("range_too_long", from_="2026-06-01", to="2026-12-01", duration="60"),
    _slots("invalid_instant", from_="June", to="2026-06-08", duration="60"),
    _slots("duration_required", from_="2026-06-01", to="2026-06-08"),
    ("duration_not_offered", "bookings_create", Change(body=BOOKED | {"duration": 45})),
    ("not_on_the_grid", "bookings_create", Change(body=BOOKED | {"start": "2026-06-02T08:05:00Z"})),
    ("start_or_pod", "bookings_rebook", Change(body={"start": LEFT_OUT, "hold_id": LEFT_OUT})),
    ("time_or_pod", "bookings_create", Change(body=BOOKED | {"pod_id": "{pod_id}"})),
    ("coach_or_participant", "feeds_create", Change(body={"participant_id": "grace"})),
    ("min_over_max", "pods_create", Change(body={"min_seats": 4})),
    ("deadline_after_start", "pods_create", Change(body={"deadline": "2026-12-01T08:00:00Z"})),
    ("invalid_cursor", "lists_bookings", Change(query={"cursor": "x"})),
    ("whole_list", "lists_bookings", Change(query={"limit": "2"}, headers={"Accept": "text/csv"})),
    ("unknown_cursor", "events_show", Change(query={"after": "x"})),
    ("unknown_cursor", "events_show_slots", Change(query={"after": "x"})),
    ("cursor_gone", "events_show", Change(query={"after": "OTk5OTk5OTk"})),
    ("cursor_gone", "events_show_slots", Change(query={"after": "OTk5OTk5OTk"})),
    ("one_of_three", "webhook_endpoints_replay", Change(body={"event_id": LEFT_OUT})),
    ("url_refused", "webhook_endpoints_create", Change(body={"url": "http://platform.example/"})),
    ("return_url_not_allowed", "connect_begin", Change(body={"return_url": "https://a.test/"})),
    ("link_too_long", "links_create",
     Change(body={"return_url": THERE, "participant": PERSON | {"my_page_url": PAGE}})),
    ("unknown_calendar", "connections_put_calendars", Change(body={"calendars": ["cal_x"]})),
    ("no_place", "places_change", Change(body={"place": None})),
)  # fmt: skip
