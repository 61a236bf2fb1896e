"""Cronofy's pushes: who is believed, by published vectors; and what is refused before anything is
looked up.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import CHANGE, SECRET, Desk
from tests.webhooks.api.pushes import STRANGER
from webhooks.http.requests import PUSH_CAP
from workers.cronofy import signature

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "workers/cronofy/fixtures/hmac_vectors.json").read_text()
)
ODD = (
    '{ "notification": {"type":"change",  "changes_since":"2026-11-02T09:24:16Z"},\n'
    '  "channel":'
    ' {"channel_id":"chn_1","callback_url":"https:\\/\\/a.test\\/hooks?who=Zo\\u00eb&n=Zoë",'
    '"filters":{}} }'
).encode()


def test_a_change_without_filters_and_with_odd_bytes_is_taken_as_it_came(
    desk: Desk, ada: str
) -> None:
    assert desk.push(ODD).status_code == 204
    assert desk.owes(ada) == 1


def test_odd_bytes_that_are_tidied_lose_their_signature(desk: Desk, ada: str) -> None:
    tidy = json.dumps(json.loads(ODD)).encode()
    answer = desk.push(tidy, headers={signature.HEADER: signature.sign(ODD, [SECRET])})
    assert answer.status_code == 401


@pytest.mark.parametrize("vector", VECTORS["published"], ids=lambda vector: str(vector["hmac"])[:8])
def test_published_vectors_pass_through_the_door(
    vector: dict[str, str], fresh_database: Any
) -> None:
    with desks.opened(fresh_database("sqlite"), cronofy_client_secrets=(vector["secret"],)) as desk:
        people.introduce(desk.database)
        desks.connect(desk)
        answer = desk.push(vector["body"].encode(), headers={signature.HEADER: vector["hmac"]})
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "vector", VECTORS["published_headers"], ids=["two secrets", "a stranger first"]
)
def test_published_headers_pass_while_secrets_rotate(
    vector: dict[str, Any], fresh_database: Any
) -> None:
    for held in (
        vector["secrets"],
        vector["secrets"][-1:],
        ["another one", *vector["secrets"][:1]],
    ):
        with desks.opened(fresh_database("sqlite"), cronofy_client_secrets=tuple(held)) as desk:
            people.introduce(desk.database)
            desks.connect(desk)
            assert (
                desk.push(
                    vector["body"].encode(), headers={signature.HEADER: vector["header"]}
                ).status_code
                == 204
            )


@pytest.mark.parametrize(
    "vector", VECTORS["must_reject"], ids=lambda vector: str(vector["header"])[:14] or "empty"
)
def test_published_forgeries_are_turned_away(vector: dict[str, str], fresh_database: Any) -> None:
    with desks.opened(fresh_database("sqlite"), cronofy_client_secrets=(vector["secret"],)) as desk:
        answer = desk.push(vector["body"].encode(), headers={signature.HEADER: vector["header"]})
    assert (answer.status_code, answer.json["code"]) == (401, "signature_invalid")


GOOD = signature.sign(CHANGE, [SECRET])


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (STRANGER, 401),
        ("", 401),
        (f"{STRANGER},{GOOD}", 204),
        (f"{GOOD} ", 204),
        (f"{STRANGER}, {GOOD}", 204),
        ("ÿþ non-ascii ü", 401),
        (GOOD.rstrip("="), 401),
        (",".join([STRANGER] * 8 + [GOOD]), 401),
    ],
    ids=[
        "wrong",
        "empty",
        "second",
        "space after",
        "space between",
        "not ascii",
        "no padding",
        "ninth",
    ],
)
def test_a_signature_is_good_by_its_bytes_alone(
    desk: Desk, ada: str, header: str, status: int
) -> None:
    assert desk.push(headers={signature.HEADER: header}).status_code == status
    assert desk.owes(ada) == (1 if status == 204 else 0)


def test_a_push_without_a_signature_is_turned_away_before_anything_is_looked_up(
    desk: Desk, ada: str
) -> None:
    unsigned = {signature.HEADER: "", "Content-Type": "text/plain"}
    answer = desk.push(b"not json", path="/webhooks/cronofy/no-such-channel", headers=unsigned)
    assert (answer.status_code, answer.json["code"]) == (401, "signature_invalid")


def test_signed_nonsense_is_a_bad_request(desk: Desk, ada: str) -> None:
    for raw in (
        b"not json",
        b"[]",
        b'{"notification":"change"}',
        b'{"a":' * 5_000,
        b"\xff\xfe",
        b"",
    ):
        answer = desk.push(raw)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed_notification"), raw[
            :20
        ]
    assert desk.owes(ada) == 0


def test_a_signed_push_of_another_content_type_is_refused(desk: Desk, ada: str) -> None:
    answer = desk.push(headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json["code"]) == (415, "wrong_content_type")
    assert desk.owes(ada) == 0


def test_a_signed_push_to_an_unknown_channel_is_not_found(desk: Desk, ada: str) -> None:
    for path in ("/webhooks/cronofy/another", "/webhooks/cronofy/%00%ff"):
        answer = desk.push(path=path)
        assert (answer.status_code, answer.json["code"]) == (404, "unknown_channel")


def test_a_push_may_be_64_kilobytes_and_not_one_byte_more(desk: Desk, ada: str) -> None:
    full = CHANGE[:-1] + b" " * (PUSH_CAP - len(CHANGE)) + b"}"
    assert desk.push(full).status_code == 204
    answer = desk.push(full + b" ")
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert desk.push(b"x" * 2_000_000).status_code == 413
