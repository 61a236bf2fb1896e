"""Mail texts over HTTP: set per scope, shown, replaced, taken away; what no mail could be made of
is refused.
"""

from typing import Any

import pytest

from storage.schema import tables
from tests.support.http_client import Desk
from tests.webhooks.api.mail_texts.kit import BOOKED, COHORT, TEXT, booked, refused, rows, woken


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
        ({"subject": "Hi {participant_name}", "text": "x"}, "single_brace", "subject"),
        ({"subject": "Hi", "text": "x", "html": "<p>{ coach_name }</p>"}, "single_brace", "html"),
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


def test_braces_that_are_no_tokens_may_stand_in_a_text(one_desk: Desk) -> None:
    text = "{{ coach_name }} {not one of ours} {} } { {{zone}}"
    assert one_desk.put(BOOKED, {"subject": "Hi", "text": text}).status_code == 200
    assert one_desk.ask("DELETE", BOOKED).status_code == 204


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
