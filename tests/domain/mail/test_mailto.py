"""A mailto: writes to one address. What may stand before its @ makes no headers of it."""

from urllib.parse import unquote, urlsplit

import pytest

from domain.mail.safety import mail_address, mailto
from domain.mail.support import Support

HEADERS = ("a?bcc=eve", "a?subject=x&body=y", "a%3fbcc=eve", "a%0d%0abcc", "a#b", "a/b", "a&b=c")
PLAIN = ("help", "grace.hopper", "o'brien", "jo+shop", "jo_x-y~z")


@pytest.mark.parametrize("local", HEADERS + PLAIN)
def test_an_address_stays_an_address_in_a_link(local: str) -> None:
    address = mail_address("email", f"{local}@people.example")
    link = Support.of(address).link
    assert link == mailto(address)
    parts = urlsplit(link)
    assert (parts.scheme, parts.query, parts.fragment) == ("mailto", "", "")
    assert unquote(parts.path) == address


@pytest.mark.parametrize("local", PLAIN)
def test_usual_addresses_stand_in_it_as_they_are(local: str) -> None:
    assert mailto(f"{local}@people.example") == f"mailto:{local}@people.example"
