"""Links that make no sense, or lead to somebody else's, are not made."""

import random
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest

from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, HEDY, enter, link
from tests.webhooks.pages.links.kit import TEN

ODD_URLS = (
    "https://good@evil.test/",
    "https://good.test:pw@evil.test/",
    "https://good.test%2f@evil.test/",
    "https://good.test\\@evil.test/",
    "https://good.test\\.evil.test/",
    "https://evil.test/a\\b",
    "https://",
    "https:///evil.test/",
    "https:evil.test",
    "https:/evil.test",
    "https:\\\\evil.test",
    "https://?x",
    "https://#x",
    "https://.evil.test/",
    "https://evil.test:port/",
    "https://evil.test:/",
    "https://evil.test:443443/",
    "https://evil\ttest/",
    "https://evil.test/\n",
    "https://evil.test/\x00",
    "https://evil.test/\x85",
    "https://evil.test/\u202egnp.exe",
    " https://evil.test/",
    "https://evil.test/ x",
    "https://evil%2etest/",
    "//evil.test/",
    "ftp://evil.test/",
)


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"coach_id": "bob"}, 404, "unknown_coach", "coach_id"),
        ({"participant": None}, 422, "missing", "participant"),
        ({"purpose": "settings"}, 422, "unknown_field", "participant"),
        (
            {"purpose": "settings", "participant": None, "booking_id": "bkg_1"},
            422,
            "unknown_field",
            "booking_id",
        ),
        ({"purpose": "ops"}, 422, "unknown_word", "purpose"),
        ({"booking_id": "bkg_1"}, 404, "unknown_booking", "booking_id"),
        ({"return_url": "javascript:alert(1)"}, 422, "invalid_value", "return_url"),
        ({"return_url": "http://os.test/"}, 422, "invalid_value", "return_url"),
        ({"return_url": "http://127.0.0.1.evil.test/"}, 422, "invalid_value", "return_url"),
        *(({"return_url": url}, 422, "invalid_value", "return_url") for url in ODD_URLS),
        *(
            (
                {"participant": GRACE | {"my_page_url": url}},
                422,
                "invalid_value",
                "participant.my_page_url",
            )
            for url in ODD_URLS
        ),
        ({"participant": GRACE | {"zone": "Mars/Base"}}, 422, "unknown_zone", "participant.zone"),
        ({"forever": True}, 422, "unknown_field", "forever"),
    ],
)
def test_a_link_that_makes_no_sense_is_not_made(
    one_desk: Desk, changes: dict[str, Any], status: int, code: str, field: str
) -> None:
    answer = link(one_desk, **changes)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (status, code, field)


def test_a_link_that_no_browser_could_follow_is_not_made(one_desk: Desk) -> None:
    noise = urlsafe_b64encode(random.Random(7).randbytes(2000)).decode()
    page = f"https://os.test/{noise}"[:1990]
    answer = link(
        one_desk,
        return_url=f"https://os.test/{noise[::-1]}"[:990],
        participant=GRACE | {"my_page_url": page},
    )
    assert answer.json["code"] == "link_too_long"


def test_a_link_to_somebody_else_s_booking_is_not_made(one_desk: Desk) -> None:
    booking_id = enter(one_desk).book(TEN)
    assert link(one_desk, participant=HEDY, booking_id=booking_id).json["code"] == "unknown_booking"


def test_making_links_takes_a_scope_of_its_own(one_desk: Desk) -> None:
    body = {"purpose": "booking", "coach_id": "ada", "participant": GRACE}
    assert (
        one_desk.ask("POST", "/v1/links", "bookings:write", json=body).json["code"]
        == "scope_missing"
    )
    assert one_desk.ask("POST", "/v1/links", "links:write", json=body).status_code == 201


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ({"participant": HEDY}, "de"),
        ({"participant": HEDY, "language": "it"}, "it"),
        ({"participant": HEDY | {"language": "pt-PT"}}, "pt-BR"),
        ({"participant": HEDY, "viewer": "coach"}, "fr"),
        ({"participant": None, "viewer": "manager", "context": {"company": "acme"}}, "en"),
        ({"participant": None, "purpose": "settings"}, "fr"),
    ],
)
def test_a_page_speaks_the_language_of_who_opens_it_unless_the_link_says_otherwise(
    one_desk: Desk, asked: dict[str, Any], spoken: str
) -> None:
    people.introduce(one_desk.database, replace(people.ADA, language="fr"))
    visitor = enter(one_desk, **({"language": None} | asked))
    home = "/settings" if asked.get("purpose") == "settings" else "/book"
    assert f'<html lang="{spoken}"' in visitor.get(home).text
