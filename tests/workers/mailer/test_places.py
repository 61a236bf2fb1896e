"""The default texts name the place in one line, and say so where the link follows."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from domain.mail import LANGUAGES, TEXT_KINDS, Mail
from domain.mail.choice import Template
from domain.mail.sample import sample
from domain.mail.tokens import UnusableTokens
from tests.domain.letters import NASTY, NOW, SENDER
from workers.mailer import letters, message, texts
from workers.mailer.calendar_part import calendar

ASKED = ("booked", "rebooked", "reminder", "place_changed")
WITH_PLACE = (*ASKED, *(f"coach_{kind}" for kind in ASKED))
LINK = "https://meet.example/ada?a=1&b=2"
ONLINE: dict[str, Any] = {"place_kind": "url", "place": LINK, "join_url": LINK}
ADDRESS = {"place_kind": "address", "place": "12 High Street, Leeds", "join_url": None}
FOLLOWS: dict[str, Any] = {"place_kind": "conferencing", "place": None, "join_url": None}
NOWHERE: dict[str, Any] = {"place_kind": None, "place": None, "join_url": None}
EVERY = pytest.mark.parametrize(("language", "kind"), list(product(LANGUAGES, WITH_PLACE)))


def written(kind: str, language: str, facts: dict[str, Any]) -> Mail:
    about = replace(sample(kind, language, now=NOW), **facts)
    return letters.write(about, "default", sender=SENDER, now=NOW)


@EVERY
def test_there_is_one_line_where_there_is_a_place_and_none_where_there_is_none(
    language: str, kind: str
) -> None:
    plain = written(kind, language, NOWHERE).text
    for facts, said in ((ONLINE, LINK), (ADDRESS, "12 High Street, Leeds"),
                        (FOLLOWS, texts.link_follows(language))):  # fmt: skip
        told = written(kind, language, facts).text
        assert said in told
        more = [line for line in told.split("\n") if line not in plain.split("\n")]
        assert len(more) == 1, more
        assert len(told.split("\n")) == len(plain.split("\n")) + 1


@EVERY
def test_a_page_leads_to_the_link(language: str, kind: str) -> None:
    page = written(kind, language, ONLINE).html
    assert page.count('<a href="https://meet.example/ada?a=1&amp;b=2"') == 1
    assert "https://meet.example" not in written(kind, language, ADDRESS).html


def test_every_language_says_it_in_words_of_its_own() -> None:
    assert len({texts.link_follows(language) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("kind", [kind for kind in TEXT_KINDS if kind not in WITH_PLACE])
def test_no_other_mail_says_where(kind: str) -> None:
    assert "{{place}}" not in texts.default(kind, "en")[2]
    assert "{{join_url}}" not in texts.default(kind, "en")[2]


def test_a_text_of_a_programme_s_own_may_ask_for_both() -> None:
    asks = Template("en", "Where", "At {{ place }} or {{join_url}}.")
    facts = replace(sample("booked", "de", now=NOW), **ONLINE)
    told = letters.write(facts, asks, sender=SENDER, now=NOW)
    assert told.text == f"At {LINK} or {LINK}."
    assert len(re.findall('<a href="https://meet.example/ada', told.html)) == 2
    # Without a link the one says so, and the other is kept back.
    follows = replace(facts, **FOLLOWS)
    says = letters.write(follows, replace(asks, text="{{place}}"), sender=SENDER, now=NOW)
    assert says.text == texts.link_follows("en")
    with pytest.raises(UnusableTokens) as held:
        letters.write(follows, asks, sender=SENDER, now=NOW)
    assert held.value.tokens == ("join_url",)


@pytest.mark.parametrize("nasty", NASTY)
def test_nobody_s_address_adds_a_line_to_a_calendar_or_a_mail(nasty: str) -> None:
    told = written("booked", "en", {"place_kind": "address", "place": nasty, "join_url": None})
    assert message.serialise(told)  # which reads it back
    assert told.invitation is not None
    lines = calendar(told.invitation).decode().replace("\r\n ", "").split("\r\n")
    names = [line.partition(":")[0].partition(";")[0] for line in lines]
    assert names.count("ATTENDEE") == names.count("LOCATION") == 1


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        (ONLINE, [f"LOCATION:{LINK}", f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:{LINK}"]),
        ({"place_kind": "phone", "place": "+44 20 7946 0018", "join_url": None},
         ["LOCATION:+44 20 7946 0018", "CONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+442079460018"]),
        ({"place_kind": "address", "place": "12, High Street; Leeds", "join_url": None},
         ["LOCATION:12\\, High Street\\; Leeds"]),
        (FOLLOWS, []),
        (NOWHERE, []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["booked", "rebooked", "place_changed"])
def test_a_calendar_part_says_where(kind: str, facts: dict[str, Any], lines: list[str]) -> None:
    told = written(kind, "en", facts).invitation
    assert told is not None
    whole = calendar(told).decode()
    assert max(len(line.encode()) for line in whole.split("\r\n")) <= 75
    found = whole.replace("\r\n ", "").split("\r\n")
    named = [line for line in found if line.startswith(("LOCATION", "CONFERENCE"))]
    assert named == lines


def test_a_link_of_the_longest_is_folded_and_whole() -> None:
    long = "https://meet.example/" + "a,b;c" * 390
    told = written("booked", "en", {"place_kind": "url", "place": long, "join_url": long})
    assert told.invitation is not None
    whole = calendar(told.invitation).decode()
    assert max(len(line.encode()) for line in whole.split("\r\n")) <= 75
    assert f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:{long}\r\n" in whole.replace("\r\n ", "")
