"""Where a session is, in a mail and in what it says to the calendar: as values."""

from dataclasses import replace
from typing import Any

import pytest

from domain import mail
from domain.mail import Wording
from domain.mail.invitations import Conference, Invitation, dialled
from domain.mail.tokens import UnusableTokens
from tests.domain.letters import FACTS, NASTY, WORDING, composed

LINK = "https://meet.example/ada?a=1&b=2"
ONLINE: dict[str, Any] = {"place_kind": "url", "place": LINK, "join_url": LINK}
PHONE = {"place_kind": "phone", "place": "+44 (20) 7946-0018"}
ADDRESS = {"place_kind": "address", "place": "12 High Street, Leeds"}
FOLLOWS = {"place_kind": "conferencing"}
NOWHERE: dict[str, Any] = {}
TALKS = Wording("en", "Where", "{{place}} {{join_url}}", "<p>{{place}}</p>", "Session")


def invitation(**changes: Any) -> Invitation:
    found = composed(**changes).invitation
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("facts", "location", "url", "conference"),
    [
        (NOWHERE, "", "", None),
        (ONLINE, LINK, LINK, Conference(LINK, ("AUDIO", "VIDEO"))),
        (ONLINE | {"place_kind": "conferencing"}, LINK, LINK,
         Conference(LINK, ("AUDIO", "VIDEO"))),
        (FOLLOWS, "", "", None),
        (PHONE, "+44 (20) 7946-0018", "", Conference("tel:+442079460018", ("PHONE",))),
        (ADDRESS, "12 High Street, Leeds", "", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["booked", "rebooked", "place_changed"])
def test_a_calendar_is_told_where(
    kind: str, facts: dict[str, Any], location: str, url: str, conference: Conference | None
) -> None:
    told = invitation(kind=kind, my_page_url=None, **facts)
    assert (told.method, told.location, told.url) == ("REQUEST", location, url)
    assert told.conference == conference
    page = invitation(kind=kind, my_page_url="https://os.example/me", **facts)
    assert page.url == "https://os.example/me", "where the reader can change the booking"


@pytest.mark.parametrize("kind", ["cancelled", "seat_left", "missed"])
def test_an_ending_invites_nobody_to_a_call(kind: str) -> None:
    assert invitation(kind=kind, **ONLINE).conference is None


def test_a_change_of_place_is_the_same_event_with_a_greater_sequence() -> None:
    before, after = invitation(), invitation(kind="place_changed", version=2, sequence=1, **ONLINE)
    assert (before.uid, after.uid) == (FACTS.uid, FACTS.uid)
    assert (before.starts, before.sequence + 1) == (after.starts, after.sequence)


@pytest.mark.parametrize(
    ("facts", "text"),
    [(ONLINE, f"{LINK} {LINK}"), (ONLINE | {"place_kind": "conferencing"}, f"{LINK} {LINK}")],
)
def test_tokens_of_a_link(facts: dict[str, Any], text: str) -> None:
    assert composed(TALKS, **facts).text == text
    assert composed(TALKS, **facts).html == "<p>https://meet.example/ada?a=1&amp;b=2</p>"


@pytest.mark.parametrize("facts", [NOWHERE, PHONE, FOLLOWS], ids=["nowhere", "phone", "follows"])
def test_an_empty_token_is_in_the_way_only_of_a_text_that_asks_for_it(
    facts: dict[str, Any],
) -> None:
    assert composed(WORDING, **facts).text
    with pytest.raises(UnusableTokens) as held:
        composed(TALKS, **facts)
    assert "join_url" in held.value.tokens


def test_a_long_link_is_whole() -> None:
    long = "https://meet.example/" + "a" * 1900
    told = composed(TALKS, place_kind="url", place=long, join_url=long)
    assert told.text == f"{long} {long}"
    assert told.invitation is not None
    assert told.invitation.location == long


@pytest.mark.parametrize("nasty", NASTY)
def test_an_address_is_one_line_and_no_token(nasty: str) -> None:
    asks = replace(TALKS, text="{{place}}")
    told = composed(asks, place_kind="address", place=nasty)
    assert len(told.text.splitlines()) <= 1
    assert told.invitation is not None
    assert len(told.invitation.location.splitlines()) <= 1


@pytest.mark.parametrize(
    ("number", "uri"),
    [
        ("+44 20 7946 0018", "tel:+442079460018"),
        ("+1 (212) 555-0100", "tel:+12125550100"),
        ("020 7946 0018", None),
        ("+44 20 7946 0018, PIN 1234", None),
        ("+44\n20", None),
        ("+", None),
    ],
)
def test_only_a_number_of_the_whole_world_is_dialled(number: str, uri: str | None) -> None:
    found = dialled(number)
    assert (found and found.uri) == uri


def test_what_a_mail_keeps_of_it_comes_back_and_is_not_shown_in_passing() -> None:
    facts = replace(FACTS, **ONLINE)
    assert mail.MailFacts.of_json(facts.as_json()) == facts
    assert "meet.example" not in repr(facts)
    told = composed(TALKS, **ONLINE)
    assert "meet.example" not in repr(told) + repr(told.invitation)
