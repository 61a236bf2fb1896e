"""Mail texts previewed over HTTP: every kind with every token, as a page that runs and loads
nothing.
"""

from typing import Any

import pytest
from icalendar import Calendar

from domain.mail import COACH_ONLY, LANGUAGES, TEXT_KINDS
from domain.mail.tokens import NAMES
from tests.support.http_client import Desk
from tests.webhooks.api.mail_texts.kit import BOOKED, TEXT


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
    if kind in ("booked", "rebooked", "place_changed", "cancelled", "seat_left"):
        assert Calendar.from_ical(told["calendar"])["METHOD"] in ("REQUEST", "CANCEL")
    if kind.startswith("coach_") or kind in ("reminder", *COACH_ONLY):
        assert told["calendar"] is None
    every = {"subject": "x", "text": " ".join(f"{{{{{name}}}}}" for name in NAMES)}
    assert "{{" not in preview(one_desk, path, every)["text"]
