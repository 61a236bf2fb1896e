"""Mail texts over HTTP: set per scope, previewed, taken away; and a booking's mails: listed, and
sent once more.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from icalendar import Calendar
from sqlalchemy import select

from domain.mail import LANGUAGES, TEXT_KINDS
from domain.mail.tokens import NAMES
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Answer, Desk

COHORT = "/v1/mailers/cohort/spring"
BOOKED = f"{COHORT}/booked/en"
TEXT = {"subject": "Hello {{participant_name}}", "text": "You meet {{coach_name}}."}
GRACE = {
    "id": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.test",
    "zone": "America/New_York",
}
BOOKING = {"coach_id": "ada", "start": "2026-06-03T10:00:00Z", "duration": 60, "participant": GRACE}
POD = {name: BOOKING[name] for name in ("coach_id", "start", "duration")} | {
    "min_seats": 1,
    "max_seats": 4,
}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    people.ready(desk.database, people.MAILED)
    return desk


@pytest.fixture
def later(desk: Desk, database_url: str) -> Iterator[Desk]:
    """The same desk when the session of BOOKING has begun."""
    with desks.opened(
        database_url, broker=StubBroker(), now=people.NOW + timedelta(days=2, hours=3)
    ) as opened:
        opened.keys = desk.keys
        yield opened


def post(desk: Desk, path: str, body: Any = None, *, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key or secrets.token_hex(8)}
    return desk.ask("POST", path, json=body, headers=headers)


def booked(desk: Desk, **more: Any) -> str:
    answer = post(desk, "/v1/bookings", BOOKING | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def refused(answer: Answer, status: int, code: str, field: str | None = None) -> Any:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.json["detail"].endswith(".")
    if field is not None:
        assert answer.json["field"] == field
    return answer.json


def rows(desk: Desk) -> list[Any]:
    with desk.database.read() as tx:
        return list(tx.execute(select(tables.outbox).where(tables.outbox.c.kind == "mail")))


def woken(desk: Desk) -> int:
    count: int = desk.runtime.broker.queues["mails"].qsize()
    return count


def test_a_text_is_set_shown_replaced_and_taken_away(desk: Desk) -> None:
    refused(desk.get(BOOKED), 404, "unknown_mail_text")
    html = {"html": "<p>You meet <b>{{coach_name}}</b>. Grüße 😀</p>"}
    told = desk.put(BOOKED, TEXT | html).json
    whole = (
        {
            "scope": "cohort",
            "scope_id": "spring",
            "kind": "booked",
            "language": "en",
            "enabled": True,
        }
        | TEXT
        | html
    )
    assert told == whole == desk.get(BOOKED).json
    assert desk.put(BOOKED, TEXT).json == whole | {"html": None} == desk.get(BOOKED).json
    refused(desk.get(f"{COHORT}/coach_booked/en"), 404, "unknown_mail_text")
    assert desk.ask("DELETE", BOOKED).status_code == 204
    refused(desk.get(BOOKED), 404, "unknown_mail_text")
    refused(desk.ask("DELETE", BOOKED), 404, "unknown_mail_text")


def test_a_switch_needs_no_text_and_a_language_is_one_however_it_is_written(desk: Desk) -> None:
    told = desk.put(f"{COHORT}/reminder/de-AT", {"enabled": False}).json
    assert (told["enabled"], told["subject"], told["text"], told["language"]) == (
        False,
        None,
        None,
        "de-at",
    )
    assert desk.get(f"{COHORT}/reminder/DE-at").json == told


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/mailers/programme/spring/booked/en", "scope"),
        ("/v1/mailers/cohort/spring/birthday/en", "kind"),
        ("/v1/mailers/cohort/spring/coach_relink/en", "kind"),
        ("/v1/mailers/cohort/spring/booked/english", "language"),
        ("/v1/mailers/cohort/spr%20ing/booked/en", "scope_id"),
    ],
)
def test_a_place_that_there_is_not_is_refused(one_desk: Desk, path: str, field: str) -> None:
    asked = [one_desk.get(path), one_desk.put(path, TEXT), one_desk.ask("DELETE", path)]
    for answer in (*asked, one_desk.ask("POST", f"{path}/preview", json={})):
        assert (answer.status_code, answer.json["field"]) == (422, field)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"subject": "Hi {{first_name}}", "text": "{{coach_name}}"}, "unknown_token", "subject"),
        ({"subject": "Hi", "text": "{{7*7}} {{coach}}"}, "unknown_token", "text"),
        ({"subject": "Hi", "text": "x", "html": "<p>{{nobody}}</p>"}, "unknown_token", "html"),
        ({"subject": "Hi", "text": "{{coach_name"}, "unknown_token", "text"),
        ({"subject": "Hi"}, "empty", "text"),
        ({"text": "Hello"}, "empty", "subject"),
        ({"html": "<p>Hello</p>"}, "empty", "text"),
        ({"subject": " ", "text": "Hello"}, "empty", "subject"),
        (
            {"subject": "Hi", "text": "x", "html": "<script>alert(1)</script>"},
            "refused_tag",
            "html",
        ),
        ({"subject": "Hi", "text": "x", "html": '<p onclick="x()">'}, "refused_attribute", "html"),
        ({"subject": "H\0i", "text": "x"}, "invalid_value", "subject"),
        ({"subject": "Hi", "text": "x\0"}, "invalid_value", "text"),
        ({"subject": "x" * 301, "text": "x"}, "too_many", "subject"),
        ({"subject": "Hi", "text": "x" * 60_001}, "too_many", "text"),
        ({"subject": "Hi", "text": "x", "sender": "me"}, "unknown_field", "sender"),
        ({"enabled": "yes"}, "wrong_type", "enabled"),
    ],
)
def test_a_text_that_no_mail_could_be_made_of_is_refused(
    one_desk: Desk, body: dict[str, Any], code: str, field: str
) -> None:
    refused(one_desk.put(BOOKED, body), 422, code, field)
    if "enabled" not in body:
        refused(one_desk.ask("POST", f"{BOOKED}/preview", json=body), 422, code, field)
    refused(one_desk.get(BOOKED), 404, "unknown_mail_text")


def test_each_token_that_there_is_not_is_named(one_desk: Desk) -> None:
    body = {"subject": "Hi", "text": "{{7*7}} {{coach}} {{coach_name}}"}
    told = refused(one_desk.put(BOOKED, body), 422, "unknown_token", "text")
    assert told["detail"].startswith(
        "No token is called '7*7', 'coach'; use recipient_name, participant_name, "
    )


def test_a_new_text_frees_the_mails_that_waited_for_it(desk: Desk) -> None:
    # Given a mail that is held for its text, and one that waits for the mail server
    booked(desk)
    far = 2**50
    held, other = (row.id for row in rows(desk)[:2])
    row = tables.outbox.c
    with desk.database.write() as tx:
        waits = tables.outbox.update().values(next_attempt_at_ms=far)
        tx.execute(waits.where(row.id == held).values(state="waiting_for_text"))
        tx.execute(waits.where(row.id == other).values(last_error="451"))
    before = woken(desk)
    for number, (method, body) in enumerate((("PUT", TEXT), ("DELETE", None)), start=1):
        # When a text is set, or taken away
        assert desk.ask(method, BOOKED, json=body).status_code in (200, 204)
        # Then that mail alone is due, and its sender was woken
        assert woken(desk) == before + number
        due = {each.id: each.next_attempt_at_ms for each in rows(desk)}
        assert (due[held], due[other]) == (0, far)


def test_texts_need_their_own_scope(one_desk: Desk) -> None:
    for scope in ("bookings:write", "coaches:write"):
        refused(one_desk.put(BOOKED, TEXT, scope), 403, "scope_missing")
        refused(one_desk.get(BOOKED, scope), 403, "scope_missing")
    assert one_desk.put(BOOKED, TEXT, "mailers:write").status_code == 200


def preview(desk: Desk, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = desk.ask("POST", f"{path}/preview", json=body or {})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_preview_shows_the_text_sent_or_else_the_one_set_or_else_the_default(desk: Desk) -> None:
    default = preview(desk, BOOKED)
    assert "Ada Lovelace" in default["text"]
    desk.put(BOOKED, TEXT)
    stored = preview(desk, BOOKED)
    assert (stored["subject"], stored["text"]) == ("Hello Grace Hopper", "You meet Ada Lovelace.")
    sent = preview(
        desk, BOOKED, {"subject": "New", "text": "x", "html": "<p>{{coach_name}} &amp; you</p>"}
    )
    assert sent["subject"] == "New"
    assert "<p>Ada Lovelace &amp; you</p>" in sent["html"]
    assert desk.get(BOOKED).json["subject"] == TEXT["subject"], "it was only shown"
    desk.put(BOOKED, {"enabled": False})
    assert preview(desk, BOOKED) == default


def test_a_preview_is_shown_as_a_page_that_runs_and_loads_nothing(one_desk: Desk) -> None:
    page = one_desk.ask("POST", f"{BOOKED}/preview", json={}, headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "Ada Lovelace" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert policy.endswith("; sandbox")
    # A client that takes anything gets JSON, as ever
    assert (
        one_desk.ask("POST", f"{BOOKED}/preview", json={}, headers={"Accept": "*/*"}).mimetype
        == "application/json"
    )


@pytest.mark.parametrize("kind", TEXT_KINDS)
@pytest.mark.parametrize("language", ["en", "pt-BR", "ar", "sv"])
def test_every_kind_can_be_previewed_with_every_token(
    one_desk: Desk, kind: str, language: str
) -> None:
    path = f"/v1/mailers/company/acme/{kind}/{language}"
    told = preview(one_desk, path)
    assert told["language"] == (language if language in LANGUAGES else "en")
    assert "{{" not in told["subject"] + told["text"] + told["html"]
    if kind in ("booked", "rebooked", "cancelled", "seat_left"):
        assert Calendar.from_ical(told["calendar"])["METHOD"] in ("REQUEST", "CANCEL")
    if kind.startswith("coach_") or kind in ("reminder", "relink"):
        assert told["calendar"] is None
    every = {"subject": "x", "text": " ".join(f"{{{{{name}}}}}" for name in NAMES)}
    assert "{{" not in preview(one_desk, path, every)["text"]


def test_a_bookings_mails_are_listed_without_words_and_addresses(desk: Desk) -> None:
    booking_id = booked(desk)
    told = desk.get(f"/v1/bookings/{booking_id}/mails", "bookings:read")
    assert told.status_code == 200
    assert told.json["booking_id"] == booking_id
    assert sorted((mail["kind"], mail["recipient"]) for mail in told.json["mails"]) == [
        (kind, role) for kind in ("booked", "reminder") for role in ("coach", "participant")
    ]
    assert {mail["state"] for mail in told.json["mails"]} == {"pending"}
    assert [mail["due_at"] for mail in told.json["mails"]] == ["2026-06-01T08:00:00Z"] * 2 + [
        "2026-06-02T10:00:00Z"
    ] * 2
    assert "@" not in told.text
    assert "Hopper" not in told.text
    refused(desk.get("/v1/bookings/bkg_none/mails"), 404, "unknown_booking")


def send(desk: Desk, booking_id: str, kind: str = "booked", **options: Any) -> Answer:
    return post(desk, f"/v1/bookings/{booking_id}/mails/{kind}/send", **options)


def test_send_now_sends_one_more_mail_a_click(desk: Desk) -> None:
    booking_id = booked(desk)
    before, waking = len(rows(desk)), woken(desk)
    answer = send(desk, booking_id, key="click-1")
    assert answer.status_code == 202, answer.text
    (added,) = [row for row in rows(desk) if row.id == answer.json["outbox_id"]]
    assert answer.json["state"] == "pending"
    assert (added.topic, added.version, added.recipient) == ("booked", 1, "grace@example.test")
    assert send(desk, booking_id, key="click-1").data == answer.data
    assert (len(rows(desk)), woken(desk)) == (before + 1, waking + 1), "one mail, one wake-up"
    assert send(desk, booking_id, key="click-2").json["outbox_id"] != added.id
    assert len({row.message_id for row in rows(desk)}) == before + 2


def test_a_click_is_remembered_longer_than_its_answer(desk: Desk) -> None:
    booking_id = booked(desk)
    first = send(desk, booking_id, key="click")
    with desk.database.write() as tx:
        tx.execute(tables.idempotency.delete())
        tx.execute(
            tables.outbox.update()
            .values(state="sent")
            .where(tables.outbox.c.id == first.json["outbox_id"])
        )
    again = send(desk, booking_id, key="click")
    assert again.json == first.json | {"state": "sent"}


def test_only_a_mail_that_is_true_of_the_booking_is_sent(desk: Desk, later: Desk) -> None:
    booking_id = booked(desk)
    assert fitting(desk, booking_id) == ["booked", "reminder"]
    moved = post(desk, f"/v1/bookings/{booking_id}/rebook", {"start": "2026-06-03T12:00:00Z"})
    assert moved.status_code == 200
    assert fitting(desk, booking_id) == ["booked", "rebooked", "reminder"]
    assert fitting(later, booking_id) == ["booked", "rebooked", "reminder"], "it begins at noon"
    post(desk, f"/v1/bookings/{booking_id}/rebook", {"start": "2026-06-03T09:00:00Z"})
    assert fitting(later, booking_id) == []
    assert post(desk, f"/v1/bookings/{booking_id}/cancel", {}).json["status"] == "cancelled"
    assert fitting(desk, booking_id) == ["cancelled"]


def test_who_missed_a_session_or_left_a_pod_is_mailed_that(desk: Desk) -> None:
    late = booked(desk, start="2026-06-01T14:00:00Z")
    assert post(desk, f"/v1/bookings/{late}/cancel", {}).json["status"] == "missed"
    assert fitting(desk, late) == ["missed"]
    pod = post(desk, "/v1/pods", POD | {"participants": [GRACE, GRACE | {"id": "hedy"}]}).json
    seat, other = (booking["id"] for booking in pod["bookings"])
    post(desk, f"/v1/bookings/{seat}/cancel", {})
    assert fitting(desk, seat) == ["seat_left"]
    headers = {"Idempotency-Key": "off"}
    assert desk.ask(
        "PATCH", f"/v1/pods/{pod['session_id']}", json={"status": "disabled"}, headers=headers
    ).json
    assert fitting(desk, other) == ["cancelled"]


def fitting(desk: Desk, booking_id: str) -> list[str]:
    """The kinds that are sent; the refusals of the others name them."""
    answers = {
        kind: send(desk, booking_id, kind) for kind in TEXT_KINDS if not kind.startswith("coach_")
    }
    sent = [kind for kind, answer in answers.items() if answer.status_code == 202]
    for answer in answers.values():
        if answer.status_code != 202:
            assert sorted(refused(answer, 409, "mail_not_fitting")["fitting"]) == sorted(sent)
    return sorted(sent)


def test_a_rebooking_mailed_again_still_knows_the_time_before(desk: Desk) -> None:
    booking_id = booked(desk)
    post(desk, f"/v1/bookings/{booking_id}/rebook", {"start": "2026-06-03T12:00:00Z"})
    answer = send(desk, booking_id, "rebooked")
    (added,) = [row for row in rows(desk) if row.id == answer.json["outbox_id"]]
    before = datetime.fromisoformat("2026-06-03T10:00:00Z").timestamp()
    assert (added.payload["previous_starts"], added.payload["sequence"]) == (before, 1)


def test_send_now_needs_a_key_a_kind_a_booking_and_the_right(desk: Desk) -> None:
    booking_id = booked(desk)
    path = f"/v1/bookings/{booking_id}/mails"
    refused(desk.ask("POST", f"{path}/booked/send"), 400, "idempotency_key_required")
    refused(send(desk, booking_id, "coach_booked"), 422, "unknown_word", "kind")
    refused(send(desk, "bkg_none"), 404, "unknown_booking")
    headers = {"Idempotency-Key": "k"}
    refused(
        desk.ask("POST", f"{path}/booked/send", "bookings:read", headers=headers),
        403,
        "scope_missing",
    )
    refused(desk.get(path, "mailers:write"), 403, "scope_missing")
