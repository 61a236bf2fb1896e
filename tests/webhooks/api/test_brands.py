"""A company's looks over HTTP: set, shown, taken away; and what anybody may load of them."""

import re
from typing import Any

import pytest

from domain.brands import contrast, on
from domain.logos import LARGEST
from tests.domain.pictures import PIXEL, SIGNATURE, png
from tests.support.http_client import Answer, Desk
from webhooks.api.brands import PNG

ACME = "/v1/brands/acme"
LOOKS = {"sender_name": "Acme Coaching", "support": "help@acme.test", "colour": "#0B5394"}
KEPT = {"company_id": "acme"} | LOOKS | {"colour": "#0b5394", "logo_url": None}


def put_logo(desk: Desk, raw: bytes = PIXEL, kind: str = PNG, key: str = "k0") -> Answer:
    sent = {"data": raw, "content_type": kind, "headers": {"Idempotency-Key": key}}
    return desk.ask("PUT", f"{ACME}/logo", **sent)


def refused(answer: Answer, status: int, code: str, field: str) -> str:
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (status, code, field)
    return str(answer.json["detail"])


def path_of(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def test_looks_are_set_shown_replaced_and_taken_away(one_desk: Desk) -> None:
    assert one_desk.put(ACME, LOOKS).json == KEPT
    assert one_desk.get(ACME).json == KEPT
    less = one_desk.put(ACME, {"sender_name": "Acme"}).json
    assert less == dict.fromkeys(KEPT) | {"company_id": "acme", "sender_name": "Acme"}
    assert one_desk.ask("DELETE", ACME).status_code == 204
    for method in ("GET", "DELETE"):
        refused(one_desk.ask(method, ACME), 404, "unknown_brand", "company_id")


def test_a_write_is_done_once_for_its_key(one_desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = one_desk.put(ACME, LOOKS, headers=headers)
    one_desk.put(ACME, {"sender_name": "Other"})
    again = one_desk.put(ACME, LOOKS, headers=headers)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert one_desk.get(ACME).json["sender_name"] == "Other"
    assert put_logo(one_desk, key="k2").status_code == 200
    another = put_logo(one_desk, png(2, 2), key="k2")
    refused(another, 422, "idempotency_key_reused", "Idempotency-Key")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sender_name", "ceo@acme.test", "holds_an_address"),
        ("sender_name", "", "invalid_length"),
        ("sender_name", "a" * 301, "too_many"),
        ("sender_name", "a\0b", "invalid_value"),
        ("support", "ask Bob", "not_reachable"),
        ("support", "a@b@c.test", "not_an_address"),
        ("support", "https://a.test/\0", "invalid_value"),
        ("support", "javascript:alert(1)", "not_reachable"),
        ("colour", "red", "not_a_colour"),
        ("logo", "x", "unknown_field"),
    ],
)
def test_one_bad_field_changes_nothing(one_desk: Desk, field: str, value: str, code: str) -> None:
    one_desk.put(ACME, LOOKS)
    refused(one_desk.put(ACME, LOOKS | {field: value}), 422, code, field)
    assert one_desk.get(ACME).json == KEPT


def test_a_logo_is_served_to_anybody_and_says_nothing_else(one_desk: Desk) -> None:
    told = put_logo(one_desk, png(30, 20)).json
    answer = one_desk.look(path_of(told["logo_url"]))
    assert (answer.status_code, answer.data, answer.mimetype) == (200, png(30, 20), PNG)
    headers = answer.headers
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert "Set-Cookie" not in headers
    assert "acme" not in told["logo_url"]
    assert one_desk.ask("DELETE", f"{ACME}/logo").status_code == 204
    assert one_desk.look(path_of(told["logo_url"])).status_code == 404
    gone = one_desk.ask("DELETE", f"{ACME}/logo")
    refused(gone, 404, "unknown_brand", "company_id")


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code", "field"),
    [
        (b"<svg/>", PNG, 422, "logo_refused", "body"),
        (b"", PNG, 422, "logo_refused", "body"),
        (SIGNATURE + b"\0" * LARGEST, PNG, 422, "logo_refused", "body"),
        (png(1001, 1), PNG, 422, "logo_refused", "body"),
        (PIXEL, "image/svg+xml", 415, "wrong_content_type", "Content-Type"),
        (PIXEL, "application/json", 415, "wrong_content_type", "Content-Type"),
    ],
)
def test_a_file_that_is_no_logo_changes_nothing(
    one_desk: Desk, raw: bytes, kind: str, status: int, code: str, field: str
) -> None:
    before = put_logo(one_desk).json
    assert refused(put_logo(one_desk, raw, kind), status, code, field).endswith(".")
    assert one_desk.get(ACME).json == before


def test_a_file_beyond_every_body_is_413(one_desk: Desk) -> None:
    assert put_logo(one_desk, b"x" * 300_000).status_code == 413


@pytest.mark.parametrize("colour", ["0b5394", "ffd400", "000000", "ffffff"])
def test_a_colour_is_a_style_sheet_that_can_be_read(one_desk: Desk, colour: str) -> None:
    answer = one_desk.look(f"/brand/{colour}.css")
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert answer.headers["Cache-Control"].endswith("immutable")
    mains: list[Any] = re.findall(r"--main: (#\w{6}); --on-main: (#\w{6})", answer.text)
    mains += re.findall(r"background: (#\w{6}); color: (#\w{6})", answer.text)
    assert [main for main, _ in mains][2:] == [f"#{colour}"]
    assert [text for _, text in mains] == [on(main) for main, _ in mains]
    assert [main for main, text in mains if contrast(main, text) < 4.5] == []


@pytest.mark.parametrize(
    "path",
    ["/brand/red.css", "/brand/0B5394.css", "/brand/0b53940.css", "/brand/x.png",
     f"/brand/{'0' * 32}.png", "/brand/acme.png"],
)  # fmt: skip
def test_what_is_not_there_is_404(one_desk: Desk, path: str) -> None:
    answer = one_desk.look(path)
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_path")
