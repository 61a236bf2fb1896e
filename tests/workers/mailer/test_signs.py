"""Where a language is read from the right, the sign of an offset stands before its digits."""

import re
from dataclasses import replace

import pytest

from domain.mail.sample import sample
from tests.domain.letters import NOW, SENDER
from workers.mailer import letters

BARE = re.compile("(?<!\u200e)[+\u2212-]\\d\\d:\\d\\d")
KEPT = re.compile("\u200e[+\u2212-]\\d\\d:\\d\\d")
NAMELESS = ("America/Punta_Arenas", "America/Argentina/Buenos_Aires")
"""In Arabic their name is their offset."""


@pytest.mark.parametrize("zone", NAMELESS)
def test_a_mail_in_arabic_keeps_the_sign_of_an_offset_with_it(zone: str) -> None:
    facts = sample("booked", "ar", now=NOW)
    here = replace(facts, recipient=replace(facts.recipient, zone=zone))
    mail = letters.write(here, "default", sender=SENDER, now=NOW)
    for body in (mail.text, mail.html):
        assert BARE.findall(body) == []
        assert KEPT.findall(body)
